"""What must a good site fulfil? Pure rules over the wanted properties of resources.

Each rule returns its violations, none for a good site. A violation's text is `<cause>; <fix>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PRODUCTION = "production"
Props = Mapping[str, Any]

_PRODUCTION_NODES = 5
_MIRROR_PROFILE = "raid10"
_MIRROR_DISKS = 4
# What a BMC is tried with first. Compared without regard to case.
_COMMON_USERS = frozenset({"admin", "administrator", "root"})
_BOOT_SERVICES = {"NTP": "chrony.service", "DNS": "piston-dnsmasq.service"}


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


def mirrored_local_disks(node: Props) -> list[str]:
    """A node's local data survives the loss of a disk: RAID1+0 over at least four disks.

    Args:
        node: properties of a BareMetalNode.
    """
    name, mirror = node["node"], node["mirror"]
    found = []
    if mirror["profile"] != _MIRROR_PROFILE:
        found.append(
            f"the local disks of {name} become {mirror['profile']}, not RAID1+0; "
            "choose a raid10 under `piston:diskLayout`"
        )
    if len(mirror["disks"]) < _MIRROR_DISKS:
        found.append(
            f"{name} has {len(mirror['disks'])} local disks, RAID1+0 needs {_MIRROR_DISKS}; "
            f"name more under `disks.local` of {name}"
        )
    return found


def own_bmc_accounts(credential: Props) -> list[str]:
    """A BMC takes only our logins, and their names are not the ones that everybody tries.

    Args:
        credential: properties of an IpmiCredential.
    """
    found = []
    if credential["factoryLogin"] != "disabled":
        found.append(
            f"the factory account of the BMC of {credential['node']} stays {credential['factoryLogin']}; "
            "let IpmiCredential disable it"
        )
    for setting, user in (("user", credential["user"]), ("breakGlassUser", credential["breakGlassUser"])):
        if user.lower() in _COMMON_USERS:
            found.append(
                f"the BMC of {credential['node']} gets a user {user}, a name that everybody tries; "
                f"choose another `{setting}` under `piston:ipmi`"
            )
    return found


def time_and_names(boot_node: Props) -> list[str]:
    """Nodes get time and names from the boot node whatever else is down.

    Args:
        boot_node: properties of a BootNode.
    """
    services = boot_node["services"]
    return [
        f"the boot node does not serve {what}; keep {unit} among its services"
        for what, unit in _BOOT_SERVICES.items()
        if services.get(unit) != "active"
    ]
