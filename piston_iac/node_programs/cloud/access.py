"""What the programs of a host know of the control plane and of OVN's databases: members, addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from piston_iac import cloud_layout as layout
from piston_iac.node_agent.tools import run
from piston_iac.node_programs.program import Fault

Read = TypeVar("Read")


@dataclass(frozen=True)
class Membership:
    """`node` and `own`: this node and its address; `members`: address of every member by node."""

    node: str
    own: str
    members: dict[str, str]

    @property
    def peers(self) -> dict[str, str]:
        """The other members."""
        return {node: address for node, address in self.members.items() if node != self.node}


@dataclass(frozen=True)
class Access(Membership):
    """Of the control plane. `address`: the virtual one."""

    address: str


def read_access(path: str = layout.ACCESS) -> Access:
    """Of the control plane.

    Raises:
        Fault: this node is no control host, or the file does not fit.
    """
    raw = _read(path, "this node is no control host")
    return _fitting(path, lambda: Access(**_membership(raw), address=str(raw["address"])))


def read_ovn_access(path: str = layout.OVN_ACCESS) -> Membership:
    """Of OVN's databases.

    Raises:
        Fault: this node is to hold none of them, or the file does not fit.
    """
    raw = _read(path, "this node is to hold none of OVN's databases")
    return _fitting(path, lambda: Membership(**_membership(raw)))


def has_address(access: Access) -> bool:
    """Whether the virtual address is on this host.

    Raises:
        ToolFailed: its addresses cannot be listed.
    """
    links = json.loads(run("ip", "-j", "-4", "addr"))
    return any(it.get("local") == access.address for link in links for it in link["addr_info"])


def _read(path: str, absent: str) -> Any:
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise Fault(absent) from None
    except ValueError:
        raise Fault(f"{path} is not JSON") from None


def _membership(raw: Any) -> dict[str, Any]:
    return {"node": str(raw["node"]), "own": str(raw["own"]), "members": dict(raw["members"])}


def _fitting(path: str, parse: Callable[[], Read]) -> Read:
    try:
        return parse()
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"{path} does not fit this image ({type(error).__name__})") from None
