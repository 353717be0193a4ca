"""One simulated BMC for each test: they start in a few hundredths of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from piston_iac.devices.bmc.ipmi import IpmiBmc
from piston_iac.devices.bmc.protocol import Login
from tests.contract.bmc.rig import FACTORY, Bmc


@pytest.fixture
def new_bmc(tmp_path: Path) -> Iterator[Callable[[], Bmc]]:
    """Starts one more BMC."""
    with ExitStack() as stack:
        count = iter(range(1000))

        def start() -> Bmc:
            bmc = Bmc(tmp_path / f"bmc{next(count)}")
            stack.callback(bmc.close)
            bmc.start()
            return bmc

        yield start


@pytest.fixture
def sim(new_bmc: Callable[[], Bmc]) -> Bmc:
    return new_bmc()


@pytest.fixture
def bmc(sim: Bmc) -> IpmiBmc:
    return IpmiBmc("n1", "127.0.0.1", sim.port, timeout_s=5, write_interval_s=0)


@pytest.fixture
def factory() -> Login:
    return Login(FACTORY[0], SecretStr(FACTORY[1]))
