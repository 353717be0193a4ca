"""A small rack of its own for the tests of the rack: one node, its own prefix and directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piston_iac.lab import updown
from piston_iac.lab.rack import Rack
from piston_iac.lab.settings import Lab
from tests.lab.rack.rig import PREFIX, SCRATCH, Bench, busybox_image, start_boot_services


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return busybox_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, image: bytes) -> Iterator[Bench]:
    """A rack with one node, cabled into the management VLAN, with an image to boot. Powered off."""
    lab, served = Lab(SCRATCH / PREFIX, PREFIX), tmp_path_factory.mktemp("rack") / "served"
    served.mkdir()
    try:
        updown.up(lab, 1)
        bench = Bench(lab, Rack(1), served)
        for port in ("n1-bmc", "n1-boot", "boot"):
            bench.set_vlan(port, 10)
        start_boot_services(bench)
        bench.publish(image)
        yield bench
    finally:
        updown.down(lab)
