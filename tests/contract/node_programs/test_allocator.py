"""The image has the allocator that its switch is started with."""

from __future__ import annotations

import configparser

from piston_iac.micro_os.recipe import RECIPE_DIR
from tests.contract.node_programs.machines import Machines

DROP_IN = RECIPE_DIR / "files/etc/systemd/system/ovs-vswitchd.service.d/piston.conf"


def test_the_switch_finds_its_allocator(rack: Machines) -> None:
    parser = configparser.RawConfigParser()
    parser.read(DROP_IN)
    # The loader only warns of one that is not there.
    command = f"{parser.get('Service', 'Environment')} ovs-vswitchd --version 2>&1"
    done = rack.run("n1", "sh", "-c", command)
    assert done.status == 0
    assert "Open vSwitch" in done.output
    assert "preload" not in done.output
