"""Ask many devices at once, each with its own time: who gives no answer is told so and holds up nobody.

Python threads cannot be ended from outside, so a driver that hangs for good keeps its thread; it is a
daemon and ends with the command. Durations in seconds.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from piston_iac.deadline import Deadline
from piston_iac.errors import PistonError, TimedOut

# As many as the engine asks at once.
_AT_ONCE = 256
_POLL_S = 0.05


@dataclass(frozen=True)
class Probe:
    """One question. `key` is unique; `device` is asked; `look_s` is the driver's own deadline.

    `limit_s`: after that it counts as hung, whatever the driver does.
    """

    key: str
    device: str
    look_s: float
    limit_s: float
    ask: Callable[[Deadline], object]


@dataclass(frozen=True)
class Answer:
    """What came back: `value`, or `error`. `took_s` from asking to answer."""

    value: object = None
    error: PistonError | None = None
    took_s: float = 0.0


@dataclass(frozen=True)
class _Begun:
    probe: Probe
    at_s: float


class Asking:
    """Starts questions and collects answers. For one thread; the questions have threads of their own."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self.cancelled = threading.Event()
        self._slots = threading.BoundedSemaphore(at_once)
        self._done: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
        # Written by the threads that begin, read by the one that waits.
        self._begun: dict[str, _Begun] = {}
        self._asked: dict[str, Probe] = {}
        self._given_up: set[str] = set()

    def start(self, probe: Probe) -> None:
        """Ask, unless that question is still out."""
        if probe.key not in self._asked:
            self._asked[probe.key] = probe
            threading.Thread(target=self._ask, args=(probe,), daemon=True).start()

    def waiting(self) -> dict[str, float]:
        """How long devices that are being asked have not answered, by device: the longest first."""
        now = time.monotonic()
        since: dict[str, float] = {}
        for key, begun in self._begun.copy().items():
            if key not in self._given_up:
                since[begun.probe.device] = max(since.get(begun.probe.device, 0.0), now - begun.at_s)
        return dict(sorted(since.items(), key=lambda it: -it[1]))

    def busy(self) -> bool:
        """True while an answer is still awaited."""
        return bool(self._asked.keys() - self._given_up)

    def answers(self, within_s: float) -> Iterator[tuple[Probe, Answer]]:
        """The answers of the coming seconds; ends sooner when none is awaited any more."""
        until_s = time.monotonic() + within_s
        while self.busy() and (left_s := until_s - time.monotonic()) > 0:
            try:
                key, answer = self._done.get(timeout=min(left_s, _POLL_S))
            except queue.Empty:
                yield from self._overdue()
                continue
            probe = self._asked.pop(key)
            self._given_up.discard(key)
            yield probe, answer

    def stop(self) -> None:
        """Tell the drivers to end."""
        self.cancelled.set()

    def _overdue(self) -> Iterator[tuple[Probe, Answer]]:
        now = time.monotonic()
        for key, begun in self._begun.copy().items():
            waited_s = now - begun.at_s
            if key in self._asked and key not in self._given_up and waited_s > begun.probe.limit_s:
                self._given_up.add(key)
                yield begun.probe, Answer(error=_hung(begun.probe), took_s=waited_s)

    def _ask(self, probe: Probe) -> None:
        with self._slots:
            begun = _Begun(probe, time.monotonic())
            self._begun[probe.key] = begun
            value, error = _value(probe, Deadline.after(probe.look_s, self.cancelled))
            del self._begun[probe.key]
            self._done.put((probe.key, Answer(value, error, time.monotonic() - begun.at_s)))


def _value(probe: Probe, deadline: Deadline) -> tuple[object, PistonError | None]:
    try:
        return probe.ask(deadline), None
    except PistonError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 - one broken look must not end the picture of all others
        return None, PistonError(probe.device, "read its state", _own_fault(error), "Tell its makers.")


def _own_fault(error: Exception) -> str:
    """Where the fault is. Not its text: that could hold anything."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"a fault of piston's own, {type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


def _hung(probe: Probe) -> TimedOut:
    cause = f"no answer within {probe.limit_s:g} s"
    return TimedOut(probe.device, "read its state", cause, "Check it, then ask again.")
