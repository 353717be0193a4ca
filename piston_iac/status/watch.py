"""Ask devices again and again, each some seconds after its own last answer: a slow one is alone slow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from piston_iac.status.asking import Answer, Asking, Probe
from piston_iac.status.probes import may_ask_again

_AGAIN_S = 4.0


class Watch:
    """The latest answer of each device.

    Args:
        probes: the questions. Those of one device are asked at the same time, so that they share what
            one look can tell.
        again_s: how long after its last answer a device is asked again, seconds.
    """

    def __init__(self, probes: Sequence[Probe], again_s: float = _AGAIN_S) -> None:
        self._again_s = again_s
        self._asking = Asking()
        self._latest: dict[str, Answer] = {}
        self._of_device: dict[str, list[Probe]] = {}
        for probe in probes:
            self._of_device.setdefault(probe.device, []).append(probe)
        # Questions that are out, and when devices without any are due, monotonic seconds.
        self._out: dict[str, set[str]] = {device: set() for device in self._of_device}
        self._due_s = dict.fromkeys(self._of_device, 0.0)
        self._ask_due()

    @property
    def latest(self) -> Mapping[str, Answer]:
        """Answers by the question's key; those that are still out are missing."""
        return self._latest

    def waiting(self) -> dict[str, float]:
        """Seconds by device that has not answered yet."""
        return self._asking.waiting()

    def turn(self, within_s: float) -> None:
        """Take in the answers of the coming seconds, and ask those whose time has come."""
        until_s = time.monotonic() + within_s
        for probe, answer in self._asking.answers(within_s):
            self._latest[probe.key] = answer
            self._out[probe.device].discard(probe.key)
            self._due_s[probe.device] = time.monotonic() + self._again_s
        time.sleep(max(0.0, until_s - time.monotonic()))
        self._ask_due()

    def _ask_due(self) -> None:
        now_s = time.monotonic()
        for device, probes in self._of_device.items():
            if self._out[device] or self._due_s[device] > now_s:
                continue
            for probe in probes:
                if may_ask_again(probe, self._latest):
                    self._out[device].add(probe.key)
                    self._asking.start(probe)

    def stop(self) -> None:
        """Tell the drivers to end."""
        self._asking.stop()
