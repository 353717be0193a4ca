"""One stack's worth of work on a switch it shares, in a process of its own: a round for each line it reads.

`python -m tests.contract.switch.writer ADDRESS FIRST_VID PORT`. In round n it makes VLAN and route number n,
puts the port into that VLAN, and takes the VLAN and the route of round n-1 away; then it says `done`.
"""

from __future__ import annotations

import sys

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.ovsdb import OvsdbSwitch
from piston_iac.devices.switch.protocol import Port, StaticRoute, Vlan
from piston_iac.errors import PistonError

_LIMIT_S = 30.0


def vlan(first_vid: int, number: int) -> Vlan:
    """The VLAN of a round. Everything in it differs from all others."""
    vid = first_vid + number
    return Vlan(vid, f"v{vid}", f"10.{vid // 256}.{vid % 256}.1/24", 1400 + number)


def route(first_vid: int, number: int) -> StaticRoute:
    """The route of a round."""
    vid = first_vid + number
    return StaticRoute(f"10.{100 + vid // 256}.{vid % 256}.0/24", "10.30.0.1")


def port(first_vid: int, number: int, name: str) -> Port:
    """The port after a round: a trunk with a native VLAN."""
    vid = first_vid + number
    return Port(name, vid, (vid, vid + 500), f"{name} in round {number}")


def one_round(switch: OvsdbSwitch, first_vid: int, name: str, number: int) -> None:
    """Converge, as the resources of one stack do."""
    switch.put_vlan(vlan(first_vid, number), Deadline.after(_LIMIT_S))
    switch.put_port(port(first_vid, number, name), Deadline.after(_LIMIT_S))
    switch.put_route(route(first_vid, number), Deadline.after(_LIMIT_S))
    if number:
        switch.delete_route(route(first_vid, number - 1).destination, Deadline.after(_LIMIT_S))
        switch.delete_vlan(vlan(first_vid, number - 1).vid, Deadline.after(_LIMIT_S))


def main(address: str, first_vid: int, name: str) -> None:
    """Work as told on standard input."""
    switch = OvsdbSwitch("data", address)
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            one_round(switch, first_vid, name, int(line))
            print("done", flush=True)
        except PistonError as error:
            print(f"failed: {error}".replace("\n", " "), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
