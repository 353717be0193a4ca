"""How members start and what they say of themselves: texts of Galera and OVN, as they were seen."""

from __future__ import annotations

import pytest

from piston_iac.node_programs.cloud.galera_check import usable
from piston_iac.node_programs.cloud.galera_state import (
    MemberFiles,
    Peers,
    Start,
    buffer_pool_bytes,
    recovered_position,
    safe_to_bootstrap,
    start_of,
    weight_of,
)
from piston_iac.node_programs.cloud.ovn import parse_status, stale_members, strangers

UUID = "ab81f29b-e6f9-11f1-aa9c-eb139c493e59"
GRASTATE = f"# GALERA saved state\nversion: 2.1\nuuid:    {UUID}\nseqno:   12\nsafe_to_bootstrap: 1\n"
STATUS = """4f3a
Name: OVN_Northbound
Cluster ID: e863 (e8631111-2222-3333-4444-555555555555)
Server ID: 4f3a (4f3a1111-2222-3333-4444-555555555555)
Address: tcp:10.30.20.12:6643
Status: cluster member
Role: follower
Term: 3
Leader: 0a1b
Servers:
    0a1b (0a1b at tcp:10.30.20.11:6643) last msg 20 ms ago
    4f3a (4f3a at tcp:10.30.20.12:6643) (self)
    9c9c (9c9c at tcp:10.30.20.12:6643) last msg 90000 ms ago
"""


@pytest.mark.parametrize(
    ("told", "last", "in_view", "others", "begins", "start"),
    [
        (True, False, False, False, False, Start.NEW),
        (True, False, True, False, False, Start.NEW),
        (True, False, False, True, False, Start.JOIN),
        (False, True, False, False, False, Start.NEW),
        (False, True, False, True, False, Start.JOIN),
        (False, True, True, False, False, None),
        (False, True, True, False, True, Start.NEW),
        (False, False, True, False, True, Start.NEW),
        (False, False, True, True, True, Start.JOIN),
        (False, False, False, False, False, None),
    ],
)
def test_a_member_begins_alone_only_when_it_has_everything(
    told: bool, last: bool, in_view: bool, others: bool, begins: bool, start: Start | None
) -> None:
    assert start_of(MemberFiles(told, last, in_view), Peers(others, False, begins)) is start


def test_one_that_has_to_fetch_all_data_counts_for_nothing_until_then() -> None:
    assert weight_of("", Start.JOIN) == 0
    assert weight_of(f"{UUID}:12", Start.JOIN) == 1
    assert weight_of("", Start.NEW) == 1


def test_when_all_are_there_as_they_were_galera_begins_itself() -> None:
    crashed = MemberFiles(told_new=False, last_to_leave=False, in_view=True)
    assert start_of(crashed, Peers(run=False, as_they_were=True, first=True)) is Start.JOIN
    told = MemberFiles(told_new=True, last_to_leave=False, in_view=True)
    assert start_of(told, Peers(run=False, as_they_were=True, first=True)) is Start.NEW


def test_the_last_to_leave_is_told_by_galera() -> None:
    assert safe_to_bootstrap(GRASTATE)
    assert not safe_to_bootstrap(GRASTATE.replace("bootstrap: 1", "bootstrap: 0"))
    assert not safe_to_bootstrap(GRASTATE.replace(UUID, "00000000-0000-0000-0000-000000000000"))
    assert not safe_to_bootstrap("")


def test_the_position_is_the_last_one_that_is_told() -> None:
    log = f"WSREP: Recovered position: {UUID}:3\nWSREP: Recovered position: {UUID}:-1\n"
    assert recovered_position(log) == f"{UUID}:-1"
    assert recovered_position("nothing") == ""


@pytest.mark.parametrize(
    ("memory_mib", "most_mib", "pool_mib"),
    [
        (1024, 16384, 128),
        (2048, 16384, 128),
        (5000, 16384, 256),
        (24 * 1024, 16384, 1536),
        (24 * 1024, 128, 128),
        (24 * 1024, 1000, 896),
        (24 * 1024, 0, 128),
        (1024 * 1024, 16384, 16384),
    ],
)
def test_the_buffer_pool_is_a_share_of_the_memory(memory_mib: int, most_mib: int, pool_mib: int) -> None:
    mib = 1024**2
    assert buffer_pool_bytes(memory_mib * mib, most_mib) == pool_mib * mib


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"wsrep_local_state": "2"}, True),
        ({"wsrep_local_state": "1"}, False),
        ({"wsrep_cluster_status": "non-Primary"}, False),
        ({"wsrep_ready": "OFF"}, False),
    ],
)
def test_a_member_without_a_majority_is_not_used(change: dict[str, str], good: bool) -> None:
    status = {"wsrep_cluster_status": "Primary", "wsrep_local_state": "4", "wsrep_ready": "ON", **change}
    assert usable(status) is good


def test_a_raft_member_tells_its_peers() -> None:
    seen = parse_status(STATUS)
    assert (seen.status, seen.leader, seen.own) == ("cluster member", "0a1b", "4f3a")
    assert seen.cluster == "e8631111-2222-3333-4444-555555555555"
    assert seen.members == {
        "0a1b": "tcp:10.30.20.11:6643",
        "4f3a": "tcp:10.30.20.12:6643",
        "9c9c": "tcp:10.30.20.12:6643",
    }


def test_the_member_that_this_one_was_before_is_stale() -> None:
    assert stale_members(parse_status(STATUS), "tcp:10.30.20.12:6643") == ["9c9c"]
    assert stale_members(parse_status(STATUS), "tcp:10.30.20.11:6643") == ["0a1b"]


def test_a_member_at_another_address_is_a_stranger() -> None:
    assert strangers(parse_status(STATUS), {"10.30.20.11"}) == ["4f3a", "9c9c"]
    assert strangers(parse_status(STATUS), {"10.30.20.11", "10.30.20.12"}) == []


def test_without_a_leader_it_says_so() -> None:
    assert parse_status(STATUS.replace("Leader: 0a1b", "Leader: unknown")).leader == ""
