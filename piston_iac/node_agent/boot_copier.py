"""When the copy of what this node booted is made: after the node has settled and has time for it, and again
until it is there.

It never delays anything, and it is not in the agent's journal: that counts what was changed for a document,
and this comes by itself some time later.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from piston_iac.cpu_pressure import is_busy
from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import ToolFailed, run

_log = logging.getLogger("piston-agent")

_PROGRAM = "piston_iac.node_agent.boot_copy"
# Services start right after a document was applied, and need the machine more.
_QUIET_S = 15.0
# A first start of a cloud keeps all processors busy for ten minutes. A node that never has time needs it too.
_PATIENCE_S, _LOOK_S = 900.0, 15.0
_RETRY_S = 60.0
_LIMIT_S = 3600.0


class BootCopier:
    """Waits until a document was applied, then for quiet, then has the copy made: once in each boot.

    Args:
        make: makes it; returns what it changed, one line or nothing; raises `ToolFailed`.
        quiet_s: how long no document may have been applied before it starts, seconds.
        retry_s: how long after a failure the next attempt is made, seconds.
        busy: whether the node has no time for it.
        look_s, patience_s: how often that is asked, and for how long it is waited for, seconds.
    """

    def __init__(
        self,
        make: Callable[[], str],
        quiet_s: float = _QUIET_S,
        retry_s: float = _RETRY_S,
        busy: Callable[[], bool] = lambda: False,
        look_s: float = _LOOK_S,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._make = make
        self._quiet_s = quiet_s
        self._retry_s = retry_s
        self._busy = busy
        self._look_s = look_s
        self._patience_s = patience_s
        self._applied = threading.Event()
        self._said = ""

    def applied(self) -> None:
        """Hear that a document was applied."""
        self._applied.set()

    def run(self) -> None:
        """Work until there is a whole copy."""
        self._applied.wait()
        while True:
            self._wait_for_quiet()
            self._wait_for_time()
            if self.attempt():
                return
            self._applied.wait(self._retry_s)

    def _wait_for_quiet(self) -> None:
        self._applied.clear()
        while self._applied.wait(self._quiet_s):
            self._applied.clear()

    def _wait_for_time(self) -> None:
        patience = Deadline.after(self._patience_s)
        while self._busy() and not patience.over():
            patience.pause(self._look_s)

    def attempt(self) -> bool:
        """Make the copy; False when that failed, which is said once for each reason."""
        try:
            said, done = self._make().strip(), True
        except ToolFailed as error:
            said, done = str(error), False
        if said and said != self._said:
            _log.log(logging.INFO if done else logging.WARNING, "%s", said)
        self._said = said
        return done


def boot_copier(mirror: Path) -> BootCopier:
    """The copier of this node."""
    return BootCopier(
        lambda: run(sys.executable, "-m", _PROGRAM, str(mirror), limit_s=_LIMIT_S),
        busy=is_busy,
    )
