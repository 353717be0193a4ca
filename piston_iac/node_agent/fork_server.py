"""Starts programs of ours without a new interpreter: `python3 -m ...node_agent.fork_server DESCRIPTOR`.

A start of Python with what a program imports takes a third of a second of a processor, and a first `up` asks
for hundreds of them. This process keeps what it has imported, and makes a copy of itself for each run. It is
not the agent itself: that has threads, which no copy may have.

DESCRIPTOR is one end of a socket of packets. In, one packet a run: a JSON list of module and arguments, with
four descriptors: the run's own socket, standard input, output and errors. Out, through the run's own socket:
the number of the process, and once it has ended its status as `subprocess` says it. It ends when its socket
does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

REQUEST_BYTES = 1 << 16
_FIRST_BEYOND_STANDARD, _BEYOND_ALL = 3, 1 << 16
_COMM_LETTERS = 15


def serve(requests: socket.socket) -> None:
    """Start what is asked for, tell what has ended, until nobody asks any more."""
    runs: dict[int, socket.socket] = {}
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is woken:
                    with suppress(BlockingIOError):
                        woken.recv(REQUEST_BYTES)
                    _tell_ended(runs)
                    continue
                packet, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 4)
                if not packet:
                    return
                _start(json.loads(packet), descriptors, runs)


def _start(command: Sequence[str], descriptors: Sequence[int], runs: dict[int, socket.socket]) -> None:
    own, *standard = descriptors
    run = socket.socket(fileno=own)
    # One that cannot be imported says so itself, to whoever runs it.
    with suppress(Exception):
        importlib.import_module(command[0])
    # What is here by now is not looked at again by any copy's collector: it stays shared memory.
    gc.freeze()
    process = os.fork()
    if process == 0:
        _become(command, standard, run)
    for descriptor in standard:
        os.close(descriptor)
    runs[process] = run


def _become(command: Sequence[str], standard: Sequence[int], run: socket.socket) -> None:
    """Be that program, in a session of its own, and end."""
    status = 1
    try:
        os.setsid()
        module, *arguments = command
        # What `ps` and `top` show.
        Path("/proc/self/comm").write_text(module.rpartition(".")[2][:_COMM_LETTERS])
        # Not before: whoever knows the number may kill the session of that number.
        run.send(str(os.getpid()).encode())
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
        os.closerange(_FIRST_BEYOND_STANDARD, _BEYOND_ALL)
        sys.argv = [module, *arguments]
        # It is run as the main program, beside what it is to those who import it.
        sys.modules.pop(module, None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as an interpreter's own end: it is told and becomes the status
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _tell_ended(runs: dict[int, socket.socket]) -> None:
    while runs:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        if run := runs.pop(process, None):
            with run, suppress(OSError):
                run.send(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
