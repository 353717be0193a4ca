"""A mon store from the maps that OSDs keep: adding one OSD, and making a mon's store of it.

Source: Ceph's "Recovery using OSDs" (troubleshooting-mon) and, for what 18.2 takes, rebuild_mondb.cc and
ceph_monstore_tool.cc: `rebuild` adds the keys, a first monmap and a proposal that peers then take over.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from piston_iac import ceph_layout
from piston_iac.node_agent.disks import SeenDisk
from piston_iac.node_agent.files import write_atomically
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_programs.ceph_tool import USER, ceph_tool
from piston_iac.node_programs.mon_rebuild_clients import number_clients_from
from piston_iac.node_programs.mon_store import (
    MON_CAPS,
    MON_ENTITY,
    Entity,
    first_monmap,
    flush,
    in_memory,
    keyring,
)
from piston_iac.node_programs.osd_claim import Osd
from piston_iac.node_programs.osd_store import describe, make_directory
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

_MIRROR, _MEMORY = Path("/persist"), Path("/run")
_OSD_S = 600.0


def ceph_owner() -> tuple[int, int]:
    """Ceph's user and group, as numbers."""
    user = pwd.getpwnam(USER)
    return user.pw_uid, user.pw_gid


@contextmanager
def workplace() -> Iterator[Path]:
    """An empty directory for a store, for Ceph's user alone: on the mirror, else in memory. It goes after.

    It holds keys of OSDs: what an attempt left that was killed goes first.
    """
    places = [place / "piston-mon-rebuild" for place in (_MIRROR, _MEMORY)]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    place = places[0] if os.path.ismount(_MIRROR) else places[1]
    make_place(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def make_place(place: Path) -> None:
    """An empty directory that only Ceph's user can enter."""
    place.mkdir(mode=0o700, parents=True)
    os.chown(place, *ceph_owner())


def add_osd(disk: SeenDisk, osd: Osd, store: Path) -> None:
    """Add the maps that a stopped OSD keeps, and its key, to a store.

    Raises:
        Fault: its disk cannot be read, or the maps do not fit those that are in the store.
    """
    directory = make_directory(disk, osd)
    describe(directory, osd)
    # It would wait for mons, which are gone.
    words = ("--no-mon-config", "--type", "bluestore", "--data-path", str(directory))
    try:
        ceph_tool(
            "ceph-objectstore-tool",
            *words,
            "--op",
            "update-mon-db",
            "--mon-store-path",
            str(store),
            limit_s=_OSD_S,
        )
    except ToolFailed as error:
        raise Fault(f"the maps of OSD {osd.number} on disk {disk.serial} cannot be read: {error}") from None


def make_mon(
    node: str, fsid: str, address: str, entities: Mapping[str, Entity], key: Secret, now_ms: int
) -> None:
    """Make the collected store in its directory that of this mon alone, on the disks, and mark it as whole.

    Args:
        entities: the administrator and whoever else is to be let in from the start.
        key: the mons' own.
        now_ms: milliseconds since 1970; see `mon_rebuild_clients`.
    Raises:
        Fault, ToolFailed: one of Ceph's tools refused.
    """
    data = Path(ceph_layout.mon_data(node))
    everyone = {MON_ENTITY: Entity(key, MON_CAPS), **entities}
    number_clients_from(data, now_ms)
    monmap = first_monmap(node, fsid, address)
    with in_memory("monmap", monmap) as map_fd, in_memory("keyring", keyring(everyone).encode()) as key_fd:
        files = ("--keyring", f"/dev/fd/{key_fd}", "--monmap", f"/dev/fd/{map_fd}")
        said = _rebuild(data, files, (map_fd, key_fd), everyone)
    # It ends well also when it left the keys out.
    left_out = [name for name in everyone if f"adding auth for '{name}'" not in said]
    if left_out:
        raise Fault(f"ceph-monstore-tool left out the keys of {', '.join(left_out)}")
    own = keyring({MON_ENTITY: Entity(key, {})})
    write_atomically(data / "keyring", own.encode(), 0o600, ceph_owner())
    flush(data)
    write_atomically(Path(ceph_layout.mon_ready(node)), f"{fsid}\n".encode(), 0o644)


def _rebuild(data: Path, files: tuple[str, ...], fds: tuple[int, ...], everyone: Mapping[str, Entity]) -> str:
    try:
        return ceph_tool("ceph-monstore-tool", str(data), "rebuild", "--", *files, pass_fds=fds)
    except ToolFailed as error:
        # It prints the keys as it goes.
        said = str(error)
        for entity in everyone.values():
            said = said.replace(entity.key.get_secret_value(), "(key)")
        raise Fault(said) from None
