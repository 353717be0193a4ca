"""A connection to the cluster through librados, in this process: keys are in no argument and in no file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import rados

from piston_iac import ceph_layout
from piston_iac.deadline import Deadline
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret


class Cluster(Protocol):
    """Whoever answers commands: code 0 or a negative errno, output, and one line about it."""

    def ask(self, to: str, command: str, text: str) -> tuple[int, bytes, str]:
        """Send one command as JSON to `mon` or `mgr`."""

    def fsid(self) -> str:
        """The id of the cluster that answered."""

    def pool(self, name: str) -> rados.Ioctx:
        """A pool to read and write in, until the connection ends."""


@contextmanager
def connected(
    name: str, key: Secret, deadline: Deadline, mons: Sequence[str] = (), conf: str = ceph_layout.CONF
) -> Iterator[Cluster]:
    """Connect as an entity.

    Args:
        mons: addresses to try, as in `mon_host`; empty: those of the configuration.
    Raises:
        Fault: there is no quorum within the deadline, or it refuses the key.
    """
    handle = rados.Rados(conffile=conf, name=name)
    # A mon that does not answer must not take the time of those that do.
    limits = {"client_mount_timeout": deadline.left_s(), "rados_mon_op_timeout": deadline.left_s()}
    for option, value in limits.items():
        handle.conf_set(option, f"{max(1.0, value):.0f}")
    for option in ("log_to_stderr", "err_to_stderr"):
        handle.conf_set(option, "false")
    handle.conf_set("key", key.get_secret_value())
    if mons:
        handle.conf_set("mon_host", ",".join(mons))
    try:
        handle.connect(timeout=max(1, round(deadline.left_s())))
    except rados.PermissionDeniedError:
        raise Fault(f"the mons refuse the key of {name}") from None
    except rados.Error as error:
        # A key that they do not know looks the same from here: the client goes on asking until time is up.
        raise Fault(f"no quorum of mons lets {name} in: {error}") from None
    try:
        yield _Rados(handle)
    finally:
        handle.shutdown()


class _Rados:
    def __init__(self, handle: rados.Rados) -> None:
        self._handle = handle

    def ask(self, to: str, command: str, text: str) -> tuple[int, bytes, str]:
        """Send one command."""
        send = self._handle.mgr_command if to == "mgr" else self._handle.mon_command
        try:
            code, output, status = send(command, text.encode())
        except rados.Error as error:
            raise Fault(f"`{json.loads(command)['prefix']}` got no answer: {error}") from None
        # A refusal comes as a negative errno, a timeout as a positive one.
        number = abs(int(code))
        said = " ".join(str(status).split()) or (os.strerror(number) if number else "")
        return -number, bytes(output), said

    def fsid(self) -> str:
        """The cluster's id."""
        return str(self._handle.get_fsid())

    def pool(self, name: str) -> rados.Ioctx:
        """A pool."""
        return self._handle.open_ioctx(name)
