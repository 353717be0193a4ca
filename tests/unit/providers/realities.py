"""Two realities for each resource, as different as they can be, and the providers that look at them.

The drivers are replaced by things that answer from memory; everything above them is the product's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.protocol import BmcUser, BootDevice, Login, Privilege
from piston_iac.devices.boot_node import BootNodeState, StoredFile, StoredRelease
from piston_iac.devices.switch.protocol import Port, StaticRoute, Vlan
from piston_iac.dynamic_providers import (
    bare_metal_node,
    boot_image,
    boot_node,
    ceph_cluster,
    ceph_pool,
    cloud_check,
    cloud_defaults,
    control_plane,
    ipmi_credential,
    openstack_service,
    ovn_central,
    preconditions,
    switch_port,
    switch_route,
    switch_vlan,
)
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsInputs
from piston_iac.dynamic_providers.converging import Props
from piston_iac.errors import AccessRefused, Unreachable
from piston_iac.node_report import Clock, InterfaceState, MirrorState, NodeReport
from piston_iac.plan.ceph.seen import Cluster, Entity, Pool, Rule
from piston_iac.plan.cloud.api_call import Answer
from piston_iac.plan.cloud.catalogue import Identity
from piston_iac.plan.cloud.check.record import Record, write
from piston_iac.plan.cloud.ovn import OvnLook
from piston_iac.plan.cloud.seen import HostLook
from piston_iac.plan.cloud.steps import STORES
from tests.unit.plan.ceph.test_steps import made
from tests.unit.plan.cloud.fake_cloud import FakeCloud
from tests.unit.plan.cloud.samples import control_plane_looks, host_look, identity_of_nova, ovn_looks
from tests.unit.plan.test_node_steps import READY
from tests.unit.providers.fake_openstack import FakeOpenStack, cloud_with
from tests.unit.providers.site_resources import resources_of

Look = Callable[[Any, Props], Props]
"""From a provider and its inputs to the fields that it sees."""
GUID = "00000000-0000-4000-8000-000000000001"


def _unreachable(*_: object) -> Any:
    raise Unreachable("it", "read its state", "it gives no answer", "Wait.")


@dataclass(frozen=True)
class FakeSwitch:
    vlan: Vlan | None = None
    port: Port | None = None
    routes: tuple[StaticRoute, ...] = ()

    def get_vlan(self, vid: int, deadline: Deadline) -> Vlan | None:
        return self.vlan

    def get_port(self, name: str, deadline: Deadline) -> Port | None:
        return self.port

    def get_routes(self, deadline: Deadline) -> tuple[StaticRoute, ...]:
        return self.routes


@dataclass(frozen=True)
class FakeBmc:
    """`passwords` by slot; who logs in must be among `slots`."""

    slots: tuple[BmcUser, ...]
    passwords: dict[int, str]
    device: BootDevice

    @contextmanager
    def session(self, login: Login) -> Iterator[FakeBmc]:
        for user in self.slots:
            right = self.passwords.get(user.slot) == login.password.get_secret_value()
            if user.enabled and user.name == login.user and right:
                yield self
                return
        raise AccessRefused("BMC", "log in", "no", "")

    def guid(self) -> str:
        return GUID

    def users(self) -> tuple[BmcUser, ...]:
        return self.slots

    def password_matches(self, slot: int, password: SecretStr) -> bool:
        return self.passwords.get(slot) == password.get_secret_value()

    def boot_device(self) -> BootDevice:
        return self.device


@dataclass(frozen=True)
class FakeBootNode:
    state: BootNodeState

    def observe(self, deadline: Deadline) -> BootNodeState:
        return self.state


@dataclass(frozen=True)
class FakeNode:
    seen: NodeReport | None

    def report(self, deadline: Deadline) -> NodeReport | None:
        return self.seen

    def power_on(self) -> bool:
        return False


@dataclass(frozen=True)
class FakeCeph:
    cluster: Cluster
    nodes: dict[str, NodeReport | None]

    def reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        return self.nodes

    def observe(self, reports: object, deadline: Deadline) -> Cluster:
        return self.cluster


@dataclass(frozen=True)
class FakeControlPlane:
    """One where all is well, or nothing is."""

    well: bool
    all_answer: bool = False

    def reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        running = replace(READY, uplink="up", services=dict.fromkeys((*STORES, layout.OVN), "running"))
        first = running if self.well else replace(running, stopped={"nova": ("piston-wsgi@nova.service",)})
        return {"n1": first, "n2": running, "n3": running if self.well else None}

    def node_reports(self, deadline: Deadline) -> dict[str, NodeReport | None]:
        return self.reports(deadline)

    def looks(self, reports: object, deadline: Deadline) -> dict[str, HostLook | None]:
        seen = control_plane_looks(self.well)
        return {**seen, "n3": host_look("n3")} if self.all_answer else seen

    def ovn_looks(self, reports: object, deadline: Deadline) -> dict[str, OvnLook | None]:
        return ovn_looks(self.well)

    def identity(self, *given: Any) -> Identity:
        *_, calls, _deadline = given
        return identity_of_nova(self.well, calls)


def _state(settings: dict[str, Any] | None, service: str, digest: str) -> BootNodeState:
    """A boot node with its one service in that state, and one file of a release."""
    release = StoredRelease(True, {"root.squashfs": StoredFile(digest, 1)})
    services = {"piston-dnsmasq.service": service, "chrony.service": service}
    return BootNodeState(settings, services, {"2026.11": release}, {}, {}, {}, None, {}, {}, 0, "b")


def _accounts(right: bool) -> FakeBmc:
    """A BMC as it should be, or one on which everything is wrong but the way in."""
    admin, enabled = Privilege.ADMINISTRATOR, True
    ours, spare = BmcUser(3, "piston", enabled, admin), BmcUser(4, "piston-rescue", enabled, admin)
    factory = BmcUser(2, "ADMIN", not right, admin)
    passwords = {3: "own", 4: "spare"}
    if right:
        return FakeBmc((factory, ours, spare), passwords, BootDevice.NONE)
    lowered = replace(spare, privilege=Privilege.USER)
    other = BmcUser(7, "visitor", enabled, admin)
    # The break-glass user still lets the driver in; our own has another password.
    return FakeBmc((factory, ours, lowered, other), {3: "other", 4: "spare"}, BootDevice.DISK)


def _report() -> NodeReport:
    """A node on which nothing is as on `READY`."""
    return replace(
        READY,
        document="f" * 64,
        release="2020.01",
        files={"/etc/hosts": ""},
        units={"chrony.service": "active", "x.service": "failed"},
        interfaces=(InterfaceState("service", 99, "", 1280, False),),
        gateway="10.30.20.9",
        uplink="no carrier",
        strangers=("visitor.service",),
        flows=("priority=9 actions=drop",),
        image_cache_bytes=5 * 1024**3,
        switch_settings={"hostname": "n9"},
        mirror=MirrorState("degraded", "piston:other:n1", "raid1", ("a",)),
        clock=Clock(False, 9.0, ()),
    )


def _clusters() -> tuple[FakeCeph, FakeCeph]:
    """The same cluster as wanted, and in disorder."""
    it = made()
    look = it.look()
    assert look.cluster
    rules = {name: Rule(name, "host", "") for name in ("piston-host", "own")}
    pool = Pool("vms", 3, 2, 32, "piston-host", ("rbd",), 0, autoscale=False)
    right = replace(look.cluster, pools={"vms": pool}, rules=rules)
    it.flags, it.options = ("noout",), {"osd/osd_max_backfills": "9"}
    it.auth["osd.0"] = Entity("", {"mon": "allow *"})
    it.auth["client.visitor"] = Entity("", {})
    it.osds[3] = replace(it.osds[3], is_in=False)
    it.nodes["n1"].mon_runs = False
    it.nodes["n5"].answers = False
    other = it.look()
    assert other.cluster
    odd = Pool("vms", 2, 1, 8, "own", ("rgw",), 5, autoscale=True)
    wrong = replace(
        other.cluster,
        fsid="00000000-0000-4000-8000-0000000000ff",
        mgrs=("n3",),
        pools={"vms": odd},
        rules=rules,
    )
    return FakeCeph(right, dict(look.reports)), FakeCeph(wrong, dict(other.reports))


def _vlans() -> tuple[object, object]:
    return FakeSwitch(vlan=Vlan(20, "service", "10.30.20.1/24", 1500)), FakeSwitch(
        vlan=Vlan(20, "other", "", 9000)
    )


def _default_cloud() -> FakeOpenStack:
    """A cloud with all that the example wants of it."""
    inputs = next(it.inputs for it in resources_of("example") if it.name == "cloud-defaults")
    assert isinstance(inputs, CloudDefaultsInputs)
    return FakeOpenStack(cloud_with(inputs.wanted()))


class FakeChecked:
    """What Keystone keeps of the last check, and nodes that all take machines."""

    def __init__(self, answers: tuple[Answer, ...]) -> None:
        self._answers = answers

    def ask(self, *_: object) -> tuple[Answer, ...]:
        """To the calls of a look."""
        return self._answers


def _checked(last: Record) -> FakeChecked:
    kept = write("p", last).body["project"]
    nodes = [{"host": f"n{it}", "state": "up", "status": "enabled"} for it in range(1, 9)]
    return FakeChecked((Answer(200, {"projects": [kept]}), Answer(200, {"services": nodes})))


def realities() -> dict[str, tuple[object, str, tuple[object, ...]]]:
    """By resource: the module that opens the driver, what it calls for that, and the drivers to open."""
    (right, wrong), (vlan, other_vlan) = _clusters(), _vlans()
    up, down = FakeBootNode(_state({"site": "lab"}, "active", "1")), FakeBootNode(_state(None, "failed", "2"))
    here, there = Port("p", 20, (), "n1"), Port("p", 0, (20, 30), "n2")
    routes = [FakeSwitch(routes=(StaticRoute("0.0.0.0/0", hop),)) for hop in ("10.30.0.1", "10.30.0.2")]
    switch = "open_switch"
    return {
        "SwitchVlan": (switch_vlan, switch, (vlan, other_vlan, FakeSwitch())),
        "SwitchPort": (switch_port, switch, (FakeSwitch(port=here), FakeSwitch(port=there))),
        "SwitchRoute": (switch_route, switch, (*routes, FakeSwitch())),
        "IpmiCredential": (ipmi_credential, "open_bmc", (_accounts(True), _accounts(False))),
        "BootNode": (boot_node, "open_boot_node", (up, down)),
        "BootImage": (boot_image, "open_boot_node", (up, down)),
        "BareMetalNode": (
            bare_metal_node,
            "open_node",
            (FakeNode(READY), FakeNode(_report()), FakeNode(None)),
        ),
        "CephCluster": (ceph_cluster, "open_ceph", (right, wrong)),
        "ControlPlane": (
            control_plane,
            "open_control_plane",
            (FakeControlPlane(True), FakeControlPlane(False), FakeControlPlane(False, True)),
        ),
        "OvnCentral": (
            ovn_central,
            "open_control_plane",
            (FakeControlPlane(True), FakeControlPlane(False)),
        ),
        "OpenStackService": (
            openstack_service,
            "open_control_plane",
            (FakeControlPlane(True), FakeControlPlane(False)),
        ),
        "CloudDefaults": (
            cloud_defaults,
            "open_control_plane",
            (_default_cloud(), FakeOpenStack(FakeCloud())),
        ),
        # It reads nothing back: one of them would do.
        "Preconditions": (preconditions, "open_control_plane", (FakeOpenStack(FakeCloud()),)),
        "CloudCheck": (
            cloud_check,
            "open_control_plane",
            (_checked(Record("d", time.time(), ["n1"])), _checked(Record())),
        ),
        "CephPool": (ceph_pool, "open_ceph", (right, wrong, FakeCeph(replace(right.cluster, pools={}), {}))),
    }


def opening(driver: object) -> Callable[..., object]:
    """What opens that driver, whatever it is given."""
    return lambda *_: driver


class Silent:
    """A device that answers nothing, whatever one asks of its driver."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _unreachable


def put_in_place(patch: pytest.MonkeyPatch, resource: str, driver: object) -> None:
    """Have that resource's module open this driver."""
    module, opener, _ = realities()[resource]
    patch.setattr(module, opener, opening(driver))
