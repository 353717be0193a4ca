"""Runs of our own programs through `fork_server`, like those that `subprocess` starts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from piston_iac.node_agent.fork_server import REQUEST_BYTES
from piston_iac.node_agent.tools import ToolFailed

_SERVER = "piston_iac.node_agent.fork_server"
_OURS = ("python3", "-m")
_PACKAGE = "piston_iac."
# On a node that has much to do, imports alone took seconds.
_START_S = 60.0


def is_ours(command: Sequence[str]) -> bool:
    """Whether this is how a program of ours is named: `python3 -m piston_iac... ARGUMENT...`."""
    return tuple(command[:2]) == _OURS and len(command) > 2 and command[2].startswith(_PACKAGE)


class Forked:
    """A run that was started. Its pipes and `wait` are as those of `subprocess.Popen`."""

    def __init__(self, run: socket.socket, pid: int, pipes: tuple[IO[bytes], IO[bytes], IO[bytes]]) -> None:
        self._run = run
        self.pid = pid
        self.stdin, self.stdout, self.stderr = pipes
        self.returncode: int | None = None

    def wait(self, timeout: float) -> int:
        """Its status, negative the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: it goes on for longer than `timeout` seconds.
        """
        if self.returncode is None:
            self._run.settimeout(max(timeout, 0.001))
            try:
                told = self._run.recv(REQUEST_BYTES)
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout) from None
            self._run.close()
            # Without a word its starter was killed, and nobody knows how it ended: it does not count as done.
            self.returncode = int(told) if told else 1
        return self.returncode


class Forks:
    """The one fork server of this process: started when it is first needed, and again when it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def start(self, command: Sequence[str], environment: dict[str, str]) -> Forked:
        """Start one that `is_ours`. The environment is the first run's, for all.

        Raises:
            ToolFailed: it cannot be started.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pipes = [os.pipe() for _ in range(3)]
        (stdin, our_stdin), (our_stdout, stdout), (our_stderr, stderr) = pipes
        sent = (theirs.fileno(), stdin, stdout, stderr)
        ours.settimeout(_START_S)
        try:
            with self._lock:
                self._send(json.dumps(command[2:]).encode(), sent, environment)
            theirs.close()
            pid = int(ours.recv(REQUEST_BYTES))
        except (OSError, ValueError) as error:
            ours.close()
            for descriptor in (our_stdin, our_stdout, our_stderr):
                os.close(descriptor)
            raise ToolFailed(f"{command[2]} cannot be started: {error}") from None
        finally:
            theirs.close()
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
        streams = (
            os.fdopen(our_stdin, "wb", 0),
            os.fdopen(our_stdout, "rb", 0),
            os.fdopen(our_stderr, "rb", 0),
        )
        return Forked(ours, pid, streams)

    def _send(self, request: bytes, descriptors: Sequence[int], environment: dict[str, str]) -> None:
        try:
            socket.send_fds(self._running(environment), [request], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            # It was killed a moment ago, and does not count as ended yet.
            self._forget()
            socket.send_fds(self._running(environment), [request], descriptors)

    def close(self) -> None:
        """End it: it ends when nobody can ask it any more."""
        with self._lock:
            self._forget()
            if self._server is not None:
                self._server.wait()

    def _forget(self) -> None:
        if self._requests is not None:
            self._requests.close()
            self._requests = None

    def _running(self, environment: dict[str, str]) -> socket.socket:
        if self._server is not None and self._requests is not None and self._server.poll() is None:
            return self._requests
        self._forget()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", _SERVER, str(theirs.fileno())],
                env=environment,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        self._requests = ours
        return ours


FORKS = Forks()
"""Of this process."""
