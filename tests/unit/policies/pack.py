"""The policy pack as the engine runs it: a process that answers over gRPC. No engine, no device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from piston_iac.micro_os.release import IMAGE, Manifest, ReleaseFile
from piston_iac.program import inputs
from piston_iac.site.schema import PoolName, Site

CHECKOUT = Path(__file__).parents[3]
OURS = "pulumi-python:dynamic/piston:"
SECRETS = ("password", "breakGlassPassword", "factoryPassword")
# How the engine marks a secret on the wire.
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_LIMIT_S = 30

Resources = dict[tuple[str, str], dict[str, Any]]
"""Properties by kind and name."""


class Pack:
    """Asks a running pack. Answers are violations as `(policy, text)`."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = analyzer_pb2_grpc.AnalyzerStub(channel)

    def policies(self) -> dict[str, str]:
        """Enforcement level by policy."""
        info = self._stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=_LIMIT_S)
        return {it.name: analyzer_pb2.EnforcementLevel.Name(it.enforcementLevel) for it in info.policies}

    def on_each(self, resources: Resources) -> list[tuple[str, str]]:
        """What is told before each resource is touched."""
        told = []
        for (kind, name), props in resources.items():
            request = analyzer_pb2.AnalyzeRequest(type=OURS + kind, name=name, properties=_wire(props))
            told += _told(self._stub.Analyze(request, timeout=_LIMIT_S))
        return told

    def on_all(self, resources: Resources) -> list[tuple[str, str]]:
        """What is told at the end of the plan."""
        entries = [
            analyzer_pb2.AnalyzerResource(type=OURS + kind, name=name, properties=_wire(props))
            for (kind, name), props in resources.items()
        ]
        stack = analyzer_pb2.AnalyzerResource(type="pulumi:pulumi:Stack", name="piston-lab")
        request = analyzer_pb2.AnalyzeStackRequest(resources=[stack, *entries])
        return _told(self._stub.AnalyzeStack(request, timeout=_LIMIT_S))


def _told(response: Any) -> list[tuple[str, str]]:
    # The SDK puts the policy's description before the text.
    return [(it.policyName, it.message.partition("\n")[2]) for it in response.diagnostics]


def _wire(props: Mapping[str, Any]) -> struct_pb2.Struct:
    sealed = {
        key: {_SIGNATURE: _SECRET, "value": value} if key in SECRETS else value
        for key, value in props.items()
    }
    return json_format.ParseDict(sealed, struct_pb2.Struct())


@contextmanager
def running_pack(config: Mapping[str, str]) -> Iterator[Pack]:
    """Start the pack with that stack configuration, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-u", str(CHECKOUT / "policies")],
        env={"PATH": os.environ["PATH"], "PULUMI_CONFIG": json.dumps(dict(config))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(channel)
    finally:
        process.kill()
        process.communicate(timeout=_LIMIT_S)


def wanted_resources(site: Site) -> Resources:
    """What the program asks the engine for, of the kinds that policies look at."""
    manifest = Manifest(site.release, "", {IMAGE: ReleaseFile("0" * 64, 1)})
    found = {
        ("BootNode", "boot-node"): inputs.boot_node(site, manifest).props(),
        ("CephCluster", "ceph"): inputs.ceph_cluster(site).props(),
    }
    for vlan in (inputs.management_vlan(site), *inputs.data_vlans(site)):
        found["SwitchVlan", f"{vlan.switch}-vlan{vlan.vid}"] = vlan.props()
    for pool in PoolName:
        found["CephPool", f"pool-{pool.value}"] = inputs.ceph_pool(site, pool).props()
    for node in site.nodes:
        found["IpmiCredential", f"{node}-bmc"] = inputs.credential(site, node).props()
        found["BareMetalNode", node] = inputs.bare_metal_node(site, node).props()
    return found
