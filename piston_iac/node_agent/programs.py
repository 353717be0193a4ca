"""Runs a program of the document for the operator: his bytes go in, its answer comes out, under a time limit.

What goes in may hold keys: it passes through a pipe and is nowhere else. What comes out may be large: beyond
the first megabyte it lies in a file without a name.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from piston_iac.deadline import Deadline
from piston_iac.node_agent.forked import FORKS, Forked, is_ours
from piston_iac.node_agent.tools import ToolFailed

_CHUNK_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20
# The last line of what a program says of its errors is far shorter.
_ERRORS_BYTES = 1 << 13
_LAST_WORDS_S = 0.2


class OutOfTime(Exception):
    """The program took too long and was killed. The text is one line."""


@dataclass(frozen=True)
class Finished:
    """How a program ended.

    `status` is its exit status, negative the signal that ended it; `output` what it printed, to be read
    from the start and closed; `errors` the last line that it printed as an error.
    """

    status: int
    output: IO[bytes]
    errors: str


def run_program(
    command: Sequence[str], limit_s: float, stdin: Iterator[bytes], spool: Path | None
) -> Finished:
    """Run a command to its end; it and all it started are killed when anything goes wrong.

    Args:
        command: program and arguments; never a secret, others can see them.
        limit_s: how long it may take, seconds.
        stdin: what it reads. An error of this iterator is passed on, after the command was killed: a part
            of the input must never count as the whole.
        spool: where a large output lies meanwhile; None for the system's place.
    Raises:
        ToolFailed: it is not there. OutOfTime. OSError: its output finds no room.
    """
    process = _started(command)
    deadline = Deadline.after(limit_s)
    # The caller closes it.
    output: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(spool) if spool else None)  # noqa: SIM115
    try:
        with _Conversation(process, stdin, output) as conversation:
            while conversation.goes_on():
                conversation.turn(deadline)
            status = process.wait(deadline.left_s())
    except (TimeoutError, subprocess.TimeoutExpired):
        output.close()
        raise OutOfTime(f"it took longer than {limit_s:g} s and was ended") from None
    except BaseException:
        output.close()
        raise
    output.seek(0)
    return Finished(status, output, last_line(conversation.errors))


def _started(command: Sequence[str]) -> subprocess.Popen[bytes] | Forked:
    environment = {**os.environ, "LC_ALL": "C"}
    if is_ours(command):
        return FORKS.start(command, environment)
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
        )
    except OSError as error:
        raise ToolFailed(f"{command[0]} cannot be started: {error.strerror}") from None


def last_line(errors: bytes) -> str:
    """The last line with something in it, of printable characters only."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return "".join(letter if letter.isprintable() else " " for letter in lines[-1]) if lines else ""


class _Conversation:
    """The three pipes of a process: one turn moves whatever can be moved, and never waits for a single one.

    A program that answers before it has read all, or reads nothing at all, blocks nobody.
    """

    def __init__(
        self, process: subprocess.Popen[bytes] | Forked, stdin: Iterator[bytes], output: IO[bytes]
    ) -> None:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - asked for as pipes
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._chunks = stdin
        self._chunk = memoryview(b"")
        self._output = output
        self._selector = selectors.DefaultSelector()
        self.errors = b""

    def __enter__(self) -> _Conversation:
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
        self._selector.register(self._stdin, selectors.EVENT_WRITE)
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        # Killed before its input is closed: it would take what it has got for the whole.
        _end(self._process)
        self._selector.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            # Nothing is buffered on our side, so there is nothing to lose.
            with suppress(OSError):
                stream.close()

    def goes_on(self) -> bool:
        """True until every pipe is closed."""
        return bool(self._selector.get_map())

    def turn(self, deadline: Deadline) -> None:
        """Move what can be moved.

        Raises:
            TimeoutError: the time is up.
        """
        events = self._selector.select(deadline.left_s())
        if deadline.over():
            raise TimeoutError
        for key, _ in events:
            if key.fileobj is self._stdin:
                self._write()
            elif key.fileobj is self._stdout:
                self._output.write(self._read(self._stdout))
            else:
                self.errors = (self.errors + self._read(self._stderr))[-_ERRORS_BYTES:]

    def _write(self) -> None:
        if not self._chunk:
            self._chunk = memoryview(next(self._chunks, b""))
        if not self._chunk:
            self._close(self._stdin)
            return
        try:
            self._chunk = self._chunk[os.write(self._stdin.fileno(), self._chunk) :]
        except BrokenPipeError:
            # It wants no more. The rest is read all the same: it stands between us and the next request.
            self._close(self._stdin)
            for _ in self._chunks:
                pass

    def _read(self, stream: IO[bytes]) -> bytes:
        content = os.read(stream.fileno(), _CHUNK_BYTES)
        if not content:
            self._close(stream)
        return content

    def _close(self, stream: IO[bytes]) -> None:
        self._selector.unregister(stream)
        stream.close()


def _end(process: subprocess.Popen[bytes] | Forked) -> None:
    """Kill what is left of it. One that hangs in the kernel does not even end when killed: do not wait."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS_S)
