"""The lab's site, and answers of its devices as they are when all is as wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from piston_iac.devices.bmc.protocol import Power
from piston_iac.devices.boot_node import BootNodeState, StoredRelease
from piston_iac.dynamic_providers.converging import Seen
from piston_iac.errors import PistonError, Unreachable
from piston_iac.micro_os.release import IMAGE, Manifest, ReleaseFile
from piston_iac.node_report import Clock, MirrorState, NodeReport
from piston_iac.program.declared import Declared, declared
from piston_iac.site.load import load_config
from piston_iac.site.schema import Site
from piston_iac.status.asking import Answer
from piston_iac.status.model import Status
from piston_iac.status.picture import status
from piston_iac.status.probes import BOOT_STATE, BmcSeen, report_key, resource_key

PROJECT = Path(__file__).parents[3]
LAB = (PROJECT / "stacks" / "Pulumi.lab.yaml").read_text()
SECRETS = {
    "seed": "0123456789abcdef0123456789abcdef",
    "factoryPassword": "Factory!1",
    "community": "com/mun+ity",
    "password": 'correct "horse" ünd',
}
MANIFEST = Manifest("2026.11", "recipe", {IMAGE: ReleaseFile("ab" * 32, 1)})
AT = "2026-11-23T10:20:30+00:00"


def _opened(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        sealed = value.keys() == {"secure"}
        return SECRETS[name] if sealed else {key: _opened(child, key) for key, child in value.items()}
    return value


def lab() -> Site:
    """The lab's site with secrets of the tests' own."""
    config = yaml.safe_load(LAB)["config"]
    return load_config(
        "lab", {key: _opened(value, key.removeprefix("piston:")) for key, value in config.items()}
    )


SITE = lab()
DECLARED = declared(SITE, MANIFEST)
BOOT_SETTLED = BootNodeState(
    settings={"release": "2026.11"},
    services={"piston-dnsmasq.service": "active", "chrony.service": "active"},
    releases={"2026.11": StoredRelease(True, {})},
    documents={},
    enrolled={},
    windows={},
    lease=None,
    permits={},
    clock={"synchronised": True},
    writes=3,
    boot_id="b",
)


def report(node: str) -> NodeReport:
    """A node that is as wanted."""
    return NodeReport(
        node=node,
        boot_id="b",
        hardware_uuid="u",
        seal_key="",
        release="2026.11",
        image_digest="",
        document="d",
        phase="settled",
        progress="",
        fault="",
        files={},
        units={"chrony.service": "active"},
        disks=(),
        mirror=MirrorState("healthy", "", "raid10", ()),
        gateway="",
        interfaces=(),
        clock=Clock(True, 0.0, ()),
        writes=0,
        uplink="up",
    )


class Rack:
    """Answers by key; a test changes what it is about."""

    def __init__(self) -> None:
        self.answers = {resource_key(it.name): Answer(_right(it), took_s=0.1) for it in DECLARED}
        self.answers |= {report_key(node): Answer(report(node)) for node in SITE.nodes}
        self.answers[BOOT_STATE] = Answer(BOOT_SETTLED)

    def status(self, **more: Any) -> Status:
        return status(SITE, DECLARED, self.answers, AT, **more)

    def differs(self, name: str, **fields: Any) -> None:
        """That resource is seen with these fields instead."""
        old = self.answers[resource_key(name)].value
        seen = old.seen if isinstance(old, BmcSeen) else old
        assert isinstance(seen, Seen)
        changed = replace(seen, fields={**seen.fields, **fields})
        value: object = replace(old, seen=changed) if isinstance(old, BmcSeen) else changed
        self.answers[resource_key(name)] = Answer(value)

    def fails(self, key: str, error: PistonError) -> None:
        """That question ends with an error."""
        self.answers[key] = Answer(error=error)

    def off(self, node: str) -> None:
        """The node is powered off."""
        self.answers[resource_key(node)] = Answer(Seen({"power": "off"}))
        bmc = self.answers[resource_key(f"{node}-bmc")].value
        assert isinstance(bmc, BmcSeen)
        self.answers[resource_key(f"{node}-bmc")] = Answer(replace(bmc, power=Power.OFF))
        self.fails(report_key(node), silent(f"agent of {node}"))


def silent(device: str) -> Unreachable:
    return Unreachable(device, "read its state", "no answer in time", "Check its power, cables and address.")


def _right(it: Declared) -> object:
    seen = Seen(it.inputs.props())
    if it.kind == "CephCluster":
        outs = {"born": "b", "health": "HEALTH_OK", "healthChecks": {}, "capacityGib": 50.0, "usedGib": 1.5}
        return replace(seen, outs=outs)
    return BmcSeen(seen, Power.ON) if it.kind == "IpmiCredential" else seen
