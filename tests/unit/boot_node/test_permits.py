"""Permits: a token counts once, for the last node that it was issued to, and never after the end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.permits import PermitBook, PermitState, require_purpose

PURPOSE = "ceph-bootstrap"


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"token-{next(numbers)}"


def refusal(act: Callable[[], object]) -> tuple[int, dict[str, str]]:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.status, caught.value.details


@pytest.fixture
def book(tmp_path: Path) -> PermitBook:
    return PermitBook(tmp_path / "permits.json", numbered())


def test_the_same_node_gets_the_same_token_until_it_used_it(book: PermitBook) -> None:
    assert book.issue(PURPOSE, "n1", "") == ("token-1", True)
    assert book.issue(PURPOSE, "n1", "") == ("token-1", False)
    book.use(PURPOSE, "token-1")
    assert book.all()[PURPOSE].public() == {"node": "n1", "state": "used"}
    assert book.issue(PURPOSE, "n1", "") == ("token-2", True)


def test_a_token_counts_once(book: PermitBook) -> None:
    token, _ = book.issue(PURPOSE, "n1", "")
    book.use(PURPOSE, token)
    used = (409, {"node": "n1", "state": "used"})
    assert refusal(lambda: book.use(PURPOSE, token)) == used
    book.issue(PURPOSE, "n1", "")
    assert refusal(lambda: book.use(PURPOSE, token)) == (409, {"node": "n1", "state": "issued"})


@pytest.mark.parametrize("token", ["", "token", "token-11", "tökön"])
def test_another_token_does_not_count(book: PermitBook, token: str) -> None:
    book.issue(PURPOSE, "n1", "")
    assert refusal(lambda: book.use(PURPOSE, token))[0] == 409
    assert book.all()[PURPOSE].state is PermitState.ISSUED


def test_a_used_up_permit_has_no_token_that_an_empty_one_could_match(book: PermitBook) -> None:
    book.use(PURPOSE, book.issue(PURPOSE, "n1", "")[0])
    assert refusal(lambda: book.use(PURPOSE, ""))[0] == 409


def test_without_a_permit_nothing_counts(book: PermitBook) -> None:
    assert refusal(lambda: book.use(PURPOSE, "token-1")) == (409, {})
    assert book.holder(PURPOSE) is None


@pytest.mark.parametrize("used", [False, True])
def test_another_node_gets_it_only_in_the_place_of_the_holder(book: PermitBook, used: bool) -> None:
    old, _ = book.issue(PURPOSE, "n1", "")
    if used:
        book.use(PURPOSE, old)
    held = (409, {"node": "n1", "state": "used" if used else "issued"})
    assert refusal(lambda: book.issue(PURPOSE, "n2", "")) == held
    assert refusal(lambda: book.issue(PURPOSE, "n2", "n3")) == held
    new, _ = book.issue(PURPOSE, "n2", "n1")
    assert book.issue(PURPOSE, "n2", "n1") == (new, False), "asked again, because the answer was lost"
    assert book.holder(PURPOSE) == "n2"
    assert refusal(lambda: book.use(PURPOSE, old))[0] == 409
    book.use(PURPOSE, new)


def test_the_end_is_the_end(book: PermitBook) -> None:
    token, _ = book.issue(PURPOSE, "n1", "")
    assert book.finish(PURPOSE)
    assert not book.finish(PURPOSE)
    ended = (409, {"node": "n1", "state": "finished"})
    assert refusal(lambda: book.issue(PURPOSE, "n1", "")) == ended
    assert refusal(lambda: book.issue(PURPOSE, "n2", "n1")) == ended
    assert refusal(lambda: book.use(PURPOSE, token)) == ended


def test_a_permit_that_was_never_issued_can_be_closed(book: PermitBook) -> None:
    assert book.finish(PURPOSE)
    assert refusal(lambda: book.issue(PURPOSE, "n1", "")) == (409, {"node": "", "state": "finished"})
    assert refusal(lambda: book.use(PURPOSE, ""))[0] == 409


def test_a_forgotten_one_starts_anew(book: PermitBook) -> None:
    book.finish(PURPOSE)
    assert book.delete(PURPOSE)
    assert not book.delete(PURPOSE)
    assert book.issue(PURPOSE, "n1", "") == ("token-1", True)


def test_purposes_do_not_touch_each_other(book: PermitBook) -> None:
    book.finish("galera-bootstrap")
    token, _ = book.issue(PURPOSE, "n1", "")
    assert refusal(lambda: book.use("galera-bootstrap", token))[0] == 409
    book.use(PURPOSE, token)


def test_every_state_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    path, tokens = tmp_path / "permits.json", numbered()
    token, _ = PermitBook(path, tokens).issue(PURPOSE, "n1", "")
    assert PermitBook(path, tokens).issue(PURPOSE, "n1", "") == (token, False)
    PermitBook(path, tokens).use(PURPOSE, token)
    assert refusal(lambda: PermitBook(path, tokens).use(PURPOSE, token))[0] == 409
    assert token not in path.read_text(), "what counts no more need not be kept"
    PermitBook(path, tokens).finish(PURPOSE)
    assert PermitBook(path, tokens).all()[PURPOSE].state is PermitState.FINISHED
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_refuses_leaves_the_permit_as_it_was(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    book = PermitBook(directory / "permits.json", numbered())
    token, _ = book.issue(PURPOSE, "n1", "")
    directory.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        book.use(PURPOSE, token)
    assert book.all()[PURPOSE].state is PermitState.ISSUED


def test_tokens_cannot_be_guessed(tmp_path: Path) -> None:
    book = PermitBook(tmp_path / "permits.json")
    tokens = {book.issue(f"purpose-{number}", "n1", "")[0] for number in range(20)}
    assert len(tokens) == 20
    assert all(len(bytes.fromhex(token)) == 16 for token in tokens)


@pytest.mark.parametrize("text", ["", "-a", "A", "a/b", "..", "a" * 65, "a\n"])
def test_a_purpose_is_a_plain_name(text: str) -> None:
    assert refusal(lambda: require_purpose(text))[0] == 400
    assert require_purpose(PURPOSE) == PURPOSE


nodes = st.sampled_from(["n1", "n2"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("issue"), nodes, st.sampled_from(["", "n1", "n2"])),
        st.tuples(st.just("use"), st.integers(0, 6).map(str), st.just("")),
        st.tuples(st.sampled_from(["finish", "delete", "power cut"]), st.just(""), st.just("")),
    ),
    max_size=25,
)


@given(steps)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_no_token_ever_counts_twice(tmp_path: Path, plan: list[tuple[str, str, str]]) -> None:
    path, tokens = tmp_path / "permits.json", numbered()
    path.unlink(missing_ok=True)
    book, counted = PermitBook(path, tokens), []
    for what, first, second in plan:
        try:
            if what == "issue":
                book.issue(PURPOSE, first, second)
            elif what == "use":
                book.use(PURPOSE, f"token-{first}")
                counted.append(first)
            elif what == "finish":
                book.finish(PURPOSE)
            elif what == "delete":
                book.delete(PURPOSE)
            else:
                book = PermitBook(path, tokens)
        except Refused:
            pass
    assert len(counted) == len(set(counted))
