"""A switch that is configured over OVSDB (RFC 7047), such as Open vSwitch.

Safe from any number of threads: each request has a connection of its own, and the server orders the
transactions. A call that has nothing to change writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from piston_iac.deadline import Deadline
from piston_iac.devices.switch import ovsdb_decide as decide
from piston_iac.devices.switch.ovsdb_connection import NoAnswer, OvsdbServer
from piston_iac.devices.switch.ovsdb_rows import Snapshot, Write
from piston_iac.devices.switch.ovsdb_wire import Malformed, Refused
from piston_iac.devices.switch.protocol import Port, StaticRoute, Vlan
from piston_iac.errors import DeviceRefused, Interrupted, TimedOut, Unreachable

# Pauses between two looks at what is in force, seconds.
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.5


class OvsdbSwitch:
    """One switch at one OVSDB address; implements `protocol.Switch`.

    Args:
        name: as the operator calls it: `data`, `management`.
        address: where its OVSDB server listens: `tcp:10.30.10.2:6640`.
    """

    def __init__(self, name: str, address: str) -> None:
        self._device = f"switch {name}"
        self._address = address

    def get_vlan(self, vid: int, deadline: Deadline) -> Vlan | None:
        """The VLAN as configured now."""
        return decide.vlan_seen(self._read(f"read VLAN {vid}", deadline), vid)

    def put_vlan(self, vlan: Vlan, deadline: Deadline) -> None:
        """Make the VLAN so, and wait until vswitchd and the switch's L3 part have it."""
        action = f"set VLAN {vlan.vid}"
        self._write(
            action,
            lambda seen: decide.vlan_writes(seen, vlan),
            lambda seen, cfg: decide.not_in_force(seen, cfg, needs_l3=bool(vlan.address)),
            deadline,
            fault=lambda seen: decide.svi_error(seen, vlan.vid),
        )

    def delete_vlan(self, vid: int, deadline: Deadline) -> None:
        """Remove the VLAN; DeviceRefused while a port uses it."""
        self._write(
            f"remove VLAN {vid}",
            lambda seen: decide.vlan_removal(seen, vid),
            lambda seen, cfg: decide.not_in_force(seen, cfg, needs_l3=False),
            deadline,
        )

    def get_port(self, name: str, deadline: Deadline) -> Port | None:
        """The port as configured now; None when the switch has no such port."""
        return decide.port_seen(self._read(f"read port {name}", deadline), name)

    def put_port(self, port: Port, deadline: Deadline) -> None:
        """Make the port so. A port that the switch does not have is DeviceRefused."""
        self._write(
            f"set port {port.name}",
            lambda seen: decide.port_writes(seen, port),
            decide.not_applied,
            deadline,
        )

    def get_routes(self, deadline: Deadline) -> tuple[StaticRoute, ...]:
        """All static routes."""
        return decide.routes_seen(self._read("read the static routes", deadline))

    def put_route(self, route: StaticRoute, deadline: Deadline) -> None:
        """Make the route so, and wait until the switch's L3 part has it."""
        self._write(
            f"set the route to {route.destination}",
            lambda seen: decide.route_writes(seen, route),
            lambda seen, cfg: decide.not_in_force(seen, cfg, needs_l3=True),
            deadline,
        )

    def delete_route(self, destination: str, deadline: Deadline) -> None:
        """Remove the route to that destination."""
        self._write(
            f"remove the route to {destination}",
            lambda seen: decide.route_removal(seen, destination),
            lambda seen, cfg: decide.not_in_force(seen, cfg, needs_l3=False),
            deadline,
        )

    def _read(self, action: str, deadline: Deadline) -> Snapshot:
        with self._told(action, deadline):
            return OvsdbServer(self._address).snapshot(deadline)

    def _write(
        self,
        action: str,
        writes: Callable[[Snapshot], Sequence[Write]],
        missing: Callable[[Snapshot, int], str],
        deadline: Deadline,
        fault: Callable[[Snapshot], str] = lambda _: "",
    ) -> None:
        """Write what `writes` decides, then wait until `missing` says nothing."""
        with self._told(action, deadline):
            server = OvsdbServer(self._address)
            cfg = server.write(writes, deadline)
            if what := fault(self._in_force(server, lambda seen: missing(seen, cfg), action, deadline)):
                raise Refused(what)

    def _in_force(
        self, server: OvsdbServer, missing: Callable[[Snapshot], str], action: str, deadline: Deadline
    ) -> Snapshot:
        """Look until nothing is missing."""
        what, pause_s = "", _FIRST_PAUSE_S
        while True:
            try:
                snapshot = server.snapshot(deadline)
            except NoAnswer:
                # Time ran out during a look, after others had said what is missing: that is the cause.
                if what and deadline.over():
                    raise self._timed_out(action, what, deadline) from None
                raise
            what = missing(snapshot)
            if not what:
                return snapshot
            deadline.pause(pause_s)
            if deadline.over():
                raise self._timed_out(action, what, deadline)
            pause_s = min(_LONGEST_PAUSE_S, 1.5 * pause_s)

    def _timed_out(self, action: str, what: str, deadline: Deadline) -> Exception:
        if deadline.cancelled.is_set():
            return NoAnswer()
        remedy = "Look at ovs-vswitchd and the L3 part on the switch, then run again."
        return TimedOut(self._device, action, what, remedy)

    @contextmanager
    def _told(self, action: str, deadline: Deadline) -> Iterator[None]:
        """Turn what happens below into errors that an operator can act on."""
        try:
            yield
        except NoAnswer:
            if deadline.cancelled.is_set():
                raise Interrupted(self._device, action, "the run was told to stop", "Run again.") from None
            raise Unreachable(
                self._device,
                action,
                f"no answer from {self._address}",
                "Check that the switch is on and that this machine reaches its management address.",
            ) from None
        except Malformed:
            raise DeviceRefused(
                self._device,
                action,
                f"what answers at {self._address} does not speak OVSDB as Open vSwitch does",
                "Check the switch's address in the stack file.",
            ) from None
        except (Refused, ValueError) as error:
            raise DeviceRefused(
                self._device, action, str(error), "Correct the stack file or the switch, then run again."
            ) from error
