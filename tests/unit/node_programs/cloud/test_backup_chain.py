"""What of a server's binary logs is sent, where a chain ends, and which chains go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_programs.cloud.backup_chain import (
    PIECE_BYTES,
    Chain,
    Gap,
    Piece,
    chain_of,
    continued,
    out_of_date,
    pieces,
    to_send,
)
from piston_iac.node_programs.cloud.backup_status import Status, summary
from piston_iac.node_programs.cloud.galera_state import Start, began_at
from piston_iac.node_programs.cloud.restore_replay import log_position
from piston_iac.node_programs.program import Fault

ONE, TWO, THREE = "binlog.000001", "binlog.000002", "binlog.000003"
CHAIN = Chain("c", "n1", "run", "uuid", 100, 200, 1, 10, 20, "ab", ((ONE, 50),))
UUID, OTHER = "ab81f29b-e6f9-11f1-aa9c-eb139c493e59", "cd81f29b-e6f9-11f1-aa9c-eb139c493e59"


def test_a_manifest_is_read_back_and_another_is_none() -> None:
    assert chain_of(CHAIN.to_json()) == CHAIN
    for raw in (b"", b"[]", b"{}", CHAIN.to_json().replace(b'"run"', b'"walk"')):
        with pytest.raises(ValueError, match="does not fit"):
            chain_of(raw)


def test_logs_go_on_over_a_change_of_files() -> None:
    server = ((ONE, 60), (TWO, 10), (THREE, 4))
    assert continued(((ONE, 50),), server) == server
    # What was sent of logs that the server has purged stays.
    assert continued(((ONE, 60), (TWO, 5)), server[1:]) == ((ONE, 60), (TWO, 10), (THREE, 4))
    far = (("binlog.999999", 5), ("binlog.1000000", 6))
    assert continued(far[:1], far) == far


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (((TWO, 10),), "is gone"),
        ((), "is gone"),
        (((ONE, 49),), "is shorter"),
        (((ONE, 60), (THREE, 4)), "is missing between"),
    ],
)
def test_a_gap_ends_a_chain(server: tuple[tuple[str, int], ...], said: str) -> None:
    with pytest.raises(Gap, match=said):
        continued(((ONE, 50),), server)


def test_only_what_has_grown_is_sent_again() -> None:
    before = ((ONE, 2 * PIECE_BYTES + 5),)
    now = ((ONE, 2 * PIECE_BYTES + 9), (TWO, PIECE_BYTES), (THREE, 0))
    assert [(it.number, it.log, it.end - it.start) for it in to_send(before, now)] == [
        (2, ONE, 9),
        (3, TWO, PIECE_BYTES),
        (4, THREE, 0),
    ]
    assert to_send(now, now) == []
    assert pieces(((ONE, 3),)) == [Piece(0, ONE, 0, 3)]


def test_old_chains_go_but_never_the_last_two() -> None:
    chains = [replace(CHAIN, id=name, until=until) for name, until in (("d", 40), ("b", 20), ("a", 10))]
    assert out_of_date([*chains, replace(CHAIN, id="c", until=30)], oldest=25) == ["a", "b"]
    assert out_of_date(chains, oldest=99) == ["a"]
    assert out_of_date(chains[:2], oldest=99) == []


def test_a_maker_that_is_silent_is_a_fault_and_one_that_waits_is_none() -> None:
    said = Status(1000.0, 400.0, True, "c", 500, 990, waits="", fault="")
    seen = summary(said, 1010.0)
    assert (seen["age_s"], seen["able_s"], seen["fault"], seen["waits"]) == (20, 610, "", "")
    waiting = summary(Status(1000.0, waits="storage", fault="no answer"), 1010.0)
    assert (waiting["able_s"], waiting["waits"]) == (0, "storage")
    silent = summary(replace(said, waits="storage"), 1121.0)
    assert (silent["fault"], silent["waits"]) == ("the maker of backups has said nothing for 121 s", "")


def test_where_a_copy_stands() -> None:
    assert log_position("binlog.000009\t379\t0-1-405\n") == ("binlog.000009", 379)
    with pytest.raises(ValueError, match="does not say"):
        log_position("")


def test_restored_data_begins_where_it_is_told_until_it_has_gone_beyond() -> None:
    assert began_at(f"{UUID}:412", f"{UUID}:9000\n", Start.NEW) == f"{UUID}:9000"
    assert began_at("", f"{UUID}:9000", Start.NEW) == f"{UUID}:9000"
    assert began_at(f"{OTHER}:9999", f"{UUID}:9000", Start.NEW) == f"{UUID}:9000"
    for start in Start:
        assert began_at(f"{UUID}:9002", f"{UUID}:9000", start) == f"{UUID}:9002"


def test_restored_data_never_takes_the_writes_of_others_for_its_own_next() -> None:
    with pytest.raises(Fault, match="another member"):
        began_at(f"{UUID}:412", f"{UUID}:9000", Start.JOIN)
