"""How CloudDefaults is made, mended, waited for and refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.dynamic_providers import cloud_defaults, runtime
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsInputs, CloudDefaultsProvider
from piston_iac.plan.cloud.default_network import NAME as PUBLIC
from tests.unit.plan.cloud.fake_cloud import FakeCloud
from tests.unit.providers.fake_openstack import FakeOpenStack, cloud_with
from tests.unit.providers.realities import opening
from tests.unit.providers.site_resources import resources_of

INPUTS = next(it.inputs for it in resources_of("example") if it.name == "cloud-defaults")
assert isinstance(INPUTS, CloudDefaultsInputs)
PROPS = INPUTS.props()
COMPARED = ("publicNetwork", "flavors", "images", "quota", "checkAccess")
Open = Callable[[FakeCloud], FakeOpenStack]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Has the provider talk to that cloud, and wait without losing time."""

    def open_it(cloud: FakeCloud) -> FakeOpenStack:
        driver = FakeOpenStack(cloud)
        monkeypatch.setattr(cloud_defaults, "open_control_plane", opening(driver))
        return driver

    monkeypatch.setattr(cloud_defaults, "_WAITING", replace(cloud_defaults._WAITING, poll_s=0.0))
    return open_it


def whole() -> FakeCloud:
    return cloud_with(INPUTS.wanted())


def create() -> dict[str, Any]:
    made = CloudDefaultsProvider().create(PROPS)
    assert made.id == "example/cloud-defaults"
    return dict(made.outs or {})


def refused(act: Callable[[], object]) -> runtime.HalfMade:
    with pytest.raises(runtime.HalfMade) as caught:
        act()
    return caught.value


def test_it_is_made_and_then_it_is_as_wanted(opened: Open) -> None:
    opened(FakeCloud())
    made = create()
    assert {name: made[name] for name in COMPARED} == {name: PROPS[name] for name in COMPARED}
    read = CloudDefaultsProvider().read("example/cloud-defaults", made)
    assert not CloudDefaultsProvider().diff("example/cloud-defaults", read.outs or {}, PROPS).changes


def test_what_is_right_is_adopted(opened: Open) -> None:
    cloud = whole()
    opened(cloud)
    cloud.sent.clear()
    create()
    assert cloud.sent == []


def test_a_drift_is_seen_and_mended(opened: Open) -> None:
    cloud = whole()
    opened(cloud)
    cloud.compute_quota["cores"] = 1
    cloud.networks[0]["shared"] = True
    read = CloudDefaultsProvider().read("example/cloud-defaults", PROPS).outs or {}
    assert (read["quota"]["cores"], read["publicNetwork"]["use"]) == (1, "external, shared")
    mended = CloudDefaultsProvider().update("example/cloud-defaults", read, PROPS).outs or {}
    assert {name: mended[name] for name in COMPARED} == {name: PROPS[name] for name in COMPARED}


def test_an_api_that_comes_late_is_waited_for(opened: Open) -> None:
    driver = opened(FakeCloud())
    driver.away[layout.NOVA_PORT] = 4
    assert create()["flavors"] == PROPS["flavors"]


def test_calls_that_are_lost_are_made_again_and_do_not_count_as_tries(opened: Open) -> None:
    driver = opened(FakeCloud())
    driver.lost = 5
    made = create()
    assert {name: made[name] for name in COMPARED} == {name: PROPS[name] for name in COMPARED}
    assert driver.lost < 0


def test_what_is_in_use_keeps_nothing_else_from_being_done(opened: Open) -> None:
    cloud = whole()
    opened(cloud)
    network = cloud.networks[0]
    network["provider:network_type"] = "flat"
    cloud.refusals["DELETE", f"/v2.0/networks/{network['id']}"] = (409, "There are ports still in use.")
    cloud.flavors.clear()
    cloud.sent.clear()
    error = refused(create)
    assert [it.path for it in cloud.sent if it.method == "DELETE"] == [f"/v2.0/networks/{network['id']}"]
    assert "There are ports still in use" in error.reasons[0]
    assert {it["name"] for it in cloud.flavors} == set(INPUTS.flavors)
    assert cloud.networks == [network]


def test_what_stays_in_the_way_is_named_in_the_services_own_words(opened: Open) -> None:
    cloud = whole()
    opened(cloud)
    tiny = next(it for it in cloud.flavors if it["name"] == "m1.tiny")
    tiny.update(name="other", description=None)
    error = refused(create)
    assert "Flavor with ID m1.tiny already exists" in error.reasons[0]


def test_what_a_broken_service_would_tell_keeps_its_last_value(opened: Open) -> None:
    cloud = whole()
    driver = opened(cloud)
    before = {**PROPS, "flavors": {"m1.tiny": "something"}}
    driver.away[layout.NOVA_PORT] = 1
    cloud.volume_quota["volumes"] = 1
    read = CloudDefaultsProvider().read("example/cloud-defaults", before).outs or {}
    assert read["flavors"] == {"m1.tiny": "something"}
    assert read["quota"] == PROPS["quota"]
    assert read["fault"] == ""


def test_deleting_it_takes_nothing_away_from_users(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud, told = whole(), []
    opened(cloud)
    cloud.sent.clear()
    monkeypatch.setattr(runtime, "info_once", told.append)
    CloudDefaultsProvider().delete("example/cloud-defaults", PROPS)
    assert cloud.sent == []
    assert PUBLIC in told[0]
    assert "stay" in told[0]


def test_a_preview_of_an_install_says_what_it_would_make(opened: Open) -> None:
    lines = CloudDefaultsProvider().outlook(INPUTS, CloudDefaultsProvider()._look(INPUTS))
    assert "10.64.48.0/22" in lines[0]
    assert "m1.tiny" in lines[1]
