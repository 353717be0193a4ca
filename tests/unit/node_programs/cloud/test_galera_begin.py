"""Which member begins a database that runs nowhere: never one that may lack a committed row."""

from __future__ import annotations

import pytest

from piston_iac.node_programs.cloud.galera_begin import (
    Member,
    View,
    as_they_were,
    beginner,
    parse_member,
    parse_view,
    to_json,
)

CLUSTER = "91628a8d-e93b-11f1-a379-9612f202ce7b"
A, B, C = IDS = ("a-1", "b-1", "c-1")
GVWSTATE = """my_uuid: 915def34-e93b-11f1-b33c-3a759e2857cc
#vwbeg
view_id: 3 915def34-e93b-11f1-b33b-3a759e2857cc 5
bootstrap: 0
member: 915def34-e93b-11f1-b33b-3a759e2857cc 0
member: a62b958b-e93b-11f1-aa0b-7ad89669ce6d 0
#vwend
"""


def member(own: str, writes: int, number: int, *view: str, cluster: str = CLUSTER) -> Member:
    return Member(f"{cluster}:{writes}", View(number, own, tuple(view)))


def left(writes: int) -> Member:
    """It left in order: it is in no view."""
    return Member(f"{CLUSTER}:{writes}", View())


def test_galeras_own_record_is_read_and_a_member_is_the_same_after_a_start() -> None:
    first, second = "915def34-e93b-11f1-3a759e2857cc", "a62b958b-e93b-11f1-7ad89669ce6d"
    assert parse_view(GVWSTATE) == View(5, first, (first, second))
    assert parse_view("") == View()


def test_what_a_member_tells_its_peers_is_read_again() -> None:
    told = member(A, 7, 3, *IDS)
    assert parse_member(to_json(told)) == told


@pytest.mark.parametrize("absent", ["n1", "n2", "n3"])
def test_after_all_crashed_all_have_to_be_there(absent: str) -> None:
    members = {f"n{at}": member(own, 5 + at, 3, *IDS) for at, own in enumerate(IDS, 1)}
    assert beginner(members) == ("n3", ())
    assert beginner({**members, absent: None}) == ("", (absent,))


def test_of_several_with_most_it_is_the_first() -> None:
    members = {"n1": member(A, 5, 3, *IDS), "n2": member(B, 9, 3, *IDS), "n3": member(C, 9, 3, *IDS)}
    assert beginner(members)[0] == "n2"


def test_a_host_that_was_dead_before_is_not_waited_for() -> None:
    members = {"n1": member(A, 5, 4, A, B), "n2": member(B, 9, 4, A, B), "n3": None}
    assert beginner(members) == ("n2", ())
    # Back with the view that it had then, it begins nothing.
    assert beginner({**members, "n3": member(C, 3, 3, *IDS)})[0] == "n2"
    assert beginner({**members, "n2": None, "n3": member(C, 3, 3, *IDS)}) == ("", ("n2",))


def test_the_one_that_was_alone_at_the_end_begins_whoever_else_is_there() -> None:
    alone = member(A, 9, 5, A)
    assert beginner({"n1": alone, "n2": None, "n3": None})[0] == "n1"
    # The disks of these do not know that they had left.
    assert beginner({"n1": alone, "n2": member(B, 7, 3, *IDS), "n3": member(C, 8, 4, A, C)})[0] == "n1"
    assert beginner({"n1": None, "n2": member(B, 7, 3, *IDS), "n3": member(C, 8, 4, A, C)}) == ("", ("n1",))


def test_who_left_in_order_waits_for_all_others() -> None:
    assert beginner({"n1": None, "n2": left(7), "n3": left(8)}) == ("", ("n1",))
    assert beginner({"n1": left(9), "n2": left(7), "n3": left(8)})[0] == "n1"


def test_nobody_begins_with_nothing_or_with_two_histories() -> None:
    nothing = Member("", View())
    assert beginner(dict.fromkeys(("n1", "n2", "n3"), nothing)) == ("", ())
    other = member(B, 99, 3, *IDS, cluster="22222222-e93b-11f1-a379-9612f202ce7b")
    assert beginner({"n1": member(A, 5, 3, *IDS), "n2": other, "n3": nothing}) == ("", ())


def test_all_that_were_in_one_view_are_as_they_were() -> None:
    members = {f"n{at}": member(own, 5, 3, *IDS) for at, own in enumerate(IDS, 1)}
    assert as_they_were(members)
    assert not as_they_were({**members, "n3": None})
    assert not as_they_were({**members, "n3": member(C, 5, 2, A, C)})
    assert not as_they_were({**members, "n3": member("other", 5, 3, *IDS)})
    assert not as_they_were({**members, "n3": left(5)})
