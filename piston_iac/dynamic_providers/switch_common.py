"""What the three switch resources share: which switch, and how to reach it."""

from __future__ import annotations

from typing import Literal

from piston_iac.devices.switch.ovsdb import OvsdbSwitch
from piston_iac.devices.switch.protocol import Switch
from piston_iac.dynamic_providers.converging import Inputs


class OnSwitch(Inputs):
    """`switch` is its name in the stack file, `address` where its driver reaches it."""

    switch: str
    driver: Literal["ovsdb"] = "ovsdb"
    address: str


def open_switch(inputs: OnSwitch) -> Switch:
    """The driver for that switch."""
    return OvsdbSwitch(inputs.switch, inputs.address)
