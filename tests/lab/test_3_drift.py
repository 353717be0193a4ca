"""Drifts by foreign hands: a plain preview names resource, field, old and new; up repairs just that."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from piston_iac.trust.derive import bmc_password
from piston_iac.trust.secret import Secret
from tests.lab.operator_shell import Rack

IPMITOOL = "piston lab exec operator -- ipmitool -I lanplus -C 3"


@dataclass(frozen=True)
class Drift:
    """How it is injected, and what the plan must say: resource, and `field: old => new` as a pattern.

    `device` is where the repair may write; every other device must hear nothing.
    """

    inject: str
    resource: str
    line: str
    device: str


DRIFTS = {
    "port VLAN": Drift(
        "piston lab switch data -- ovs-vsctl set port core tag=99",
        "SwitchPort (data-core)",
        r"vid: 99 => 4",
        "switch data",
    ),
    "missing VLAN": Drift(
        "piston lab switch data -- ovs-vsctl del-port sw vlan30",
        "SwitchVlan (data-vlan30)",
        r"exists: no => yes",
        "switch data",
    ),
    "BMC password": Drift(
        f"IPMI_PASSWORD={{password:n3}} {IPMITOOL} -H 10.30.10.113 -U piston -E user set password 3 by-hand",
        "IpmiCredential (n3-bmc)",
        r"login: other password => right",
        "bmc n3",
    ),
    "power off": Drift(
        f"IPMI_PASSWORD={{password:n4}} {IPMITOOL} -H 10.30.10.114 -U piston -E chassis power off",
        "BareMetalNode (n4)",
        r"power: off => on",
        "node n4",
    ),
    "stopped unit": Drift(
        "piston lab console n1 -- systemctl stop chrony.service",
        "BareMetalNode (n1)",
        r"units.chrony.service: inactive => active",
        "node n1",
    ),
    "edited file": Drift(
        "piston lab console n5 -- sh -c 'echo 10.9.9.9 stranger >> /etc/hosts'",
        "BareMetalNode (n5)",
        r"files./etc/hosts: sha256:[0-9a-f]{12} => sha256:[0-9a-f]{12}",
        "node n5",
    ),
    "route": Drift(
        "piston lab switch data -- ovs-vsctl remove bridge sw external_ids '\"route:0.0.0.0/0\"'",
        "SwitchRoute (data-route-0.0.0.0-0)",
        r"exists: no => yes",
        "switch data",
    ),
    "boot service": Drift(
        "piston lab console boot -- systemctl stop piston-dnsmasq.service",
        "BootNode (boot-node)",
        r"services.piston-dnsmasq.service: inactive => active",
        "boot node",
    ),
}


def _filled(ready: Rack, command: str) -> str:
    seed = Secret(ready.must("pulumi config get seed --stack lab").strip())
    return re.sub(
        r"\{password:(n\d)\}", lambda found: bmc_password(seed, found[1], 1).get_secret_value(), command
    )


@pytest.mark.parametrize("name", DRIFTS)
def test_drift(ready: Rack, name: str) -> None:
    drift = DRIFTS[name]
    ready.must(_filled(ready, drift.inject))
    plan = ready.preview()
    assert plan.code == 0, plan.text
    told = plan.told()
    assert list(told) == [drift.resource], plan.text
    assert len(told[drift.resource]) == 1, plan.text
    assert re.fullmatch(drift.line, told[drift.resource][0]), plan.text
    before = ready.writes()
    repaired = ready.up()
    assert repaired.code == 0, repaired.text
    changed = {device for device, count in ready.writes().items() if count != before.get(device)}
    assert changed <= {drift.device, *_power_devices(drift)}, changed
    after = ready.preview()
    assert after.is_clean(), after.text


def _power_devices(drift: Drift) -> set[str]:
    """Starting a node writes at its BMC and opens its window at the boot node."""
    return {"bmc n4", "boot node"} if drift.device == "node n4" else set()
