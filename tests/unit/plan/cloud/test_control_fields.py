"""Which lines a plan shows of the control plane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.cloud_layout import UNTRUSTED
from piston_iac.plan.cloud.fields import HELD, IN_STEP, MEMBER, Looks, seen_fields, wanted_fields
from piston_iac.plan.cloud.health import seen_apis, wanted_apis, working
from piston_iac.plan.cloud.seen import Certificate, DatabaseMember, HostLook, QueueMember, parse
from tests.unit.plan.cloud.samples import ADDRESS, NAMES, WANTED, control_plane_looks, host_look

WELL = control_plane_looks(True)


def differing(looks: Looks) -> dict[str, object]:
    want, seen = wanted_fields(WANTED), seen_fields(WANTED, looks, {}, {})
    return {name: seen[name] for name in want if seen[name] != want[name]}


def with_n2(look: HostLook | None) -> Looks:
    return {**WELL, "n2": look}


def test_all_well_is_no_line() -> None:
    assert differing(WELL) == {}


@pytest.mark.parametrize(
    ("look", "field", "said"),
    [
        (replace(host_look("n2"), database=DatabaseMember(fault="no answer")), "database", "stopped"),
        (
            replace(host_look("n2"), database=DatabaseMember(False, "Joined", "Primary")),
            "database",
            "Joined, Primary component",
        ),
        (replace(host_look("n2"), queues=QueueMember(fault="no answer")), "queues", "stopped"),
        (
            replace(host_look("n2"), queues=QueueMember(NAMES[1:2], NAMES)),
            "queues",
            "sees 1 of 3 members",
        ),
        (
            replace(host_look("n2"), queues=QueueMember(NAMES, (*NAMES, "rabbit@10.9.9.9"))),
            "queues",
            "in a cluster with rabbit@10.9.9.9",
        ),
    ],
)
def test_one_fault_of_one_host_is_one_line(look: HostLook, field: str, said: str) -> None:
    states = {"n1": IN_STEP if field == "database" else MEMBER, "n2": said}
    assert differing(with_n2(look)) == {field: {**states, "n3": states["n1"]}}


def test_the_address_is_on_one_host() -> None:
    assert differing(with_n2(replace(host_look("n2"), has_address=True))) == {
        "virtualAddress": {ADDRESS: "on n1 and n2"}
    }
    nowhere = {**WELL, "n1": replace(host_look("n1"), has_address=False)}
    assert differing(nowhere) == {"virtualAddress": {ADDRESS: "on no host"}}


def test_a_host_that_gives_no_answer_keeps_its_last_states_and_is_awaited() -> None:
    before = wanted_fields(WANTED)
    seen = seen_fields(WANTED, with_n2(None), {}, before)
    assert seen == {**before, "awaits": ["n2"]}
    assert seen["virtualAddress"] == {ADDRESS: HELD}


def test_a_database_that_the_balancer_does_not_use_is_named() -> None:
    looks = {**WELL, "n1": replace(host_look("n1"), down=("database/n3", "keystone/n3"))}
    assert differing(looks) == {"backendsDown": ["database/n3"]}


def test_a_server_that_somebody_held_out_is_named_on_whichever_balancer() -> None:
    assert differing(with_n2(replace(host_look("n2"), out=("glance/n3 MAINT",)))) == {
        "backendsDown": ["glance/n3 MAINT on n2"]
    }


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (Certificate("x", "2060-01-01", 9999), "another one"),
        (Certificate("sha of n2", "2026-12-20", 29), "ends on 2026-12-20"),
    ],
)
def test_a_certificate_that_is_another_or_ends_soon_is_named(served: Certificate, said: str) -> None:
    looks = with_n2(replace(host_look("n2"), certificate=served))
    assert differing(looks) == {"certificates": {"n1": "as made", "n2": said, "n3": "as made"}}
    # Nobody serves one: the unit's own line says so.
    assert differing(with_n2(replace(host_look("n2"), certificate=None))) == {}


def test_what_the_program_prints_is_read_and_a_part_that_failed_is_a_fault() -> None:
    raw = {
        "database": {"position": "", "fault": "no answer"},
        "queues": {"fault": "no answer"},
        "address": False,
        "balancer": {"fault": "no answer"},
        "certificate": {"fault": "no answer"},
        "backup": {"fault": "no answer"},
    }
    look = parse(raw)
    assert (look.database.fault, look.queues.fault, look.down) == ("no answer", "no answer", None)
    with pytest.raises(ValueError, match="does not fit"):
        parse({})


def test_each_place_of_an_api_is_told_and_a_silent_host_keeps_its_last_word() -> None:
    codes = {"address": 200, "n1": 300, "n2": 503, "n3": 0}
    assert seen_apis(codes, (), {}) == {
        "address": "answers",
        "n1": "answers",
        "n2": "answers 503",
        "n3": "no answer",
    }
    assert seen_apis(codes, ("n2", "n3"), {}) == wanted_apis(("n1", "n2", "n3"))


def test_another_certificate_is_told_by_the_control_plane_alone() -> None:
    codes = {"address": 200, "n1": 200, "n2": UNTRUSTED}
    assert seen_apis(codes, (), {}) == wanted_apis(("n1", "n2"))
    assert not working(UNTRUSTED)


def test_what_a_stopped_unit_held_out_itself_is_told_by_its_service_alone() -> None:
    looks = with_n2(replace(host_look("n2"), out=("glance-here/here MAINT", "nova-here/here MAINT")))
    seen = seen_fields(WANTED, looks, {"n1": ("nova",), "n2": ("glance",)}, {})
    assert seen["backendsDown"] == ["nova-here/here MAINT on n2"]


SLOW = QueueMember(fault="rabbitmqctl --longnames took longer than 8 s")


def test_a_member_with_no_time_to_answer_is_what_the_others_see_of_it() -> None:
    looks = with_n2(replace(host_look("n2"), queues=SLOW))
    assert differing(looks) == {}
    others = QueueMember((NAMES[0], NAMES[2]), NAMES)
    alone = {host: replace(host_look(host), queues=others) for host in ("n1", "n3")}
    told = differing({**looks, **alone})["queues"]
    assert isinstance(told, dict) and told["n2"] == "no answer in time"
