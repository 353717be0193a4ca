"""One look for all who ask at the same time: a run reads six resources of one cluster, all at once.

Whoever asks while a look is under way gets that look's answer, unless something was changed since it
began: then it would be older than the change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedLook(Generic[T]):
    """Shares what `look` returns. May be used by several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Future[T] | None = None

    def changed(self) -> None:
        """Say that something is different from now on: nobody joins a look that began before."""
        with self._lock:
            self._under_way = None

    def take(self, look: Callable[[], T]) -> T:
        """The answer of the look that is under way, or of a new one. Raises what the look raises."""
        with self._lock:
            joined = self._under_way
            if joined is None:
                mine: Future[T] = Future()
                self._under_way = mine
        if joined is not None:
            return joined.result()
        try:
            mine.set_result(look())
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                if self._under_way is mine:
                    self._under_way = None
        return mine.result()
