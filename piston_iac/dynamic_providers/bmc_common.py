"""What resources that use a BMC share: how to reach it, and that it is still the same one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piston_iac.devices.bmc.ipmi import IpmiBmc
from piston_iac.devices.bmc.protocol import Bmc
from piston_iac.dynamic_providers.converging import Inputs
from piston_iac.errors import WrongMachine
from piston_iac.hardware_uuid import same_hardware


class WithBmc(Inputs):
    """`bmc_address` is an IPv4 address; `write_interval_s` the least time between two writes."""

    node: str
    bmc_address: str
    user: str
    password: str
    write_interval_s: float


def open_bmc(inputs: WithBmc) -> Bmc:
    """The driver for that BMC."""
    return IpmiBmc(
        inputs.node,
        inputs.bmc_address,
        timeout_s=inputs.timeout_s,
        write_interval_s=inputs.write_interval_s,
    )


def same_machine(inputs: WithBmc, bound: Mapping[str, Any], guid: str) -> None:
    """Refuse another machine behind the address.

    Raises:
        WrongMachine: the GUID is not the one that first contact pinned.
    """
    pinned = bound.get("guid")
    if pinned and not same_hardware(guid, pinned):
        raise WrongMachine(
            f"BMC of {inputs.node}",
            "recognise the machine",
            f"its GUID is {guid}, but {inputs.node} is {pinned}",
            "Plug the right machine in; if it was replaced for good, "
            f"remove {inputs.node} from the stack file, run `pulumi up`, and add it again.",
        )
