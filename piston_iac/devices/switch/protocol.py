"""What the product asks of a switch, whatever it speaks. MTU in bytes; addresses as CIDR text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from piston_iac.deadline import Deadline


@dataclass(frozen=True)
class Vlan:
    """A VLAN. `address` is the switch's own address in it (SVI) as CIDR, empty for none."""

    vid: int
    name: str
    address: str
    mtu: int


@dataclass(frozen=True)
class Port:
    """A port. Access: `trunk` is empty and `vid` is its VLAN. Trunk: `vid` is the native VLAN or 0.

    `description` is free text that says what is plugged in.
    """

    name: str
    vid: int
    trunk: tuple[int, ...]
    description: str


@dataclass(frozen=True)
class StaticRoute:
    """A static route: destination as CIDR, next hop as address."""

    destination: str
    next_hop: str


class Switch(Protocol):
    """One switch. `get_*` returns None when the object does not exist on the switch.

    Every method raises `Unreachable` when the switch gives no answer and `DeviceRefused` when it
    says no. `put_*` is one transaction and waits until the switch has it in force.
    """

    def get_vlan(self, vid: int, deadline: Deadline) -> Vlan | None:
        """The VLAN as configured now."""

    def put_vlan(self, vlan: Vlan, deadline: Deadline) -> None:
        """Make the VLAN so."""

    def delete_vlan(self, vid: int, deadline: Deadline) -> None:
        """Remove the VLAN; refused while a port uses it."""

    def get_port(self, name: str, deadline: Deadline) -> Port | None:
        """The port as configured now; None when the switch has no such port."""

    def put_port(self, port: Port, deadline: Deadline) -> None:
        """Make the port so. A port that the switch does not have is `DeviceRefused`."""

    def get_routes(self, deadline: Deadline) -> tuple[StaticRoute, ...]:
        """All static routes."""

    def put_route(self, route: StaticRoute, deadline: Deadline) -> None:
        """Make the route to that destination so."""

    def delete_route(self, destination: str, deadline: Deadline) -> None:
        """Remove the route to that destination."""
