"""A control plane on a rack that had storage alone: put on by one command, told truly, proof against a loss.

Each way in which each host can be lost, and all of them together, is in tests/long/test_control_outages.py;
every kind of drift in tests/long/test_cloud_drift.py.
"""

from __future__ import annotations

import time

import pytest

from piston_iac.lab.settings import from_environment
from tests.lab import cloud_secrets
from tests.lab.cloud import ADDRESS, HOSTS, Cloud
from tests.lab.cloud_drifts import ROUNDS, inject, missed
from tests.lab.operator_shell import NODES, Rack
from tests.lab.secret_places import disk_files, files_below, in_directory
from tests.lab.secret_search import Search

# Engine runs of the whole site, on a machine that may be busy.
pytestmark = pytest.mark.timeout(900)
AWAY_S = 10.0
APIS = ("keystone", "glance", "placement", "write")


@pytest.fixture(scope="module")
def cloud(ready: Rack) -> Cloud:
    made = Cloud(ready)
    done = made.up()
    assert done.code == 0, done.text
    made.wait_whole()
    return made


def test_the_apis_answer_on_the_core_network(cloud: Cloud) -> None:
    for port, path in ((5000, "/v3"), (9292, "/healthcheck"), (8778, "/")):
        curl = f"curl -s -o /dev/null -w '%{{http_code}}' --cacert {cloud.ca_file()} --max-time 5"
        assert cloud.rack.lab(f"exec core -- {curl} https://{ADDRESS}:{port}{path}").strip() == "200", port


def test_a_plan_and_a_second_up_find_nothing_to_do(cloud: Cloud) -> None:
    plan = cloud.preview()
    assert plan.is_clean(), plan.text
    before = cloud.rack.writes()
    again = cloud.up()
    assert again.is_clean(), again.text
    assert cloud.rack.writes() == before


def test_drifts_are_told_and_mended(cloud: Cloud) -> None:
    drifts = ROUNDS["members"]
    for drift in drifts.values():
        inject(cloud, drift)
    plan = cloud.preview()
    assert missed(drifts, plan.told()) == [], plan.text
    assert cloud.up().code == 0
    after = cloud.preview()
    assert after.is_clean(), after.text


def test_the_host_that_holds_the_address_loses_power(cloud: Cloud) -> None:
    holder = next(host for host in HOSTS if cloud.look(host)["address"])
    before = cloud.database_id()
    with cloud.probe() as probe:
        since = time.monotonic()
        cloud.rack.lab(f"blackout {holder}")
        time.sleep(20.0)
        cloud.rack.lab(f"power {holder} on")
        cloud.wait_whole()
        away = {api: round(probe.longest_s(api, since), 1) for api in APIS}
        lost = probe.promised() - cloud.projects()
    assert max(away.values()) <= AWAY_S, away
    assert not lost
    assert {cloud.look(host)["database"]["cluster"] for host in HOSTS} == {before}


def test_secrets_of_the_services_are_where_they_are_needed_and_nowhere_else(cloud: Cloud) -> None:
    wanted = cloud_secrets.credentials(cloud.site())
    search, lab = Search(wanted), from_environment()
    hits = cloud_secrets.in_nodes(search, lab)
    assert cloud_secrets.not_found(hits, wanted) == set()
    disks = [file for node in NODES for file in disk_files(lab, node).values()]
    hits |= in_directory(search, lab.directory, [*disks, *files_below(lab.images)])
    plan = cloud.rack.shell(
        f"pulumi preview --stack lab --config-file {cloud.stack} --non-interactive --diff"
    )
    # It ends with another status while something is not as wanted: a host has just come back.
    told = {"plan": plan.text.encode(), "status": cloud.rack.shell("piston status lab --json").text.encode()}
    hits |= search.in_pieces(told)
    assert cloud_secrets.leaks(hits) == []
