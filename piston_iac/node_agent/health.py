"""Do the services of this node work? They are asked, each at the place that its document names."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from piston_iac.node_document import Service

_LIMIT_S = 1.5
_FIRST_ERROR = 400
_PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def unwell(services: Iterable[Service]) -> tuple[str, ...]:
    """Names of those that name such a place and do not answer there with a status below 400.

    All are asked at once, and one that is silent counts after a second and a half.
    """
    asked = [it for it in services if it.health]
    if not asked:
        return ()
    with ThreadPoolExecutor(len(asked)) as pool:
        well = pool.map(lambda it: _answers(it.health), asked)
        return tuple(it.name for it, good in zip(asked, well, strict=True) if not good)


def _answers(url: str) -> bool:
    try:
        with _PLAIN.open(url, timeout=_LIMIT_S):
            return True
    except urllib.error.HTTPError as error:
        return error.code < _FIRST_ERROR
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False
