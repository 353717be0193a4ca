"""SwitchPort: the VLANs of one port, and what is plugged in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.protocol import Port
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.switch_common import OnSwitch, open_switch
from piston_iac.errors import DeviceRefused

_APPLY_S = 30.0
# What switches come with: untagged in VLAN 1.
_FACTORY_VID = 1


class PortInputs(OnSwitch):
    """Access: `vid` and no `trunk`. Trunk: `trunk` holds the VLAN ids, `vid` is the native one or 0."""

    port: str
    vid: int
    trunk: tuple[int, ...] = ()
    description: str


class SwitchPortProvider(Converging[PortInputs]):
    """Observes and converges one port."""

    model = PortInputs

    def name(self, inputs: PortInputs) -> str:
        """`data/n1-data`."""
        return f"{inputs.switch}/{inputs.port}"

    def observe(self, inputs: PortInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The port on the switch."""
        port = open_switch(inputs).get_port(inputs.port, deadline)
        if port is None:
            raise DeviceRefused(
                f"switch {inputs.switch}",
                f"read port {inputs.port}",
                "it has no such port",
                "Correct the port's name in the stack file.",
            )
        return Seen({"vid": port.vid, "trunk": list(port.trunk), "description": port.description})

    def converge(self, inputs: PortInputs, bound: Mapping[str, Any]) -> None:
        """One transaction."""
        port = Port(inputs.port, inputs.vid, inputs.trunk, inputs.description)
        open_switch(inputs).put_port(port, Deadline.after(_APPLY_S, runtime.CANCELLED))

    def remove(self, inputs: PortInputs) -> None:
        """Back to what the switch came with."""
        port = Port(inputs.port, _FACTORY_VID, (), "")
        open_switch(inputs).put_port(port, Deadline.after(_APPLY_S, runtime.CANCELLED))


class SwitchPort(Resource, module="piston", name="SwitchPort"):
    """One port of one switch."""

    def __init__(self, name: str, inputs: PortInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(SwitchPortProvider(), name, inputs.props(), opts)
