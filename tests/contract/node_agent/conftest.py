"""A boot node and a node's agent for each test that wants them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.node_agent.enrolment_server import EnrolmentServer
from tests.contract.node_agent.running_agent import Node, running_node


@pytest.fixture
def bootd() -> Iterator[EnrolmentServer]:
    with EnrolmentServer("127.0.0.1") as server:
        yield server


@pytest.fixture
def node(bootd: EnrolmentServer, tmp_path: Path) -> Iterator[Node]:
    with running_node(bootd, tmp_path) as node:
        yield node
