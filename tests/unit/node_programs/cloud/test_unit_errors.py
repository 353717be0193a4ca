"""The line of a unit's journal that the operator is told."""

from __future__ import annotations

import pytest

from piston_iac.node_programs.cloud.unit_errors import ERROR, last_error_of
from piston_iac.node_programs.program import Fault, guarded

FAILED = "gcs connect failed: Connection timed out"
JOURNAL = f"""starts: join, position unknown, buffer pool 128 MiB
2026-11-25 10:00:00 0 [Note] WSREP: Start replication
2026-11-25 10:00:30 0 [ERROR] WSREP: failed to reach primary view: 110 (Connection timed out)
2026-11-25 10:00:30 0 [ERROR] WSREP: {FAILED}
2026-11-25 10:00:30 0 [ERROR] Aborting
Started Database of the control plane
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", ""),
        ("2026-11-25 10:00:00 0 [Note] all is well\n", ""),
        (JOURNAL, f"WSREP: {FAILED}"),
        (f"{JOURNAL}0 [ERROR] user `x` with Password 'y' is refused\n", f"WSREP: {FAILED}"),
        ("0 [ERROR] Aborting\n", ""),
        ("0 [ERROR] " + 500 * "x", 200 * "x"),
    ],
)
def test_it_is_the_last_one_that_says_why(said: str, told: str) -> None:
    assert last_error_of(said) == told


def test_what_keeps_a_program_from_becoming_the_server_is_one_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse() -> None:
        raise Fault("a restore is under way")

    assert guarded(refuse, mark=ERROR) == 1
    assert last_error_of(capsys.readouterr().err) == "a restore is under way"
