"""A first install in which three nodes have a fault each: the others become Ready all the same."""

from __future__ import annotations

import re

import pytest

from tests.lab.operator_shell import NODES, Rack, Result


@pytest.fixture(scope="module")
def first_up(rack: Rack) -> Result:
    rack.lab("bmc n1 --quirk dead")
    rack.must(
        "piston lab exec bmc2 -- ipmitool -I lanplus -C 3 -H 10.30.10.112 -U ADMIN -P ADMIN "
        "user set password 2 set-by-hand"
    )
    rack.lab("cut n3 boot")
    return rack.up()


def test_it_fails_and_says_so(first_up: Result) -> None:
    assert first_up.code != 0


@pytest.mark.parametrize("node", ["n4", "n5"])
def test_nodes_without_a_fault_are_ready(rack: Rack, first_up: Result, node: str) -> None:
    assert node not in rack.half_made(), first_up.text
    assert "running" in rack.lab(f"console {node} -- systemctl is-active chrony.service; echo running")


@pytest.mark.parametrize(
    "words",
    [
        ["BMC of n1", "could not", "no answer", "10.30.10.111"],
        ["BMC of n2", "could not log in", "refuses our user and the factory user", "Reset the BMC"],
        ["n3", "could not become ready", "boot and enrol", "console:", "eth0: link is down"],
    ],
)
def test_each_fault_is_one_line_that_helps(first_up: Result, words: list[str]) -> None:
    lines = [line for line in first_up.text.splitlines() if line.strip().startswith(f"* {words[0]}: ")]
    assert len(lines) == 1, first_up.text
    assert [word for word in words if word not in lines[0]] == [], lines


def test_half_made_nodes_are_in_the_state(rack: Rack, first_up: Result) -> None:
    assert {"n1-bmc", "n2-bmc", "n3"} <= rack.half_made(), first_up.text


def test_preview_works_with_a_device_unreachable(rack: Rack, first_up: Result) -> None:
    plan = rack.preview()
    assert plan.code == 0, plan.text
    assert re.search(r"fault: unreachable: BMC of n1", plan.text), plan.text
    # On top of a plan 7 s for the agent and 12 s for the BMC (bmcS of the lab); twice that on a slow machine.
    assert plan.seconds < 60


def test_the_next_up_goes_on_with_them(rack: Rack, first_up: Result) -> None:
    rack.lab("bmc n1 --quirk none")
    rack.lab("bmc n2 --quirk reset-factory")
    rack.lab("plug n3 boot")
    boots = {
        node: rack.lab(f"console {node} -- cat /proc/sys/kernel/random/boot_id") for node in ("n4", "n5")
    }
    again = rack.up()
    assert again.code == 0, again.text
    assert not rack.half_made()
    assert set(NODES) <= rack.state().keys()
    for node, boot in boots.items():
        assert rack.lab(f"console {node} -- cat /proc/sys/kernel/random/boot_id") == boot
