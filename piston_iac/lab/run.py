"""The one way to run a program to its end, and the one way to leave one running."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.lab.cgroups import Unit

# The shell moves itself into the unit first, so that not even the program's first child is outside.
_ENTER = 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"'


class CommandFailed(SetupError):
    """A program of the lab failed. `status` is its exit status."""

    def __init__(self, argv: Sequence[str], status: int, said: str) -> None:
        self.status = status
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        super().__init__(
            "virtual rack",
            f"run `{' '.join(argv)[:300]}`",
            f"exit status {status}: {' / '.join(lines[-3:]) or 'it said nothing'}",
            "See the log files in the lab directory; `piston lab down` clears everything away",
        )


def run(argv: Sequence[str], *, stdin: str = "", timeout_s: float = 60.0) -> str:
    """Run a program and return what it printed.

    Raises:
        CommandFailed: it ended with another status than 0.
        SetupError: it is not installed, or did not end within `timeout_s` seconds.
    """
    try:
        done = subprocess.run(
            argv, input=stdin, text=True, capture_output=True, timeout=timeout_s, check=False
        )
    except FileNotFoundError as error:
        raise SetupError(
            "this machine", f"run {argv[0]}", "it is not installed", "Install it and try again"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(
            "virtual rack", f"run `{' '.join(argv)[:300]}`", f"no end after {timeout_s:.0f} s", "Try again"
        ) from error
    if done.returncode != 0:
        raise CommandFailed(argv, done.returncode, done.stderr or done.stdout)
    return done.stdout


def launch(unit: Unit, argv: Sequence[str], *, log: Path, netns: Path | None = None) -> None:
    """Leave a program running in a unit of its own, in a session of its own; it writes to `log`.

    Args:
        netns: the network namespace to run in. Entered by nsenter: `ip netns exec` would also make a
            mount namespace, which pins every mount that the machine has at that moment.
    """
    unit.create()
    enter = [] if netns is None else ["nsenter", f"--net={netns}"]
    with log.open("ab") as sink:
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", _ENTER, "sh", str(unit.path), *enter, *argv],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            check=True,
            cwd="/",
        )
