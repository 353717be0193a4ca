"""SwitchRoute: one static route of an L3 switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.protocol import StaticRoute
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.switch_common import OnSwitch, open_switch

_APPLY_S = 30.0


class RouteInputs(OnSwitch):
    """`destination` as CIDR, `next_hop` as address. `exists` false: someone removed it."""

    destination: str
    next_hop: str
    exists: bool = True


class SwitchRouteProvider(Converging[RouteInputs]):
    """Observes and converges one route."""

    model = RouteInputs

    def name(self, inputs: RouteInputs) -> str:
        """`data/route-0.0.0.0/0`."""
        return f"{inputs.switch}/route-{inputs.destination}"

    def observe(self, inputs: RouteInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The route on the switch."""
        routes = open_switch(inputs).get_routes(deadline)
        found = next((route for route in routes if route.destination == inputs.destination), None)
        if found is None:
            return Seen({"exists": False})
        return Seen({"exists": True, "nextHop": found.next_hop})

    def converge(self, inputs: RouteInputs, bound: Mapping[str, Any]) -> None:
        """One transaction."""
        route = StaticRoute(inputs.destination, inputs.next_hop)
        open_switch(inputs).put_route(route, Deadline.after(_APPLY_S, runtime.CANCELLED))

    def remove(self, inputs: RouteInputs) -> None:
        """Only the route to that destination."""
        deadline = Deadline.after(_APPLY_S, runtime.CANCELLED)
        open_switch(inputs).delete_route(inputs.destination, deadline)


class SwitchRoute(Resource, module="piston", name="SwitchRoute"):
    """One static route of one switch."""

    def __init__(self, name: str, inputs: RouteInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(SwitchRouteProvider(), name, inputs.props(), opts)
