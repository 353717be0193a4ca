"""Which calls bring a cloud to its defaults, whatever was there, and which fields a plan compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud import default_flavors, defaults
from piston_iac.plan.cloud.default_flavors import MARK, WantedFlavor
from piston_iac.plan.cloud.default_network import WantedNetwork
from piston_iac.plan.cloud.defaults import WantedDefaults
from tests.unit.plan.cloud.fake_cloud import ADMIN, GUEST_SHA256, FakeCloud, rule

QUOTA = {
    "instances": 10,
    "cores": 20,
    "ramMib": 51200,
    "volumes": 10,
    "snapshots": -1,
    "backups": 10,
    "gigabytes": 1000,
}
WANTED = WantedDefaults(
    "admin",
    WantedNetwork("public", 50, 1500, "10.64.48.0/22", "10.64.48.1", "10.64.49.0", "10.64.51.250"),
    {"m1.tiny": WantedFlavor(1, 512, 5, True), layout.CHECK_FLAVOR: default_flavors.CHECK},
    GUEST_SHA256,
    QUOTA,
)
Damage = Callable[[FakeCloud], Any]


def look(cloud: FakeCloud) -> defaults.Records:
    asked = defaults.look(WANTED.admin)
    return defaults.records(asked, cloud.ask(asked))


def seen(cloud: FakeCloud, wanted: WantedDefaults = WANTED) -> dict[str, Any]:
    return defaults.seen_fields(wanted, look(cloud))


def converged(cloud: FakeCloud, wanted: WantedDefaults = WANTED) -> FakeCloud:
    """Send what is needed until nothing is."""
    cloud.sent.clear()
    for _ in range(10):
        needed = defaults.calls(wanted, look(cloud))
        if not needed:
            return cloud
        for calls in needed.values():
            cloud.change(calls)
    raise AssertionError(f"it never ends: {needed}")


def made() -> FakeCloud:
    return converged(FakeCloud())


def test_a_new_cloud_is_given_all_and_then_nothing_more() -> None:
    cloud = made()
    assert seen(cloud) == defaults.wanted_fields(WANTED)
    assert converged(cloud).sent == []


def test_values_are_readable() -> None:
    fields = defaults.wanted_fields(WANTED)
    assert fields["flavors"] == {
        "m1.tiny": "1 vCPU, 512 MiB, 5 GiB",
        "piston.check": "1 vCPU, 128 MiB, 1 GiB, not public",
    }
    network = fields["publicNetwork"]
    assert (network["segment"], network["floating"]) == ("vlan 50 on public", "10.64.49.0-10.64.51.250")
    assert fields["checkAccess"]["rules"][-1] == "ingress IPv4 tcp 80"


def of(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(it for it in rows if it["name"] == name)


def renamed_id(cloud: FakeCloud) -> None:
    of(cloud.flavors, "m1.tiny").update(id="7", ram=64)


DAMAGES: dict[str, tuple[str, Damage]] = {
    "network gone": ("publicNetwork", lambda it: (it.networks.clear(), it.subnets.clear())),
    "network of another segment": (
        "publicNetwork",
        lambda it: it.networks[0].update({"provider:segmentation_id": 51}),
    ),
    "network of another kind": (
        "publicNetwork",
        lambda it: it.networks[0].update({"provider:network_type": "flat"}),
    ),
    "network on another bridge": (
        "publicNetwork",
        lambda it: it.networks[0].update({"provider:physical_network": "other"}),
    ),
    "network shared": ("publicNetwork", lambda it: it.networks[0].update(shared=True)),
    "network down": ("publicNetwork", lambda it: it.networks[0].update(admin_state_up=False)),
    "network internal": ("publicNetwork", lambda it: it.networks[0].update({"router:external": False})),
    "network mtu": ("publicNetwork", lambda it: it.networks[0].update(mtu=1400)),
    "subnet gone": ("publicNetwork", lambda it: it.subnets.clear()),
    "subnet of other addresses": ("publicNetwork", lambda it: it.subnets[0].update(cidr="10.9.0.0/24")),
    "no gateway": ("publicNetwork", lambda it: it.subnets[0].update(gateway_ip=None)),
    "dhcp": ("publicNetwork", lambda it: it.subnets[0].update(enable_dhcp=True)),
    "floating range": (
        "publicNetwork",
        lambda it: it.subnets[0].update(allocation_pools=[{"start": "10.64.48.2", "end": "10.64.48.9"}]),
    ),
    "flavor gone": ("flavors", lambda it: it.flavors.pop()),
    "flavor of another size under another id": ("flavors", renamed_id),
    "flavor that is not public": (
        "flavors",
        lambda it: of(it.flavors, "m1.tiny").update({"os-flavor-access:is_public": False}),
    ),
    "flavor with extra specs": (
        "flavors",
        lambda it: of(it.flavors, "m1.tiny").update(extra_specs={"hw:cpu_policy": "dedicated"}),
    ),
    "flavor with swap": ("flavors", lambda it: of(it.flavors, "m1.tiny").update(swap=512)),
    "image gone": ("images", lambda it: it.images.clear()),
    "image with nothing in it": ("images", lambda it: it.images[0].update(status="queued")),
    "image half uploaded": ("images", lambda it: it.images[0].update(status="saving", os_hash_value=None)),
    "image switched off": ("images", lambda it: it.images[0].update(status="deactivated")),
    "image hidden": ("images", lambda it: it.images[0].update(visibility="private")),
    "image of other data": ("images", lambda it: it.images[0].update(os_hash_value="cd" * 32)),
    "image of another format": ("images", lambda it: it.images[0].update(disk_format="qcow2")),
    "image twice": ("images", lambda it: it.images.append({**it.images[0], "id": "id-0"})),
    "quota of machines": ("quota", lambda it: it.compute_quota.update(cores=-1)),
    "quota of volumes": ("quota", lambda it: it.volume_quota.update(gigabytes=1)),
    "project off": ("checkAccess", lambda it: of(it.projects, layout.CHECK).update(enabled=False)),
    "no role": ("checkAccess", lambda it: it.role_assignments.pop()),
    "no security group": ("checkAccess", lambda it: it.security_groups.clear()),
    "rule gone": ("checkAccess", lambda it: it.security_groups[0]["security_group_rules"].pop()),
    "rule too many": (
        "checkAccess",
        lambda it: it.security_groups[0]["security_group_rules"].append(
            {"id": "x", **rule("ingress", "IPv4", "tcp", 443)}
        ),
    ),
    "rule for some alone": (
        "checkAccess",
        lambda it: it.security_groups[0]["security_group_rules"][-1].update(remote_ip_prefix="10.0.0.0/8"),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_changed_behind_our_back_is_told_and_mended(damage: str) -> None:
    field, do = DAMAGES[damage]
    cloud, right = made(), defaults.wanted_fields(WANTED)
    do(cloud)
    before = seen(cloud)
    assert {name for name in right if before[name] != right[name]} == {field}
    assert list(defaults.calls(WANTED, look(cloud))) == [field]
    assert seen(converged(cloud)) == right


def test_a_flavor_is_made_anew_under_its_id() -> None:
    cloud = made()
    renamed_id(cloud)
    converged(cloud)
    assert [it.method for it in cloud.sent] == ["DELETE", "POST"]
    assert of(cloud.flavors, "m1.tiny")["id"] == "7"


def test_flavors_that_are_ours_and_wanted_no_more_go_and_others_stay() -> None:
    cloud = made()
    tiny = of(cloud.flavors, "m1.tiny")
    cloud.flavors.append({**tiny, "id": "1", "name": "m1.old", "description": MARK})
    cloud.flavors.append({**tiny, "id": "2", "name": "theirs", "description": None})
    assert seen(cloud)["flavors"].keys() == {"m1.tiny", layout.CHECK_FLAVOR, "m1.old"}
    converged(cloud)
    assert [it["name"] for it in cloud.flavors] == ["m1.tiny", layout.CHECK_FLAVOR, "theirs"]


def test_what_somebody_made_by_hand_is_adopted() -> None:
    cloud = made()
    for row in (of(cloud.flavors, "m1.tiny"), cloud.networks[0], cloud.subnets[0]):
        row["description"] = "by hand"
    assert converged(cloud).sent == []


def test_networks_images_and_groups_of_that_name_in_other_projects_are_not_ours() -> None:
    cloud = made()
    cloud.networks.insert(0, {**cloud.networks[0], "id": "a", "project_id": "p-other", "shared": True})
    cloud.images.insert(0, {**cloud.images[0], "id": "a", "owner": "p-other", "status": "queued"})
    group = {**cloud.security_groups[0], "id": "a", "project_id": "p-other", "security_group_rules": []}
    cloud.security_groups.insert(0, group)
    assert seen(cloud) == defaults.wanted_fields(WANTED)
    assert converged(cloud).sent == []


def test_a_subnet_that_the_operator_added_is_his() -> None:
    cloud = made()
    other = {**cloud.subnets[0], "id": "a", "name": "more", "cidr": "10.9.0.0/24"}
    cloud.subnets.insert(0, other)
    assert converged(cloud).sent == []


def test_the_former_image_stays_until_the_new_one_is_there() -> None:
    cloud = made()
    cloud.images[0]["os_hash_value"] = "cd" * 32
    converged(cloud)
    assert [it.method for it in cloud.sent] == ["POST", "PUT", "DELETE"]


def test_without_a_digest_the_data_is_not_compared() -> None:
    wanted = WantedDefaults(WANTED.admin, WANTED.network, WANTED.flavors, "", WANTED.quota)
    cloud = made()
    cloud.images[0]["os_hash_value"] = "cd" * 32
    assert "digest" not in defaults.wanted_fields(wanted)["images"][layout.CHECK]
    assert seen(cloud, wanted) == defaults.wanted_fields(wanted)
    assert converged(cloud, wanted).sent == []


@pytest.mark.parametrize(
    ("port", "name", "unknown"),
    [
        (layout.NEUTRON_PORT, "Neutron", {"publicNetwork", "checkAccess"}),
        (layout.NOVA_PORT, "Nova", {"flavors", "quota"}),
        (layout.CINDER_PORT, "Cinder", {"quota"}),
        (layout.GLANCE_PORT, "Glance", {"images"}),
        (layout.KEYSTONE_PORT, "Keystone", {"publicNetwork", "images", "checkAccess"}),
    ],
)
def test_of_a_service_that_does_not_work_nothing_is_known(port: int, name: str, unknown: set[str]) -> None:
    cloud = made()
    cloud.broken.add(port)
    right = defaults.wanted_fields(WANTED)
    assert seen(cloud) == {field: value for field, value in right.items() if field not in unknown}
    assert defaults.silent(defaults.look(WANTED.admin), look(cloud)) == (name,)
    assert defaults.calls(WANTED, look(cloud)) == {}


def test_a_service_that_refuses_to_tell_is_named() -> None:
    cloud = made()
    cloud.refusals["GET", "/v2.1/flavors/detail"] = (403, "no")
    with pytest.raises(ValueError, match=r"Nova refuses /v2\.1/flavors/detail"):
        look(cloud)


def test_a_name_with_odd_characters_stays_one_name() -> None:
    paths = [it.path for it in defaults.look("a&b=c")]
    assert "/v3/users?domain_id=default&name=a%26b%3Dc" in paths


def test_roles_are_those_of_the_administrator_in_that_project() -> None:
    cloud = made()
    held = {it["role"]["id"] for it in cloud.role_assignments if it["user"]["id"] == ADMIN}
    assert held == {"r-admin", "r-member"}
    for it in cloud.role_assignments:
        it["scope"] = {"system": {"all": True}}
    assert seen(cloud)["checkAccess"]["roles"] == []
