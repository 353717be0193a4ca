"""What services tell of their agents, how a plan shows it, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.cloud import agents
from piston_iac.plan.cloud.agents import Agent, AgentLook, mend, seen_agents
from tests.unit.plan.cloud.samples import nova_service
from tests.unit.plan.test_node_steps import READY

CONTROL, NODES = ("n1", "n2", "n3"), ("n1", "n2", "n3", "n4")
HERE = replace(READY, phase="settled", uplink="up")
REPORTS: dict[str, NodeReport | None] = dict.fromkeys(NODES, HERE)


def ovn(node: str, binary: str = "ovn-controller", **changes: Any) -> dict[str, Any]:
    kind = "OVN Controller Gateway agent" if binary == "ovn-controller" else "OVN Metadata agent"
    known = {"id": f"{binary} of {node}", "host": node, "binary": binary, "agent_type": kind, "alive": True}
    return {**known, **changes}


def volume(host: str, binary: str, **changes: Any) -> dict[str, Any]:
    known = {"host": host, "binary": binary, "state": "up", "status": "enabled", "disabled_reason": None}
    return {**known, **changes}


def nova(**changes: Mapping[str, Any] | None) -> tuple[Agent, ...]:
    """All that there is to be. By node, what is otherwise about its nova-compute; None: no record of it."""
    rows = [nova_service(node, name) for node in CONTROL for name in agents.COMPUTE.control]
    for node in (*NODES, *(changes.keys() - set(NODES))):
        if (change := changes.get(node, {})) is not None:
            rows.append(nova_service(node, "nova-compute", **change))
    return agents.COMPUTE.read({"services": rows})


WANTED = agents.COMPUTE.wanted(CONTROL, NODES)


def test_all_agents_of_a_site_are_wanted_up() -> None:
    assert len(WANTED) == 2 * 3 + 4
    assert set(WANTED.values()) == {"up"}
    assert seen_agents(WANTED, nova(), (), {}) == WANTED
    assert mend(agents.COMPUTE, WANTED, nova(), REPORTS) == agents.Mending()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "down"}, "down"),
        ({"status": "disabled"}, "disabled"),
        ({"status": "disabled", "disabled_reason": "disk"}, "disabled (disk)"),
        ({"status": "disabled", "state": "down"}, "disabled, down"),
        ({"state": "down", "forced_down": True}, "forced down"),
        (None, "missing"),
    ],
)
def test_what_is_wrong_with_one_is_told_in_words(change: Mapping[str, Any] | None, words: str) -> None:
    seen = seen_agents(WANTED, nova(n4=change), (), {})
    assert {key: it for key, it in seen.items() if it != "up"} == {"n4 nova-compute": words}


def test_a_node_that_is_away_is_told_by_its_own_resource_alone() -> None:
    reports = {**REPORTS, "n3": None, "n4": replace(HERE, uplink="no carrier")}
    silent = agents.silent_nodes(reports)
    assert silent == {"n3", "n4"}
    down = nova(n3={"state": "down"}, n4=None)
    assert seen_agents(WANTED, down, silent, {}) == WANTED
    before = {**WANTED, "n4 nova-compute": "disabled"}
    assert seen_agents(WANTED, down, silent, before) == before
    assert mend(agents.COMPUTE, WANTED, down, reports) == agents.Mending()


def test_a_node_that_still_applies_its_document_is_named_and_not_mended() -> None:
    reports = {**REPORTS, "n4": replace(HERE, phase="applying")}
    step = mend(agents.COMPUTE, WANTED, nova(n4=None), reports)
    assert (step.waits, step.busy) == ((), ("n4",))
    assert mend(agents.COMPUTE, WANTED, nova(), reports) == agents.Mending()


def test_one_that_is_down_has_its_node_apply_its_document() -> None:
    step = mend(agents.COMPUTE, WANTED, nova(n2={"state": "down"}, n4=None), REPORTS)
    assert (step.calls, step.nodes, step.dead) == ((), ("n2", "n4"), ())
    assert step.waits == ("n2 nova-compute (down)", "n4 nova-compute (missing)")


def test_a_kind_of_which_none_works_is_named() -> None:
    step = mend(agents.COMPUTE, WANTED, nova(**dict.fromkeys(NODES)), REPORTS)
    assert step.dead == ("nova-compute",)


def test_one_that_was_switched_off_is_switched_on() -> None:
    step = mend(agents.COMPUTE, WANTED, nova(n4={"status": "disabled", "disabled_reason": "disk"}), REPORTS)
    (call,) = step.calls
    assert (call.method, call.path, call.body) == (
        "PUT",
        "/v2.1/os-services/nova-compute of n4",
        {"status": "enabled"},
    )
    assert (step.nodes, step.waits) == ((), ("n4 nova-compute (disabled (disk))",))
    (call,) = mend(agents.COMPUTE, WANTED, nova(n4={"forced_down": True}), REPORTS).calls
    assert call.body == {"forced_down": False}


def test_records_of_nodes_that_are_gone_are_told_and_removed_once_they_are_dead() -> None:
    left = nova(n9={"state": "down"})
    assert seen_agents(WANTED, left, (), {})["n9 nova-compute"] == "down"
    (call,) = mend(agents.COMPUTE, WANTED, left, REPORTS).calls
    assert (call.method, call.path) == ("DELETE", "/v2.1/os-services/nova-compute of n9")
    assert dict(call.headers)["OpenStack-API-Version"] == "compute 2.61"
    step = mend(agents.COMPUTE, WANTED, nova(n9={}), REPORTS)
    assert (step.calls, step.strangers) == ((), ("n9 nova-compute",))


def test_a_record_that_a_former_look_kept_and_that_is_gone_is_wanted_no_more() -> None:
    assert "n9 nova-compute" not in seen_agents(WANTED, nova(), (), {**WANTED, "n9 nova-compute": "down"})


def network(*rows: dict[str, Any]) -> tuple[Agent, ...]:
    return agents.NETWORK.read({"agents": list(rows)})


def test_of_ovn_each_node_has_a_gateway_and_an_agent_of_metadata() -> None:
    wanted = agents.NETWORK.wanted(CONTROL, ("n1", "n4"))
    metadata = "neutron-ovn-metadata-agent"
    told = network(ovn("n1"), ovn("n1", metadata, alive=False), ovn("n4", agent_type="OVN Controller agent"))
    assert seen_agents(wanted, told, (), {}) == {
        "n1 ovn-controller": "up",
        f"n1 {metadata}": "down",
        "n4 ovn-controller": "no gateway",
        f"n4 {metadata}": "missing",
    }
    assert mend(agents.NETWORK, wanted, told, REPORTS).nodes == ("n1", "n4")


def test_a_chassis_that_ovn_has_dropped_is_no_node_of_that_name() -> None:
    # As Neutron puts it (neutron_agent.DeletedChassis).
    assert network(ovn('("Chassis" register deleted)', alive=False)) == ()


def test_the_metadata_agents_record_goes_before_the_one_it_is_found_by() -> None:
    left = network(*(ovn("n9", it, alive=False) for it in ("ovn-controller", "neutron-ovn-metadata-agent")))
    paths = [it.path for it in mend(agents.NETWORK, (), left, REPORTS).calls]
    assert paths == ["/v2.0/agents/neutron-ovn-metadata-agent of n9", "/v2.0/agents/ovn-controller of n9"]


def test_services_of_volumes_are_those_of_control_hosts_whatever_their_backend() -> None:
    wanted = agents.VOLUME.wanted(CONTROL, NODES)
    rows = [volume(node, name) for node in CONTROL for name in ("cinder-scheduler", "cinder-backup")]
    rows += [volume(f"{node}@ceph", "cinder-volume") for node in CONTROL]
    assert seen_agents(wanted, agents.VOLUME.read({"services": rows}), (), {}) == wanted
    rows[-1]["status"] = "disabled"
    (call,) = mend(agents.VOLUME, wanted, agents.VOLUME.read({"services": rows}), REPORTS).calls
    assert (call.path, call.body, call.port) == (
        "/v3/os-services/enable",
        {"host": "n3@ceph", "binary": "cinder-volume"},
        layout.CINDER_PORT,
    )


@pytest.mark.parametrize("look", [agents.COMPUTE, agents.NETWORK, agents.VOLUME])
def test_looks_look(look: AgentLook) -> None:
    assert look.call.method == "GET"
