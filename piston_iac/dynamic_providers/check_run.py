"""Runs one check of the cloud: makes what `plan.cloud.check` says, asks what must answer, removes it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import ControlPlaneDriver, Login
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, PistonError, Unreachable
from piston_iac.plan.cloud.api_call import NOT_FOUND, Call
from piston_iac.plan.cloud.check import seen as looking
from piston_iac.plan.cloud.check.record import Record, write
from piston_iac.plan.cloud.check.seen import PROJECT, Seen
from piston_iac.plan.cloud.check.steps import Do, Fail, Ready, Wait, clean_up, next_step
from piston_iac.plan.services import rgw

DEVICE = "the cloud"
_ACTION = "check itself"
_LOOK_AT = (
    "Look at the servers of project piston-check, and for one that does not start at the journal of "
    "piston-nova-compute on its node"
)
_WAITING = Waiting(DEVICE, _ACTION, _LOOK_AT, poll_s=2.0)
# Emulated machines on a busy node take a minute to boot.
_MAKE_S, _ANSWER_S, _CLEAN_S, _CALL_S = 420.0, 240.0, 120.0, 90.0
_LOOK_S = 40.0


@dataclass
class CheckRun:
    """One check.

    Args:
        hosts: the nodes on which a machine has to run.
    """

    driver: ControlPlaneDriver
    login: Login
    hosts: Sequence[str]
    project: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Do all of it; `seconds` then says what each part took.

        Raises:
            PistonError: something of the cloud does not work.
        """
        (found,) = self.driver.ask(self.login, (looking.PROJECT_LOOK,), self._limit(_LOOK_S))
        self.project = looking.project_id(found)
        if not self.project:
            remedy = "Run `pulumi up` again: it makes the project."
            raise DeviceRefused(DEVICE, _ACTION, f"there is no project {PROJECT}", remedy)
        self._clean()
        try:
            ready = self._timed("network and machines with a volume", self._make)
            self._timed("floating IPs and the volume answer", lambda: self._pages(ready.pages))
            self._timed("an object by Swift and by S3", self._objects)
            self._timed("a login at the dashboard", self._dashboard)
        except PistonError:
            # What is wrong is known: that is said, not what may go wrong while tidying.
            with suppress(PistonError):
                self._clean()
            raise
        self._timed("all of it removed", self._clean)

    def keep(self, record: Record) -> None:
        """Leave the record of it in Keystone.

        Raises:
            PistonError: Keystone refuses it, or does not answer.
        """
        limit, call = self._limit(_CALL_S), write(self.project, record)
        while True:
            try:
                self.driver.change(self.login, (call,), limit)
            except Unreachable as error:
                _WAITING.pause(f"{error.device}: {error.cause}", limit)
            else:
                return

    def _make(self) -> Ready:
        limit = self._limit(_MAKE_S)
        seen = self._seen(limit)
        while True:
            step = next_step(self.hosts, self.project, seen)
            match step:
                case Ready():
                    return step
                case Do(what):
                    doing(DEVICE, what)
                    if self._do(step):
                        _WAITING.pause(what, limit)
                    seen = self._seen(limit)
                case Wait(what):
                    _WAITING.pause(what, limit)
                    seen = self._seen(limit, seen)
                case Fail(cause, remedy):
                    raise DeviceRefused(DEVICE, _ACTION, cause, remedy)

    def _pages(self, wanted: dict[str, str]) -> None:
        limit = self._limit(_ANSWER_S)
        while True:
            said = self.driver.pages(tuple(wanted), self._limit(_LOOK_S))
            wrong = [url for url, begin in wanted.items() if not said.get(url, "").startswith(begin)]
            if not wrong:
                return
            _WAITING.pause(f"an answer of {', '.join(wrong)}", limit)

    def _objects(self) -> None:
        more = {"project": PROJECT, "port": rgw.SERVICE.port}
        self.driver.run_as(self.login, layout.CHECK_OBJECTS, more, self._limit(_CALL_S))

    def _dashboard(self) -> None:
        self.driver.run_as(self.login, layout.CHECK_DASHBOARD, {}, self._limit(_CALL_S))

    def _clean(self) -> None:
        limit = self._limit(_CLEAN_S)
        seen = self._seen(limit)
        while step := clean_up(self.project, seen):
            match step:
                case Do(what):
                    doing(DEVICE, what)
                    self._do(step)
                    _WAITING.pause(what, limit)
                    seen = self._seen(limit)
                case Wait(what):
                    _WAITING.pause(what, limit)
                    seen = self._seen(limit, seen)

    def _do(self, step: Do) -> bool:
        """Whether a call was lost, as when its service restarts on that host. What came of it, what is in use
        still (a conflict) and what is gone is seen by the next look.
        """
        return self._send(step.calls, False) or self._send(step.at_once, True)

    def _send(self, calls: Sequence[Call], at_once: bool) -> bool:
        if not calls:
            return False
        answers = self.driver.send(self.login, calls, self._limit(_CALL_S), PROJECT, at_once=at_once)
        for call, answer in zip(calls, answers, strict=False):
            gone = call.method == "DELETE" and answer.code == NOT_FOUND
            if answer.refused and not answer.lost and not gone:
                action = f"{call.method} {call.path} (port {call.port})"
                raise DeviceRefused(DEVICE, action, answer.reason(), "See that service's own line.")
        return any(it.lost for it in answers)

    def _seen(self, limit: Deadline, before: Seen | None = None) -> Seen:
        """One look; after one that only waited, at what comes by itself. A service that gives no list now may
        give one soon: it is asked until time is up.
        """
        calls = looking.coming(self.project) if before else looking.look(self.project)
        while True:
            try:
                answers = self.driver.ask(self.login, calls, self._limit(_LOOK_S), PROJECT)
                return looking.seen_again(before, answers) if before else looking.seen(answers)
            except (Unreachable, ValueError) as error:
                _WAITING.pause(" ".join(str(error).split()), limit)

    def _timed(self, what: str, part: Callable[[], Ready | None]) -> Ready:
        began = time.monotonic()
        done = part()
        self.seconds[what] = round(time.monotonic() - began, 1)
        return done or Ready({})

    def _limit(self, seconds: float) -> Deadline:
        return Deadline.after(seconds, runtime.CANCELLED)
