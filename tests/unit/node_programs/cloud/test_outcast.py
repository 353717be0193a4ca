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
