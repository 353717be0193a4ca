"""A hundred plans of a rack that is as declared, half of them while a client writes: none finds anything."""

from __future__ import annotations

import pytest

from tests.lab.storage import Storage, steady_writes

pytestmark = pytest.mark.timeout(3600)

HALF = 50


def test_an_idle_rack(storage: Storage) -> None:
    _plan(storage)


def test_a_rack_at_work(storage: Storage) -> None:
    with steady_writes(storage, "n4") as stalls:
        _plan(storage)
    assert stalls.writes > 0


def _plan(storage: Storage) -> None:
    before = storage.rack.writes()
    seconds = []
    for _ in range(HALF):
        plan = storage.rack.preview()
        assert plan.code == 0, plan.text
        assert plan.is_clean(), plan.text
        seconds.append(plan.seconds)
    assert storage.rack.writes() == before
    print(f"{HALF} plans, {min(seconds):.1f} to {max(seconds):.1f} s each")
