"""A server that Galera has put out is ended, and no other: its unit starts it anew."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from piston_iac.node_programs.cloud.galera_check import Outcast

OUT = {"wsrep_cluster_status": "Disconnected"}
IN = {"wsrep_cluster_status": "Primary"}
WITHOUT_MAJORITY = {"wsrep_cluster_status": "non-Primary"}
JOINS = {"wsrep_cluster_status": "Primary", "wsrep_local_state": "1", "wsrep_last_committed": "4"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        (tmp_path / "pid").write_text(str(process.pid))
        yield process
        process.kill()


def test_one_that_is_out_for_long_is_ended(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    outcast = Outcast(20.0, tmp_path / "pid")
    assert not outcast.seen(OUT, 100.0)
    assert not outcast.seen(OUT, 119.0)
    assert outcast.seen(OUT, 120.0)
    assert server.wait(5) == -15


@pytest.mark.parametrize("between", [IN, WITHOUT_MAJORITY])
def test_one_that_came_back_or_waits_for_others_is_let_be(
    server: subprocess.Popen[bytes], tmp_path: Path, between: dict[str, str]
) -> None:
    outcast = Outcast(20.0, tmp_path / "pid")
    assert not outcast.seen(OUT, 100.0)
    assert not outcast.seen(between, 115.0)
    assert not outcast.seen(OUT, 121.0)
    assert server.poll() is None


def test_one_that_joins_for_ever_is_ended(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """As it was seen: cut off while it fetched the data, and `Rejecting JOIN message` in the others' logs."""
    outcast = Outcast(20.0, tmp_path / "pid")
    assert not outcast.seen(JOINS, 100.0)
    assert outcast.seen(JOINS, 120.0)
    assert server.wait(5) == -15


def test_one_that_gets_on_while_it_joins_is_let_be(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    outcast = Outcast(20.0, tmp_path / "pid")
    assert not outcast.seen(JOINS, 100.0)
    assert not outcast.seen(JOINS | {"wsrep_last_committed": "5"}, 119.0)
    assert not outcast.seen(JOINS | {"wsrep_last_committed": "5"}, 121.0)
    assert not outcast.seen(IN | {"wsrep_local_state": "4"}, 140.0)
    assert server.poll() is None
