"""Settings of a small site, and a clock that the test winds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from piston_iac.boot_node.settings import Settings, parse_settings
from piston_iac.boot_node.timing import BootClock


@pytest.fixture
def raw() -> dict[str, Any]:
    return {
        "site": "lab",
        "release": "2026.11",
        "sha256": "ab" * 32,
        "domain": "lab.piston",
        "cidr": "10.30.10.0/24",
        "address": "10.30.10.5",
        "dns_upstream": ["10.30.1.1"],
        "ntp_upstream": ["10.30.1.1", "ntp.example.net"],
        "hosts": [
            {"name": "n1", "mac": "52:54:00:0a:00:01", "address": "10.30.10.11", "kind": "node"},
            {"name": "n1-bmc", "mac": "52:54:00:0c:00:01", "address": "10.30.10.111", "kind": "bmc"},
        ],
    }


@pytest.fixture
def settings(raw: dict[str, Any]) -> Settings:
    return parse_settings(raw)


@dataclass
class WoundClock:
    """A clock that stands still until told."""

    at_s: float = 1000.0

    def boot(self, boot_id: str = "boot-1") -> BootClock:
        return BootClock(boot_id, lambda: self.at_s)


@pytest.fixture
def wound() -> WoundClock:
    return WoundClock()
