"""The tenants' program on the stand-in and the real engine: made, drifted, mended, changed, and gone."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.contract.openstack_plugin.conftest import Run, Tenants
from tests.contract.openstack_plugin.fake_cloud import PASSWORD, FakeCloud, serve

pytestmark = pytest.mark.timeout(900)  # eight runs of the engine, before the first test


@dataclass
class Story:
    """What every command said, and what the cloud then held."""

    runs: dict[str, Run] = field(default_factory=dict)
    made: dict[str, dict[str, int]] = field(default_factory=dict)
    writes: dict[str, list[str]] = field(default_factory=dict)
    stored: str = ""
    statuses: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    cloud, server = serve()
    try:
        return _tell(Tenants(tmp_path_factory.mktemp("tenants"), cloud), cloud)
    finally:
        server.shutdown()
        server.server_close()


def _tell(tenants: Tenants, cloud: FakeCloud) -> Story:
    story = Story()

    def run(chapter: str, command: str, *options: str) -> None:
        cloud.requests.clear()
        story.runs[chapter] = tenants.run(command, *options)
        story.made[chapter] = cloud.made()
        story.writes[chapter] = [
            it for it in cloud.requests if not it.startswith("GET") and "/auth/tokens" not in it
        ]

    run("first preview", "preview")
    run("first up", "up")
    story.statuses = {it["status"] for it in cloud.of("compute", "servers").values()}
    run("clean", "preview", "--expect-no-changes")

    # Somebody renames a network, stops a server, removes another one, frees the address, cuts the quota.
    cloud.named("network", "networks", "net")["name"] = "renamed"
    cloud.named("compute", "servers", "web-2")["status"] = "SHUTOFF"
    gone = cloud.named("compute", "servers", "web-3")["id"]
    del cloud.of("compute", "servers")[gone]
    for address in cloud.of("network", "floatingips").values():
        address["port_id"] = None
    project = cloud.named("identity", "projects", "demo")["id"]
    cloud.quotas["compute", project]["cores"] = 1
    run("drift", "preview", "--diff")
    run("repair", "up")

    # A service is down: the plan stands, with what was known last.
    cloud.unreachable.add("volume")
    run("blind", "preview")
    cloud.unreachable.clear()

    # The program changes: the volume grows in place; a new flavor, to which the servers are resized.
    tenants.edit("size=1, opts", "size=2, opts")
    tenants.edit("ram=256", "ram=512")
    run("changed", "up")
    run("destroy", "destroy")
    story.stored = tenants.everything_stored()
    return story


def test_a_preview_touches_nothing_and_knows_what_would_be_made(story: Story) -> None:
    assert story.runs["first preview"].code == 0, story.runs["first preview"].text
    assert "+ 29 to create" in story.runs["first preview"].text
    assert story.writes["first preview"] == []


def test_up_makes_all_of_it(story: Story) -> None:
    assert story.runs["first up"].code == 0, story.runs["first up"].text
    assert story.made["first up"] == {
        "projects": 1,
        "flavors": 1,
        "servers": 3,
        "os-keypairs": 1,
        "networks": 1,
        "subnets": 1,
        "routers": 1,
        "ports": 4,
        "security-groups": 2,  # one is its own, and one Neutron gave it
        "security-group-rules": 3,
        "floatingips": 1,
        "volumes": 1,
        "images": 1,
    }
    assert story.statuses == {"ACTIVE"}


def test_the_stand_in_says_once_that_it_is_one(story: Story) -> None:
    text = story.runs["clean"].text.partition("Diagnostics:")[2]  # progress repeats it
    assert text.count("piston's stand-in for the official plugin") == 1


def test_a_second_run_finds_no_change(story: Story) -> None:
    assert story.runs["clean"].code == 0, story.runs["clean"].text
    assert story.writes["clean"] == []


@pytest.mark.parametrize(
    "line",
    [
        '~ name: "renamed" => "net"',
        '~ powerState: "shutoff" => "active"',
        "~ cores: 1 => 5",
        "+ openstack:compute/instance:Instance: (create)",
        "+ openstack:networking/floatingIpAssociate:FloatingIpAssociate: (create)",
    ],
)
def test_a_plan_names_what_somebody_changed(story: Story, line: str) -> None:
    text = story.runs["drift"].text
    assert line in text, text
    assert "~ 3 to update" in text
    assert "+ 2 to create" in text
    assert story.writes["drift"] == []


def test_up_mends_only_that(story: Story) -> None:
    assert story.runs["repair"].code == 0, story.runs["repair"].text
    paths = [it.partition(" ")[2].split("/")[1:4:2] for it in story.writes["repair"]]
    assert sorted(set(map("/".join, paths))) == [
        "compute/os-quota-sets",
        "compute/servers",
        "network/floatingips",
        "network/networks",
    ]


def test_a_service_that_is_down_stops_no_plan(story: Story) -> None:
    run = story.runs["blind"]
    assert run.code == 0, run.text
    assert "volume data: could not read it: block_storage of http" in run.text
    assert "29 unchanged" in run.text


def test_a_change_is_made_in_place_where_it_can_be(story: Story) -> None:
    run = story.runs["changed"]
    assert run.code == 0, run.text
    writes = "\n".join(story.writes["changed"])
    assert "POST /volume/v3/volumes/" in writes  # os-extend
    assert "DELETE /compute/v2.1/flavors/" in writes
    assert "DELETE /compute/v2.1/servers/" not in writes
    assert "DELETE /volume/v3/volumes/" not in writes


def test_nothing_is_left(story: Story) -> None:
    assert story.runs["destroy"].code == 0, story.runs["destroy"].text
    assert story.made["destroy"] == {}


def test_the_password_is_nowhere(story: Story) -> None:
    assert PASSWORD not in story.stored
