"""The services beside us: dnsmasq and chrony. The only place that calls systemctl."""

from __future__ import annotations

from typing import Protocol

from piston_iac.boot_node.process import run

DNSMASQ = "piston-dnsmasq.service"
CHRONY = "chrony.service"
UNITS = (DNSMASQ, CHRONY)
ACTIVE = "active"


class Services(Protocol):
    """Starts services and says how they are. Units are named as systemd names them."""

    async def restart(self, unit: str) -> None:
        """Stop and start, so that it reads its configuration anew. Raises `SetupError` when it fails."""

    async def states(self) -> dict[str, str]:
        """systemd's active state of each of `UNITS`."""


class Systemd:
    """The services of this machine."""

    async def restart(self, unit: str) -> None:
        """See `Services`."""
        await run("systemctl", "restart", unit)

    async def states(self) -> dict[str, str]:
        """See `Services`."""
        # One line a unit; is-active exits with 3 when one of them is not active.
        text = await run("systemctl", "is-active", *UNITS, accept=(0, 1, 2, 3, 4))
        return dict(zip(UNITS, text.split(), strict=False))
