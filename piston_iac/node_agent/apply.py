"""Do one step. What it is for was decided elsewhere; here it only happens, or fails with one line.

Every step that was done is one line of the journal: that is how writes to this node are counted.
"""

from __future__ import annotations

import socket
from pathlib import Path

from piston_iac.node_agent import do_mirror, do_network, units
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.steps import (
    EraseDisk,
    LinkUp,
    MakeMirror,
    MountMirror,
    Ovs,
    ReplaceDisk,
    RestartUnit,
    SetAddress,
    SetGateway,
    SetHostname,
    StartSwitch,
    StartUnit,
    Step,
    WriteFile,
)

_HOSTNAME = Path("/etc/hostname")


class Hands:
    """Does steps and writes them down."""

    def __init__(self, journal: Journal, pending: units.PendingRestarts) -> None:
        self._journal = journal
        self._pending = pending

    def do(self, step: Step) -> None:
        """Do one step.

        Raises:
            ToolFailed: a program failed.
            OSError: the kernel or a file system refused.
        """
        match step:
            case SetHostname():
                socket.sethostname(step.name)
                write_atomically(_HOSTNAME, f"{step.name}\n".encode(), 0o644)
            case WriteFile():
                # Noted first: a crash between the two must not lose the restart.
                self._pending.add(step.file.restart)
                write_atomically(Path(step.file.path), step.file.content.encode(), int(step.file.mode, 8))
            case RestartUnit():
                units.restart(step.unit)
                self._pending.remove(step.unit)
            case StartUnit():
                units.start(step.unit)
            case EraseDisk() | MakeMirror() | MountMirror() | ReplaceDisk():
                do_mirror.do(step)
            case StartSwitch() | Ovs() | LinkUp() | SetAddress() | SetGateway():
                do_network.do(step)
        self._journal.add(step.text)
