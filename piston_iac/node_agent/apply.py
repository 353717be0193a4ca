"""Do one step. What it is for was decided elsewhere; here it only happens, or fails with one line.

Every step that was done is one line of the journal: that is how writes to this node are counted.
"""

from __future__ import annotations

import socket
from pathlib import Path

from piston_iac.node_agent import do_mirror, do_network, units
from piston_iac.node_agent.files import write_atomically, write_file
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.programs import OutOfTime, run_program
from piston_iac.node_agent.steps import (
    CapImageCache,
    ConvertMirror,
    EraseDisk,
    ForgetRestart,
    LinkUp,
    MakeMirror,
    MountMirror,
    Ovs,
    RecoverService,
    ReloadUnit,
    RemoveFlow,
    ReplaceDisk,
    RestartUnit,
    SetAddress,
    SetGateway,
    SetHostname,
    StartSwitch,
    StartUnit,
    Step,
    StopStranger,
    WriteFile,
)
from piston_iac.node_agent.tools import ToolFailed

_HOSTNAME = Path("/etc/hostname")
# A database copies all that its peers have.
_RECOVER_LIMIT_S = 180.0


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
                write_file(step.file)
            case RestartUnit() | ReloadUnit():
                again = units.restart if isinstance(step, RestartUnit) else units.reload
                again(step.unit)
                self._pending.remove(step.unit)
            case ForgetRestart():
                self._pending.remove(step.unit)
                # No line in the journal: nothing of the node has changed.
                return
            case RecoverService():
                _recover(step)
            case StartUnit():
                units.start(step.unit)
            case StopStranger():
                units.stop(step.unit)
            case (
                EraseDisk() | MakeMirror() | MountMirror() | ReplaceDisk() | ConvertMirror() | CapImageCache()
            ):
                do_mirror.do(step)
            case StartSwitch() | Ovs() | RemoveFlow() | LinkUp() | SetAddress() | SetGateway():
                do_network.do(step)
        self._journal.add(step.text)


def _recover(step: RecoverService) -> None:
    try:
        finished = run_program(step.command, _RECOVER_LIMIT_S, iter(()), None)
    except OutOfTime as error:
        raise ToolFailed(str(error)) from None
    finished.output.close()
    if finished.status != 0:
        raise ToolFailed(finished.errors or f"exit status {finished.status}")
