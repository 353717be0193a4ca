"""SwitchVlan: one VLAN on one switch, with the switch's own address in it where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.switch.protocol import Vlan
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.switch_common import OnSwitch, open_switch

_APPLY_S = 30.0


class VlanInputs(OnSwitch):
    """`gateway` is the SVI's address as CIDR, empty for none. `exists` false: someone removed it."""

    vid: int
    network: str
    gateway: str
    mtu: int
    exists: bool = True


class SwitchVlanProvider(Converging[VlanInputs]):
    """Observes and converges one VLAN."""

    model = VlanInputs

    def name(self, inputs: VlanInputs) -> str:
        """`data/vlan20`."""
        return f"{inputs.switch}/vlan{inputs.vid}"

    def observe(self, inputs: VlanInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """The VLAN on the switch."""
        vlan = open_switch(inputs).get_vlan(inputs.vid, deadline)
        if vlan is None:
            return Seen({"exists": False})
        return Seen({"exists": True, "network": vlan.name, "gateway": vlan.address, "mtu": vlan.mtu})

    def converge(self, inputs: VlanInputs, bound: Mapping[str, Any]) -> None:
        """One transaction."""
        vlan = Vlan(inputs.vid, inputs.network, inputs.gateway, inputs.mtu)
        open_switch(inputs).put_vlan(vlan, Deadline.after(_APPLY_S, runtime.CANCELLED))

    def remove(self, inputs: VlanInputs) -> None:
        """Refused by the driver while a port uses it."""
        open_switch(inputs).delete_vlan(inputs.vid, Deadline.after(_APPLY_S, runtime.CANCELLED))


class SwitchVlan(Resource, module="piston", name="SwitchVlan"):
    """One VLAN on one switch."""

    def __init__(self, name: str, inputs: VlanInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(SwitchVlanProvider(), name, inputs.props(), opts)
