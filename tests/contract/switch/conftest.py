"""One switch for all tests of this folder; each test uses VLANs and ports of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piston_iac.devices.switch.ovsdb import OvsdbSwitch
from tests.contract.switch.rig import Ovs, free_port, l3_part


@pytest.fixture(scope="module")
def ovs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ovs]:
    """A running switch without an L3 part."""
    switch = Ovs(tmp_path_factory.mktemp("ovs"))
    try:
        switch.start()
        yield switch
    finally:
        switch.stop()


@pytest.fixture
def l3(ovs: Ovs) -> Iterator[None]:
    """The switch's L3 part runs."""
    with l3_part(ovs):
        yield


@pytest.fixture
def switch(ovs: Ovs) -> OvsdbSwitch:
    return OvsdbSwitch("data", ovs.address)


@pytest.fixture
def factory_ports(ovs: Ovs) -> None:
    """Every port as it was in the beginning."""
    for port in ("core", "n1-data", "n2-data"):
        ovs.vsctl("clear", "Port", port, "vlan_mode", "trunks", "external_ids")
        ovs.vsctl("set", "Port", port, "tag=1")


@pytest.fixture
def nowhere() -> OvsdbSwitch:
    """An address of this machine where nobody listens."""
    return OvsdbSwitch("data", f"tcp:127.0.0.1:{free_port()}")
