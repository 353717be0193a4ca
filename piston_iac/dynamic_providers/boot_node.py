"""BootNode: what the boot node serves. Its settings are one unit, as they are one file there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.access import Access
from piston_iac.dynamic_providers.converging import Converging, Inputs, Seen
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.errors import Unreachable

# From power-on of a boot node to its service answering.
_START_S = 300.0
_APPLY_S = 60.0
_POLL_S = 1.0


class OnBootNode(Inputs):
    """`address` of the boot node; `access` is secret as a whole."""

    address: str
    access: Access


class BootNodeInputs(OnBootNode):
    """`settings` as in boot_node.settings; `services` are the units that serve and their states."""

    settings: dict[str, Any]
    services: dict[str, str]


def open_boot_node(inputs: OnBootNode) -> BootNodeClient:
    """The driver for the boot node."""
    return BootNodeClient(inputs.address, inputs.access.ca_pem, inputs.access.identity())


class BootNodeProvider(Converging[BootNodeInputs]):
    """Observes and converges the boot node's settings."""

    model = BootNodeInputs
    secrets = frozenset({"access"})

    def name(self, inputs: BootNodeInputs) -> str:
        """There is one a site."""
        return "boot-node"

    def observe(self, inputs: BootNodeInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Settings and services as they are on the boot node."""
        state = open_boot_node(inputs).observe(deadline)
        services = {unit: state.services.get(unit, "missing") for unit in inputs.services}
        return Seen({"settings": state.settings or {}, "services": services})

    def converge(self, inputs: BootNodeInputs, bound: Mapping[str, Any]) -> None:
        """Wait for the boot node to be up, then set what differs."""
        client = open_boot_node(inputs)
        deadline = Deadline.after(_START_S, runtime.CANCELLED)
        while True:
            try:
                state = client.observe(deadline.within(inputs.timeout_s))
                break
            except Unreachable:
                if deadline.over():
                    raise
                runtime.info_status(f"waiting for the boot node at {inputs.address}")
                deadline.pause(_POLL_S)
        inactive = [unit for unit in inputs.services if state.services.get(unit) != "active"]
        if state.settings != inputs.settings or inactive:
            doing("boot node", "set what it serves")
            client.put_settings(inputs.settings, Deadline.after(_APPLY_S, runtime.CANCELLED))

    def remove(self, inputs: BootNodeInputs) -> None:
        """Nothing: a running boot node keeps serving its nodes until it is switched off."""


class BootNode(Resource, module="piston", name="BootNode"):
    """The boot node of the site."""

    def __init__(self, name: str, inputs: BootNodeInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(BootNodeProvider(), name, BootNodeProvider.sealed(inputs), opts)
