"""One look at all APIs that a run waits for.

At a first start a dozen services wait side by side, and each look takes a processor from what they wait for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from piston_iac.dynamic_providers.shared_look import SharedLook

Api = tuple[int, str]
"""Port and health path."""
Places = Mapping[str, int]
"""Status by place."""
Look = Callable[[Mapping[str, Api]], Mapping[str, Places]]
"""From APIs by service to what each place says of them."""
_FRESH_S = 2.5


class ApiWaits:
    """Who waits for which API. May be used by several threads at once.

    Args:
        fresh_s: how old a look may be that answers one more of them, seconds.
    """

    def __init__(self, fresh_s: float = _FRESH_S) -> None:
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._waiting: dict[str, Api] = {}
        self._found: Mapping[str, Places] = {}
        self._began = 0.0
        self._shared: SharedLook[Mapping[str, Places]] = SharedLook()

    def places(self, service: str, api: Api, look: Look) -> Places:
        """What the places say of this service now. Raises what the look raises."""
        with self._lock:
            self._waiting[service] = api
            fresh = time.monotonic() - self._began < self._fresh_s
            if fresh and service in self._found:
                return self._found[service]
        found = self._shared.take(lambda: self._take(look))
        if service not in found:
            # It came to a look that had begun without it.
            found = self._take(look)
        return found[service]

    def done(self, service: str) -> None:
        """Say that it is waited for no more."""
        with self._lock:
            self._waiting.pop(service, None)

    def _take(self, look: Look) -> Mapping[str, Places]:
        began = time.monotonic()
        with self._lock:
            waiting = dict(self._waiting)
        found = look(waiting)
        with self._lock:
            self._found, self._began = found, began
        return found
