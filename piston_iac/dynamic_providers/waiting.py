"""One pause of a loop that waits for something, and the two ways in which waiting ends without it."""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.errors import Interrupted, TimedOut

_AGAIN = "run `pulumi up` again: it goes on from here."


@dataclass(frozen=True)
class Waiting:
    """Who waits, and until when it is asked again.

    Args:
        device, action: for errors and for the line of progress.
        look_at: where the operator sees why it does not come.
        poll_s: until the next look, seconds.
    """

    device: str
    action: str
    look_at: str
    poll_s: float

    def pause(self, what: str, deadline: Deadline) -> None:
        """Say what is waited for, and wait a little.

        Raises:
            Interrupted: the run was told to stop. TimedOut: the deadline is over.
        """
        if deadline.cancelled.is_set():
            cause = f"the run was told to stop while waiting for {what}"
            raise Interrupted(self.device, self.action, cause, _AGAIN.capitalize())
        if deadline.over():
            remedy = f"{self.look_at}, then {_AGAIN}"
            raise TimedOut(self.device, self.action, f"time is up while waiting for {what}", remedy)
        runtime.info_status(f"{self.device}: waiting for {what}, {deadline.left_s():.0f} s left")
        deadline.pause(self.poll_s)
