"""What is bolted into the rack: machines, cards, cables, disks, addresses. Pure.

This is the physical truth, as a technician finds it, before anything is configured. It does not know
any stack file. Addresses belong to devices that have one from the factory or from the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

DEFAULT_NODES = 5
MAX_NODES = 80  # BMCs sit at .111 to .190 of the management network
FACTORY_VLAN = 1
MANAGEMENT_VLAN = 10
SWITCHES = ("data", "mgmt")
BOOT = "boot"
DISK_BYTES = 4 * 1024**3
# Switch cards take jumbo frames whatever a node sets: a switch has no MTU per cable.
SWITCH_MTU = 9216


@dataclass(frozen=True)
class Card:
    """A network card and the cable in it.

    Args:
        place: the namespace that holds the card.
        name: interface name there.
        mac: factory address.
        address: CIDR that it has from the start; empty for none.
        switch: where the cable ends.
        port: the port's name there.
        vlan: the port's factory VLAN.
    """

    place: str
    name: str
    mac: str
    address: str
    switch: str
    port: str
    vlan: int = FACTORY_VLAN


@dataclass(frozen=True)
class Disk:
    """A disk slot and what the disk in it says of itself."""

    slot: int
    serial: str


@dataclass(frozen=True)
class Node:
    """Server B number `number`, with its BMC."""

    number: int

    @property
    def name(self) -> str:
        """`n1` and so on: as the operator calls it, as its cables are labelled."""
        return f"n{self.number}"

    @property
    def bmc_place(self) -> str:
        """Namespace of its BMC."""
        return f"bmc{self.number}"

    @property
    def bmc_address(self) -> str:
        """The BMC's address on the management network."""
        return f"10.30.10.{110 + self.number}"

    @property
    def hardware_uuid(self) -> UUID:
        """The chassis: DMI product_uuid and BMC GUID."""
        return UUID(f"9d000000-0000-4000-8000-0000000000{self.number:02x}")

    @property
    def disks(self) -> tuple[Disk, ...]:
        """Slots 1 to 4 hold the local disks, slot 5 the OSD disk."""
        local = [Disk(slot, f"{self.name}-local-{slot}") for slot in range(1, 5)]
        return (*local, Disk(5, f"{self.name}-osd-1"))

    @property
    def cards(self) -> tuple[Card, ...]:
        """Boot card, data card, and the BMC's own card."""
        number = self.number
        return (
            Card(self.name, "eth0", f"52:54:00:0a:00:{number:02x}", "", "mgmt", f"{self.name}-boot"),
            Card(self.name, "eth1", f"52:54:00:0b:00:{number:02x}", "", "data", f"{self.name}-data"),
            Card(
                self.bmc_place,
                "eth0",
                f"52:54:00:0c:00:{number:02x}",
                f"{self.bmc_address}/24",
                "mgmt",
                f"{self.name}-bmc",
            ),
        )


BOOT_UUID = UUID("9d000000-0000-4000-8000-0000000000fe")
_FIXED_CARDS = (
    Card("core", "eth0", "52:54:00:0d:00:01", "10.30.0.1/30", "data", "core"),
    Card("operator", "eth0", "52:54:00:0d:00:09", "10.30.10.9/24", "mgmt", "operator", MANAGEMENT_VLAN),
    Card("data", "eth0", "52:54:00:0d:00:02", "10.30.10.2/24", "mgmt", "oob-data", MANAGEMENT_VLAN),
    Card(BOOT, "eth0", "52:54:00:0a:00:fe", "", "mgmt", "boot"),
)
# The customer's side: something to reach behind the gateway, and the way back to the cluster.
CORE_LOOPBACK = "10.30.1.1/32"
CORE_ROUTES = tuple((f"10.30.{third}.0/24", "10.30.0.2") for third in (20, 30, 40, 50))
SWITCH_ADDRESSES = {"data": "10.30.10.2", "mgmt": "10.30.10.3"}


@dataclass(frozen=True)
class Rack:
    """A whole rack with `nodes` nodes."""

    size: int

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes by number."""
        return tuple(Node(number) for number in range(1, self.size + 1))

    @property
    def machines(self) -> tuple[str, ...]:
        """All machines with a power button: the nodes and the boot node."""
        return (*(node.name for node in self.nodes), BOOT)

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards, one cable each."""
        return (*_FIXED_CARDS, *(card for node in self.nodes for card in node.cards))

    @property
    def places(self) -> tuple[str, ...]:
        """All namespaces."""
        nodes = (place for node in self.nodes for place in (node.name, node.bmc_place))
        return ("core", *SWITCHES, BOOT, "operator", *nodes)

    def ports(self, switch: str) -> tuple[Card, ...]:
        """The cards whose cables end at that switch."""
        return tuple(card for card in self.cards if card.switch == switch)

    def node(self, name: str) -> Node | None:
        """The node of that name, None when there is none."""
        return next((node for node in self.nodes if node.name == name), None)


def hardware_uuid(machine: str) -> UUID:
    """The chassis UUID of a machine by name."""
    return BOOT_UUID if machine == BOOT else Node(int(machine.removeprefix("n"))).hardware_uuid
