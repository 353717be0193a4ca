"""The mon's store on the local mirror: making it, and the mark that says it is whole.

The store is made by `ceph-mon --mkfs` from a keyring and a monmap that are only in memory. The mark is
written last, after all of it is on the disks: a store without the mark was cut short and holds nothing.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from piston_iac import ceph_layout
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_programs.ceph_tool import USER, ceph_tool
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

MON_ENTITY = "mon."
# Without any cap `mon.` cannot log in at all; all it is used for is to ask peers for their map. Mons trust
# each other by the key alone. Seen with 18.2.7: anything but `mon getmap` is answered with EACCES.
MON_CAPS = {"mon": 'allow command "mon getmap"'}
_MIRROR = Path("/persist")


@dataclass(frozen=True)
class Entity:
    """An entity of the cluster's authentication: its key and what it may do with each kind of daemon."""

    key: Secret
    caps: Mapping[str, str]


def check_mirror(mirror: Path = _MIRROR) -> None:
    """What is not on the mirror is lost when the power goes.

    Raises:
        Fault: the local mirror is not mounted.
    """
    if not os.path.ismount(mirror):
        raise Fault("the local mirror is not mounted")


def ready_fsid(node: str) -> str:
    """The cluster of the mon store on this node; empty when there is no whole store."""
    try:
        return Path(ceph_layout.mon_ready(node)).read_text().strip()
    except OSError:
        return ""


def clear_half_made(node: str) -> None:
    """Remove what an attempt left that was cut short.

    Raises:
        Fault: the store is whole.
    """
    if ready_fsid(node):
        raise Fault("the mon's store is whole: it is not removed")
    shutil.rmtree(ceph_layout.mon_data(node), ignore_errors=True)


def give_up(node: str) -> None:
    """Call the store half-made: it is removed when the next one is made in its place."""
    Path(ceph_layout.mon_ready(node)).unlink(missing_ok=True)


def make_store(node: str, fsid: str, monmap: bytes, entities: Mapping[str, Entity], key: Secret) -> None:
    """Make the store, get it onto the disks, then mark it as whole.

    Args:
        monmap: encoded, as monmaptool writes it.
        entities: known from the start; of no use where peers have a database already.
        key: the mons' own.
    Raises:
        ToolFailed: ceph-mon refused.
    """
    user = pwd.getpwnam(USER)
    data = Path(ceph_layout.mon_data(node))
    data.mkdir(mode=0o750, parents=True)
    os.chown(data, user.pw_uid, user.pw_gid)
    everyone = {MON_ENTITY: Entity(key, MON_CAPS), **entities}
    with in_memory("monmap", monmap) as map_fd, in_memory("keyring", keyring(everyone).encode()) as key_fd:
        files = ("--monmap", f"/dev/fd/{map_fd}", "--keyring", f"/dev/fd/{key_fd}")
        ceph_tool("ceph-mon", "--mkfs", "--id", node, *files, pass_fds=(map_fd, key_fd))
    flush(data)
    write_atomically(Path(ceph_layout.mon_ready(node)), f"{fsid}\n".encode(), 0o644)


def first_monmap(node: str, fsid: str, address: str) -> bytes:
    """The map of a new cluster: this mon alone.

    Raises:
        ToolFailed: monmaptool refused.
    """
    vector = f"[v2:{address}:{ceph_layout.MON_PORT}]"
    with in_memory("monmap", b"") as fd:
        words = ("--create", "--clobber", "--fsid", fsid, "--addv", node, vector, "--enable-all-features")
        ceph_tool("monmaptool", *words, f"/dev/fd/{fd}", pass_fds=(fd,))
        return content(fd)


def is_in(monmap: bytes, node: str) -> bool:
    """Whether a map names this mon.

    Raises:
        ToolFailed: monmaptool cannot read it.
    """
    with in_memory("monmap", monmap) as fd:
        listed = ceph_tool("monmaptool", "--print", f"/dev/fd/{fd}", pass_fds=(fd,))
    return any(line.endswith(f" mon.{node}") for line in listed.splitlines())


def without(monmap: bytes, node: str) -> bytes:
    """A peers' map less this mon, so that a mon without data can only join them.

    Two mons that both lost their stores, and know of each other, could else form a quorum of nothing.

    Raises:
        ToolFailed: monmaptool cannot read it.
    """
    if not is_in(monmap, node):
        return monmap
    with in_memory("monmap", monmap) as fd:
        ceph_tool("monmaptool", "--rm", node, f"/dev/fd/{fd}", pass_fds=(fd,))
        return content(fd)


def keyring(entities: Mapping[str, Entity]) -> str:
    """A keyring's text. Source: ceph-authtool(8)."""
    lines = []
    for name, entity in entities.items():
        lines += [f"[{name}]", f"\tkey = {entity.key.get_secret_value()}"]
        for daemon, caps in sorted(entity.caps.items()):
            escaped = caps.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'\tcaps {daemon} = "{escaped}"')
    return "\n".join(lines) + "\n"


@contextmanager
def in_memory(name: str, data: bytes) -> Iterator[int]:
    """A file that exists only as a descriptor, for Ceph's user to read and write."""
    user = pwd.getpwnam(USER)
    descriptor = os.memfd_create(name)
    try:
        os.fchmod(descriptor, 0o600)
        os.fchown(descriptor, user.pw_uid, user.pw_gid)
        os.pwrite(descriptor, data, 0)
        yield descriptor
    finally:
        os.close(descriptor)


def content(descriptor: int) -> bytes:
    """All that is in such a file."""
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def flush(directory: Path) -> None:
    """Get a directory and all below it onto the disks."""
    for path in (directory, *directory.rglob("*"), directory.parent):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
