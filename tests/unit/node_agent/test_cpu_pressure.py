"""A node says when it has no time for what can wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.cpu_pressure import is_busy


@pytest.mark.parametrize(
    ("text", "busy"),
    [
        (
            "some avg10=84.70 avg60=1.00 avg300=3.46 total=7\nfull avg10=0.00 avg60=0.00 total=0\n",
            True,
        ),
        ("some avg10=31.00 avg60=99.00 avg300=83.46 total=7\n", True),
        ("some avg10=31.00 avg60=50.00 avg300=83.46 total=7\n", False),
        ("full avg10=99.00 avg60=99.00 avg300=99.00 total=7\n", False),
    ],
)
def test_a_node_is_busy_when_somebody_waits_most_of_the_time(tmp_path: Path, text: str, busy: bool) -> None:
    (tmp_path / "cpu").write_text(text)
    assert is_busy(tmp_path / "cpu") is busy
    assert not is_busy(tmp_path / "nowhere")
