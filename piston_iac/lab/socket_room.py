"""Room for packets that wait for a switch in user space.

Such a switch takes packets from sockets whose room is a setting of the whole machine. As it comes, that room
is full within moments in which the switch gets no processor time: while a cloud was installed the data
switch lost 61,595 packets that way. A real switch does not compete with its servers.

Two racks at once share the setting: the one that raised it puts it back.
"""

from __future__ import annotations

from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.settings import Lab

WANTED_BYTES = 16 << 20
SETTING = Path("/proc/sys/net/core/rmem_default")


def raise_room(lab: Lab) -> None:
    """Give every socket that is opened from now on enough room.

    Raises:
        SetupError: this machine does not let us.
    """
    try:
        there = int(SETTING.read_text())
        if there >= WANTED_BYTES:
            return
        # Written down first: a run that is killed here leaves nothing that `down` does not know of.
        lab.socket_room.write_text(str(there))
        SETTING.write_text(str(WANTED_BYTES))
    except OSError as error:
        remedy = f"Run `sysctl -w net.core.rmem_default={WANTED_BYTES}` where that is allowed"
        raise SetupError("this machine", "give switches room for packets", str(error), remedy) from None


def put_back(lab: Lab) -> None:
    """What this rack raised is again as it was; whatever somebody set since then stays."""
    if lab.socket_room.exists() and int(SETTING.read_text()) == WANTED_BYTES:
        SETTING.write_text(lab.socket_room.read_text())
