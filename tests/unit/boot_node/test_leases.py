"""The lease: one holder, and a token that only ever grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.leases import LeaseBook
from piston_iac.boot_node.timing import BootClock


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path: Path, wound: Any) -> None:
    book = LeaseBook(tmp_path / "lease.json", wound.boot())
    assert book.take("a", 30, None) == (1, True)
    with pytest.raises(Refused) as caught:
        book.take("b", 30, None)
    assert (caught.value.status, caught.value.details) == (409, {"holder": "a"})


def test_the_holder_renews_with_its_token_only(tmp_path: Path, wound: Any) -> None:
    book = LeaseBook(tmp_path / "lease.json", wound.boot())
    token, _ = book.take("a", 30, None)
    wound.at_s += 20
    assert book.take("a", 30, token) == (token, False)
    wound.at_s += 20
    assert book.current() is not None
    with pytest.raises(Refused):
        book.take("a", 30, None)


def test_after_it_ran_out_the_next_holder_gets_a_higher_token(tmp_path: Path, wound: Any) -> None:
    book = LeaseBook(tmp_path / "lease.json", wound.boot())
    first, _ = book.take("a", 30, None)
    wound.at_s += 31
    second, new = book.take("b", 30, None)
    assert new
    assert second > first
    with pytest.raises(Refused):
        book.take("a", 30, first)
    with pytest.raises(Refused):
        book.give_back("a", first)


def test_a_restart_of_the_service_keeps_the_time_left(tmp_path: Path, wound: Any) -> None:
    LeaseBook(tmp_path / "lease.json", wound.boot()).take("a", 30, None)
    wound.at_s += 20
    lease = LeaseBook(tmp_path / "lease.json", wound.boot()).current()
    assert lease is not None
    assert lease.until_s - wound.at_s == 10


def test_a_restart_of_the_machine_gives_the_holder_its_full_time(tmp_path: Path, wound: Any) -> None:
    LeaseBook(tmp_path / "lease.json", wound.boot()).take("a", 30, None)
    wound.at_s = 1.0
    lease = LeaseBook(tmp_path / "lease.json", wound.boot("boot-2")).current()
    assert lease is not None
    assert (lease.holder, lease.until_s) == ("a", 31.0)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from("ab"), st.integers(1, 50)),
        st.tuples(st.just("give"), st.sampled_from("ab"), st.integers(1, 50)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 80)),
        st.tuples(st.just("power cut"), st.just(""), st.just(0)),
    ),
    max_size=30,
)


@given(steps)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_token_is_ever_given_twice(tmp_path: Path, plan: list[tuple[str, str, int]]) -> None:
    path = tmp_path / "lease.json"
    path.unlink(missing_ok=True)
    now, boots, granted, mine = [0.0], 0, [0], dict.fromkeys("ab", 0)
    book = LeaseBook(path, BootClock("0", lambda: now[0]))
    for what, who, number in plan:
        if what == "wait":
            now[0] += number
        elif what == "power cut":
            boots, now[0] = boots + 1, 0.0
            book = LeaseBook(path, BootClock(str(boots), lambda: now[0]))
        else:
            try:
                if what == "give":
                    book.give_back(who, mine[who])
                else:
                    mine[who], new = book.take(who, number, None)
                    assert new
                    granted.append(mine[who])
            except Refused:
                pass
    assert granted == sorted(set(granted))


def test_what_an_earlier_holder_brings_is_refused(tmp_path: Path, wound: Any) -> None:
    book = LeaseBook(tmp_path / "lease.json", wound.boot())
    first, _ = book.take("a", 30, None)
    wound.at_s += 31
    # Its time is over, but nobody came after it.
    book.require_newest(first)
    second, _ = book.take("b", 30, None)
    book.require_newest(second)
    with pytest.raises(Refused) as caught:
        book.require_newest(first)
    assert caught.value.status == 409
