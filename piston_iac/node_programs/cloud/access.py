"""What the programs of a control host know of the control plane: its members and its address."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.program import Fault


@dataclass(frozen=True)
class Access:
    """`node` and `own`: this node and its address; `members`: address of every control host by node;
    `address`: the virtual one.
    """

    node: str
    own: str
    members: dict[str, str]
    address: str

    @property
    def peers(self) -> dict[str, str]:
        """The other members."""
        return {node: address for node, address in self.members.items() if node != self.node}


def read_access(path: str = layout.ACCESS) -> Access:
    """Read it.

    Raises:
        Fault: this node is no control host, or the file does not fit.
    """
    try:
        raw = json.loads(Path(path).read_text())
        return Access(str(raw["node"]), str(raw["own"]), dict(raw["members"]), str(raw["address"]))
    except FileNotFoundError:
        raise Fault("this node is no control host") from None
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"{path} does not fit this image ({type(error).__name__})") from None
