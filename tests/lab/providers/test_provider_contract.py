"""All seven kinds of resource keep the same contract on our host and on the stock host.

Both stories play on one rack, one after the other: what the first leaves behind, the second finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.providers.conftest import MakeProject
from tests.lab.providers.engine import Run
from tests.lab.providers.rack import SmallRack
from tests.lab.providers.story import Step, Story, secrets_of, tell_story

KINDS = {
    "BareMetalNode",
    "BootImage",
    "BootNode",
    "IpmiCredential",
    "SwitchPort",
    "SwitchRoute",
    "SwitchVlan",
}
# Of each drift the resource, the field, the value found and the value wanted. Of digests the beginning.
DRIFTS = {
    "port-core": ("vid", "99", "4"),
    "data-public": ("gateway", "10.30.50.9/24", "10.30.50.1/24"),
    "route": ("nextHop", "10.30.0.2", "10.30.0.1"),
    "bmc": ("login", "other password", "right"),
    "boot-node": ("services.chrony.service", "inactive", "active"),
    "image": ("files.root.squashfs", "[0-9a-f]{64}", "[0-9a-f]{64}"),
    "n1": ("files./etc/hosts", "sha256:[0-9a-f]{12}", "sha256:[0-9a-f]{12}"),
}
# What a repair may cost: three transactions at the data switch; a password; settings and a file at the
# boot node; a file on the node.
REPAIR_WRITES = {"data": 3, "mgmt": 0, "bmc": 1, "boot node": 2, "n1": 1}


@pytest.fixture(scope="module", params=[True, False], ids=["our host", "stock host"])
def story(
    request: pytest.FixtureRequest, started_rack: SmallRack, make_project: MakeProject
) -> Iterator[Story]:
    project = make_project(own_host=request.param)
    try:
        yield tell_story(started_rack, project)
    finally:
        print("\n".join(project.transcript))


def written(step: Step) -> dict[str, int]:
    """What each device counted during a step."""
    before, after = step.before, step.after
    counts = {name: after.switches[name] - before.switches[name] for name in after.switches}
    counts["bmc"] = after.bmcs["n1"] - before.bmcs["n1"]
    counts["n1"] = (after.nodes["n1"] or 0) - (before.nodes["n1"] or 0)
    counts["boot node"] = (after.boot_node or 0) - (before.boot_node or 0)
    return counts


def only(run: Run, **operations: int) -> None:
    """Assert that the run went well and did nothing but these."""
    assert run.code == 0, run.text
    assert run.operations() == operations, run.text


def size(story: Story) -> int:
    """How many resources the program declares."""
    return sum(story.create.operations().values())


def test_every_kind_is_in_it(story: Story) -> None:
    assert set(re.findall(r"dynamic/piston:(\w+)", story.create.text)) == KINDS


def test_up_creates_all(story: Story) -> None:
    only(story.create, create=size(story))


def test_a_second_up_changes_nothing(story: Story) -> None:
    only(story.again.run, same=size(story))
    assert set(written(story.again).values()) == {0}


def test_without_a_state_up_adopts_everything(story: Story) -> None:
    only(story.adopt.run, create=size(story))
    assert set(written(story.adopt).values()) == {0}


def test_a_preview_names_just_what_drifted(story: Story) -> None:
    only(story.preview, update=len(DRIFTS), same=size(story) - len(DRIFTS))
    assert story.preview.updates().keys() == DRIFTS.keys()


@pytest.mark.parametrize("resource", DRIFTS)
def test_a_drift_has_field_old_and_new(story: Story, resource: str) -> None:
    field, old, new = DRIFTS[resource]
    changes = story.preview.updates()[resource]
    assert list(changes) == [field]
    found, wanted = (str(value) for value in changes[field])
    assert re.fullmatch(old, found), changes
    assert re.fullmatch(new, wanted), changes


@pytest.mark.parametrize("resource", DRIFTS)
def test_a_drift_can_be_read_off_the_screen(story: Story, resource: str) -> None:
    field, old, new = DRIFTS[resource]
    plan = story.preview.text.partition("pulumi:pulumi:Stack: (same)")[2]
    shown = plan.partition(f"::{resource}]\n")[2].partition("[urn=")[0]
    key = re.escape(field.partition(".")[2] or field)
    assert re.search(rf'~ {key} *: "?{old}"? => "?{new}"?\n', shown), shown


def test_up_repairs_it_and_nothing_else(story: Story) -> None:
    only(story.repair.run, update=len(DRIFTS), same=size(story) - len(DRIFTS))
    assert written(story.repair) == REPAIR_WRITES
    assert story.repaired == story.healthy
    only(story.clean, same=size(story))


def test_no_secret_is_stored_or_printed(story: Story) -> None:
    assert "lab/n1/bmc" in story.stored
    assert [what for what, secret in secrets_of(story.site).items() if secret in story.stored] == []


def test_destroy_takes_all_out_of_the_state(story: Story) -> None:
    only(story.destroy, delete=size(story))


def test_ports_are_as_from_the_factory(story: Story) -> None:
    ports = {
        name: row
        for switch in ("data", "mgmt")
        for name, row in story.handed_back.switches[switch]["port"].items()
    }
    for name in ("core", "n1-data", "boot", "n1-boot", "n1-bmc"):
        assert ports[name] == [1, _nothing(), "access", ["map", []]], name


def test_vlans_and_routes_are_gone_but_for_the_way_in(story: Story) -> None:
    data, management = (story.handed_back.switches[switch] for switch in ("data", "mgmt"))
    assert [name for name in data["port"] if name.startswith("vlan")] == []
    assert data["bridge"]["sw"] == [["map", []]]
    assert [name for name in management["port"] if name.startswith("vlan")] == ["vlan10"]
    assert management["port"]["operator"][0] == management["port"]["oob-data"][0] == 10


def test_the_node_is_off_and_its_mirror_untouched(story: Story) -> None:
    back = story.handed_back
    assert not back.powered_on
    assert back.disks == back.disks_before
    assert len(back.disks) == 4
    assert all('LABEL="piston:lab:n1"' in disk for disk in back.disks), back.disks


def test_the_bmc_knows_its_factory_login_and_not_ours(story: Story) -> None:
    assert story.handed_back.factory_login
    assert story.handed_back.our_logins == [False, False]


def _nothing() -> list[Any]:
    """An empty column, as ovs-vsctl prints it."""
    return ["set", []]
