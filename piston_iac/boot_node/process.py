"""The one way in which the service starts a process: fixed arguments, no shell, bounded time."""

from __future__ import annotations

import asyncio

from piston_iac.errors import SetupError

_LIMIT_S = 60


async def run(*command: str, accept: tuple[int, ...] = (0,)) -> str:
    """Run to the end and return what it printed.

    Raises:
        SetupError: it is missing, failed with a status not in `accept`, or took over a minute.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise _failed(command, str(error.strerror)) from error
    try:
        out, err = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise _failed(command, f"no end after {_LIMIT_S} s") from None
    if process.returncode not in accept:
        said = " ".join((err or out).decode(errors="replace").split())[:300].rstrip(".")
        raise _failed(command, f"exit {process.returncode}: {said}")
    return out.decode(errors="replace")


def _failed(command: tuple[str, ...], cause: str) -> SetupError:
    return SetupError("boot node", f"run {' '.join(command)}", cause, "See the boot node's system journal.")
