"""Which lines a difference prints: a field that other fields tell is compared, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.ceph_cluster import CephClusterProvider


class Lines:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def info(self, urn: str, text: str) -> None:
        self.told.append(text)

    def warn(self, urn: str, text: str) -> None:
        raise AssertionError(text)

    def status(self, urn: str, text: str) -> None:
        raise AssertionError(text)


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept = Lines()
    before = runtime._sink
    runtime.attach(kept)
    yield kept
    runtime._sink = before


def test_a_node_more_is_told_by_its_osd_alone(lines: Lines) -> None:
    old = {"agents": {"n1": "a"}, "osds": {"n1-osd": "up, in"}, "keys": {"x": "1"}, "awaits": []}
    new = {
        "agents": {"n1": "a", "n6": "b"},
        "osds": {"n1-osd": "up, in", "n6-osd": "up, in"},
        "keys": {"x": "1", "y": "2"},
        "awaits": [],
    }
    with runtime.operation("urn:test:growth"):
        assert CephClusterProvider().diff("lab/ceph", old, new).changes
    assert lines.told == ["osds.n6-osd: (none) => up, in"]


def test_a_node_that_is_awaited_is_a_change_without_a_line(lines: Lines) -> None:
    with runtime.operation("urn:test:awaited"):
        assert CephClusterProvider().diff("lab/ceph", {"awaits": ["n2"]}, {"awaits": []}).changes
    assert lines.told == []
