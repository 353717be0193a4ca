"""Rules of nodes and of the networks between them. Each returns its violations, `<cause>; <fix>`."""

from __future__ import annotations

from collections.abc import Sequence

from piston_iac.policies.values import PRODUCTION, LocalDisks, Served, Subnet

_PRODUCTION_NODES = 5
_MIRROR_PROFILE = "raid10"
_MIRROR_DISKS = 4


def enough_nodes(environment: str, nodes: Sequence[str]) -> list[str]:
    """In production one node may be under repair while another one fails.

    Args:
        environment: `production` or `lab`.
        nodes: names of the declared nodes.
    """
    if environment != PRODUCTION or len(nodes) >= _PRODUCTION_NODES:
        return []
    return [
        f"{len(nodes)} nodes are declared, production needs {_PRODUCTION_NODES}; "
        f"add nodes to `piston:nodes`, or say `piston:environment: lab`"
    ]


def mirrored_local_disks(disks: LocalDisks) -> list[str]:
    """A node's local data survives the loss of a disk: RAID1+0 over at least four disks, in pairs."""
    found = []
    if disks.profile != _MIRROR_PROFILE:
        found.append(
            f"the local disks of {disks.node} become {disks.profile}, not RAID1+0; "
            "choose a raid10 under `piston:diskLayout`"
        )
    if disks.count < _MIRROR_DISKS:
        found.append(
            f"{disks.node} has {disks.count} local disks, RAID1+0 needs {_MIRROR_DISKS}; "
            f"name more under `disks.local` of {disks.node}"
        )
    elif disks.count % 2:
        found.append(
            f"{disks.node} has {disks.count} local disks, RAID1+0 needs pairs; "
            f"add or remove one under `disks.local` of {disks.node}"
        )
    return found


def separate_networks(subnets: Sequence[Subnet]) -> list[str]:
    """No VLAN and no address belongs to two networks."""
    found = []
    for index, subnet in enumerate(subnets):
        for other in subnets[:index]:
            if subnet.vid == other.vid:
                found.append(
                    f"networks {other.name} and {subnet.name} are both VLAN {subnet.vid}; "
                    "give each a VLAN of its own"
                )
            here, there = subnet.cidr, other.cidr
            if here and there and here.first <= there.last and there.first <= here.last:
                found.append(
                    f"networks {other.name} ({there}) and {subnet.name} ({here}) overlap; "
                    "give each addresses of its own"
                )
    return found


def time_and_names(served: Served) -> list[str]:
    """Nodes get time and names from the boot node whatever else is down."""
    what = {"NTP": (served.ntp, "piston:ntp"), "DNS": (served.dns, "piston:dns")}
    return [
        f"the boot node does not serve {name}; keep its service active, and servers under `{setting}`"
        for name, (there, setting) in what.items()
        if not there
    ]
