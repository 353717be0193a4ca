"""How well the boot node keeps time, as chrony sees it."""

from __future__ import annotations

from typing import Protocol

from piston_iac.boot_node.process import run
from piston_iac.errors import SetupError

# Fields of `chronyc -c tracking`: reference name, offset and leap status. Source: chronyc(1).
_NAME, _OFFSET, _LEAP = 1, 4, 13


class ClockReader(Protocol):
    """Says how the clock is."""

    async def read(self) -> dict[str, object]:
        """{"synchronised", "offset_s", "source"}."""


def parse_tracking(text: str) -> dict[str, object]:
    """Read `chronyc -c tracking`; text that is something else means: not synchronised."""
    fields = text.strip().split(",")
    try:
        offset_s = float(fields[_OFFSET])
        synchronised = fields[_LEAP] != "Not synchronised"
        return {"synchronised": synchronised, "offset_s": offset_s, "source": fields[_NAME]}
    except (IndexError, ValueError):
        return {"synchronised": False, "offset_s": 0.0, "source": ""}


class Chronyc:
    """Asks the chrony of this machine."""

    async def read(self) -> dict[str, object]:
        """See `ClockReader`. A chrony that does not run is a clock that is not synchronised."""
        try:
            return parse_tracking(await run("chronyc", "-c", "tracking", accept=(0, 1)))
        except SetupError:
            return parse_tracking("")
