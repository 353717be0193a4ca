"""Which settings contradict each other? Rules that need two fields or more.

Each rule is a pure function that yields problems. Its parameters name the sections of the site that
it reads; `broken_rules` runs a rule only when all of them are sound, so that one bad setting does not
hide what is wrong elsewhere. `nodes` and `networks` hold the sound ones among them; `node_names` always
has every declared name, `declared` the names of all sections, as the stack file has them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import signature

from piston_iac.site import (
    rules_addresses,
    rules_ceph,
    rules_cloud,
    rules_control_plane,
    rules_networks,
)
from piston_iac.site.claims import Claim, repeated
from piston_iac.site.faults import Problem
from piston_iac.site.schema import BootNode, Ipmi, Node, Switches

Nodes = Mapping[str, Node]


def enough_nodes(node_names: Collection[str]) -> Iterator[Problem]:
    """Ceph keeps every object on three different nodes."""
    if 0 < len(node_names) < 3:
        cause = f"has {len(node_names)} of the 3 that the copies of every object need"
        yield Problem(("nodes",), cause, "declare at least 3 nodes (5 in production)")


def node_numbers_differ(nodes: Nodes) -> Iterator[Problem]:
    """A number fixes a node's addresses."""
    claims = [Claim(("nodes", name, "number"), node.number) for name, node in nodes.items()]
    yield from repeated(claims, "give each node a number of its own: its addresses follow from it")


def mac_addresses_differ(boot_node: BootNode, nodes: Nodes) -> Iterator[Problem]:
    """DHCP and the boot scripts know machines by MAC address."""
    claims = [Claim(("bootNode", "mac"), boot_node.mac)]
    for name, node in nodes.items():
        for card, mac in (("bmc", node.bmc.mac), ("boot", node.boot.mac), ("data", node.data.mac)):
            claims.append(Claim(("nodes", name, card, "mac"), mac))
    yield from repeated(claims, "read each card's MAC address off its label")


def management_ports_differ(boot_node: BootNode, nodes: Nodes) -> Iterator[Problem]:
    """One cable per port of the management switch."""
    claims = [Claim(("bootNode", "port"), boot_node.port)]
    for name, node in nodes.items():
        claims.append(Claim(("nodes", name, "bmc", "port"), node.bmc.port))
        claims.append(Claim(("nodes", name, "boot", "port"), node.boot.port))
    yield from repeated(claims, "name the management switch's port that this cable goes to")


def data_ports_differ(switches: Switches, nodes: Nodes) -> Iterator[Problem]:
    """One cable per port of the data switch."""
    claims = [Claim(("switches", "data", "uplink", "port"), switches.data.uplink.port)]
    claims += [Claim(("nodes", name, "data", "port"), node.data.port) for name, node in nodes.items()]
    yield from repeated(claims, "name the data switch's port that this cable goes to")


def disks_used_once(nodes: Nodes) -> Iterator[Problem]:
    """A serial names one disk of the whole site, and a disk has one use."""
    claims = [
        Claim(("nodes", name, "disks", use, index), serial)
        for name, node in nodes.items()
        for use, serials in (("local", node.disks.local), ("osd", node.disks.osd))
        for index, serial in enumerate(serials)
    ]
    yield from repeated(claims, "list each disk once, either under local or under osd")


def local_disks_make_raid10(nodes: Nodes) -> Iterator[Problem]:
    """RAID1+0 stripes over pairs, so it needs pairs, and two of them."""
    for name, node in nodes.items():
        count = len(node.disks.local)
        if count < 4 or count % 2:
            cause = f"has {count} disks; RAID1+0 needs an even number, at least 4"
            yield Problem(("nodes", name, "disks", "local"), cause, "add or remove a disk")


def wipe_names_own_disks(nodes: Nodes) -> Iterator[Problem]:
    """`wipe` is the leave to erase a disk, so it must not name one by mistake."""
    for name, node in nodes.items():
        own = {*node.disks.local, *node.disks.osd}
        for index, serial in enumerate(node.wipe):
            if serial not in own:
                cause = f"names {serial}, which is not a disk of {name}"
                fix = f"name disks of nodes.{name}.disks only"
                yield Problem(("nodes", name, "wipe", index), cause, fix)


def ipmi_users_differ(ipmi: Ipmi) -> Iterator[Problem]:
    """Three slots of a BMC: ours, the one that repairs ours, the maker's."""
    users = (
        Claim(("ipmi", "user"), ipmi.user),
        Claim(("ipmi", "breakGlassUser"), ipmi.break_glass_user),
        Claim(("ipmi", "factoryUser"), ipmi.factory_user),
    )
    yield from repeated(users, "use three different user names")


Rule = Callable[..., Iterable[Problem]]

RULES: tuple[Rule, ...] = (
    enough_nodes,
    node_numbers_differ,
    mac_addresses_differ,
    management_ports_differ,
    data_ports_differ,
    disks_used_once,
    local_disks_make_raid10,
    wipe_names_own_disks,
    ipmi_users_differ,
    *rules_networks.RULES,
    *rules_addresses.RULES,
    *rules_ceph.RULES,
    *rules_control_plane.RULES,
    *rules_cloud.RULES,
)


def broken_rules(sections: Mapping[str, object]) -> list[Problem]:
    """Every problem of every rule whose sections are all there.

    Args:
        sections: parts of a site by field name (`boot_node`), `node_names` and `declared`.
    """
    problems: list[Problem] = []
    for rule in RULES:
        needed = signature(rule).parameters
        if needed.keys() <= sections.keys():
            problems += rule(**{name: sections[name] for name in needed})
    return problems
