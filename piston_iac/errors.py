"""The one tree of errors: what failed, on which device, why, and what the operator can do.

Everything that can reach an operator is a `PistonError`. Its text is one line, because the engine
prints one line per failed resource. Whether trying again can help is a property of the class, so
that callers never guess from text.
"""

from __future__ import annotations


class PistonError(Exception):
    """A failure an operator can read and act on.

    Args:
        device: what failed, as the operator calls it: `n3`, `BMC of n3`, `switch data`.
        action: what was being done: `log in`, `set the boot device`.
        cause: why it failed, with the observed fact.
        remedy: what the operator can do now.
    """

    retryable = False

    def __init__(self, device: str, action: str, cause: str, remedy: str) -> None:
        self.device = device
        self.action = action
        self.cause = cause
        self.remedy = remedy
        super().__init__(f"{device}: could not {action}: {cause.rstrip('.')}. {remedy}".rstrip())


class Unreachable(PistonError):
    """The device gave no answer at all. It may answer later."""

    retryable = True


class AccessRefused(PistonError):
    """The device answered and refused our credentials. Trying again could lock the account."""


class DeviceRefused(PistonError):
    """The device understood the request and said no."""


class TimedOut(PistonError):
    """The device answers, but the wanted condition did not come true before the deadline."""

    retryable = True


class UnsafeChange(PistonError):
    """The change would destroy something the operator owns. Never done without being told to."""


class WrongMachine(PistonError):
    """Another machine answers at this address than the one this resource is bound to."""


class Interrupted(PistonError):
    """The run was told to stop. What is done is kept; the next run continues from it."""


class SetupError(PistonError):
    """This machine lacks something that the command needs."""
