"""Does a rack that is up grow by a node, without anything else noticing?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from piston_iac.errors import SetupError
from piston_iac.lab import updown
from piston_iac.lab.cgroups import rack_unit
from piston_iac.lab.disks import attached_disks
from piston_iac.lab.growth import add_node
from piston_iac.lab.network import ports_down
from piston_iac.lab.observe import Writes, count_writes
from piston_iac.lab.power import power_off, power_on, running
from piston_iac.lab.rack import Node
from piston_iac.lab.record import read_record
from piston_iac.lab.run import run
from piston_iac.lab.serial_lines import last_lines
from piston_iac.lab.settings import Lab
from tests.lab.rack.rig import FACTORY, PREFIX, SCRATCH, Bench, wait_until


@pytest.fixture(scope="module")
def before(bench: Bench) -> Writes:
    """The first node runs; what its devices had counted before the rack grew."""
    power_on(bench.lab, "n1")
    wait_until("system runs", lambda: running(bench.lab, "n1").state == "system")
    return count_writes(bench.lab, bench.rack)


@pytest.fixture(scope="module")
def added(bench: Bench, before: Writes) -> Iterator[Node]:
    yield add_node(bench.lab)
    power_off(bench.lab, "n2", hard=True)


def test_it_is_there_off_and_in_factory_state(bench: Bench, added: Node) -> None:
    assert (added.name, read_record(bench.lab).size) == ("n2", 2)
    assert updown.is_whole(bench.lab)
    assert running(bench.lab, "n2").state == "off"
    assert [disk.serial for disk in attached_disks(bench.lab, "n2")] == [it.serial for it in added.disks]
    for switch, port in (("mgmt", "n2-boot"), ("mgmt", "n2-bmc"), ("data", "n2-data")):
        assert bench.database(switch, "get", "port", port, "tag").strip() == "1"
    assert ports_down(bench.lab, read_record(bench.lab)) == ()


def test_all_else_goes_on(bench: Bench, added: Node, before: Writes) -> None:
    init = running(bench.lab, "n1").init
    (bench.lab.home("n1") / "console").write_text("still heard\n")
    bench.wait_for_console("still heard")
    after = count_writes(bench.lab, read_record(bench.lab))
    assert after.switches == before.switches
    assert after.bmcs == {**before.bmcs, "n2": 0}
    assert running(bench.lab, "n1").init == init != 0


def test_its_cables_its_bmc_and_its_serial_line_work(bench: Bench, added: Node) -> None:
    for port in ("n2-bmc", "n2-boot"):
        bench.set_vlan(port, 10)
    login = ["-H", added.bmc_address, "-U", FACTORY, "-P", FACTORY]
    bench.operator("ipmitool", "-I", "lanplus", "-C", "3", *login, "chassis", "power", "on")
    log = bench.lab.home("n2") / "console.log"
    # The stand-in for the boot node knows n1 alone.
    wait_until("firmware asks", lambda: "DHCP discover" in "".join(last_lines(log, 50)))
    assert count_writes(bench.lab, read_record(bench.lab)).bmcs["n2"] == 1


def test_what_an_interrupted_attempt_left_is_cleared_away() -> None:
    lab = Lab(SCRATCH / f"{PREFIX}-4", f"{PREFIX}-4")
    try:
        updown.up(lab, 1)
        run(["ip", "netns", "add", lab.netns("n2")])
        run(["ip", "netns", "add", lab.netns("bmc2")])
        lab.home("n2").mkdir()
        bench = Bench(lab, read_record(lab), SCRATCH)
        bench.database("data", "add-port", "sw", "n2-data", "tag=7")
        assert add_node(lab).name == "n2"
        assert bench.database("data", "get", "port", "n2-data", "tag").strip() == "1"
        assert add_node(lab).name == "n3"
        assert not updown.up(lab, 3)
        rack_unit(lab.prefix).child("attendant").kill()
        with pytest.raises(SetupError, match="a part of it does not run"):
            add_node(lab)
    finally:
        updown.down(lab)
    assert updown.leftovers(lab) == ()
