"""Asks web pages from this node: `python3 -m piston_iac.node_programs.cloud.check_pages ask`.

In: {"urls": [...]}. Out: {"pages": {url: the first of its text, empty when there is no good answer}}.
"""

from __future__ import annotations

import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from piston_iac.node_programs.program import Answer, Request, converse, leave

_LIMIT_S = 4.0
_TEXT = 500


def parse(raw: Request) -> tuple[str, ...]:
    """Read the operator's request.

    Raises:
        KeyError, ValueError: it does not fit.
    """
    urls = tuple(str(it) for it in raw["urls"])
    if any(not it.startswith("http://") for it in urls):
        raise ValueError("only http")
    return urls


def pages(urls: tuple[str, ...]) -> Answer:
    """Ask all at once."""
    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        return {"pages": dict(zip(urls, pool.map(_page, urls), strict=True))}


def _page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_LIMIT_S) as answer:  # noqa: S310 - parse checked it
            text: bytes = answer.read(_TEXT)
    except OSError:
        return ""
    return text.decode(errors="replace").strip()


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["ask"]:
        print("usage: check_pages ask", file=sys.stderr)
        return 2
    return converse(parse, pages)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
