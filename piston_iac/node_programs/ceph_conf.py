"""What the programs need of ceph.conf and of the keyrings that the document wrote."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from pathlib import Path

from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

_ENDPOINT = re.compile(r"v2:([^\]]+?):(\d+)")


@dataclass(frozen=True)
class CephConf:
    """The cluster this node belongs to. `mons` are (address, port) of all its mons; `own` is this node's."""

    fsid: str
    mons: tuple[tuple[str, int], ...]
    own: str

    @property
    def peers(self) -> tuple[tuple[str, int], ...]:
        """The other mons."""
        return tuple(mon for mon in self.mons if mon[0] != self.own)


def parse_conf(text: str) -> CephConf:
    """Read ceph.conf as the document has it.

    Raises:
        Fault: it names no cluster.
    """
    section = _sections(text).get("global", {})
    if not section.get("fsid"):
        raise Fault("ceph.conf names no cluster")
    mons = tuple((host, int(port)) for host, port in _ENDPOINT.findall(section.get("mon_host", "")))
    return CephConf(section["fsid"], mons, section.get("public_addr", ""))


def read_conf(path: str) -> CephConf:
    """Read ceph.conf.

    Raises:
        Fault: it is not there, or names no cluster.
    """
    return parse_conf(_read(path))


def read_key(path: str, entity: str) -> Secret:
    """The key of an entity in a keyring.

    Raises:
        Fault: there is none.
    """
    key = _sections(_read(path)).get(entity, {}).get("key", "")
    if not key:
        raise Fault(f"{path} has no key of {entity}")
    return Secret(key)


def endpoint(mon: tuple[str, int]) -> str:
    """A mon's address as `mon_host` and monmaptool have it."""
    return f"[v2:{mon[0]}:{mon[1]}]"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        raise Fault(f"{path} cannot be read: {error.strerror}") from None


def _sections(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        # Its own text shows the line, which may hold a key.
        raise Fault(f"a file of Ceph's cannot be parsed ({type(error).__name__})") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}
