"""A first install in which three nodes have a fault each: the others become Ready all the same."""

from __future__ import annotations

import json
import re

import pytest

from tests.lab.conftest import NODES, Rack, Result


def _export(rack: Rack) -> dict[str, dict[str, object]]:
    state = json.loads(rack.must("pulumi stack export --stack lab"))
    return {entry["urn"].rpartition("::")[2]: entry for entry in state["deployment"]["resources"]}


@pytest.fixture(scope="module")
def first_up(rack: Rack) -> Result:
    rack.lab("bmc n1 --quirk dead")
    rack.must("piston lab exec operator -- ipmitool -I lanplus -C 3 -H 10.30.10.112 -U ADMIN -P ADMIN "
              "user set password 2 changed-by-a-man")
    rack.lab("cut n3 boot")
    return rack.up()


def test_it_fails_and_says_so(first_up: Result) -> None:
    assert first_up.code != 0


@pytest.mark.parametrize("node", ["n4", "n5"])
def test_nodes_without_a_fault_are_ready(rack: Rack, first_up: Result, node: str) -> None:
    assert "initErrors" not in _export(rack)[node], first_up.text
    assert "running" in rack.lab(f"console {node} -- systemctl is-active chrony.service; echo running")


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("n1-bmc", ["BMC of n1", "log in", "10.30.10.111"]),
        ("n2-bmc", ["BMC of n2", "refuses", "ADMIN"]),
        ("n3", ["n3", "boot and enrol", "console:", "DHCP"]),
    ],
)
def test_each_fault_is_one_line_that_helps(first_up: Result, resource: str, words: list[str]) -> None:
    lines = [line for line in first_up.text.splitlines() if "error:" in line and words[0] in line]
    assert lines, first_up.text
    for word in words:
        assert any(word in line for line in lines), (word, lines)


def test_half_made_nodes_are_in_the_state(rack: Rack, first_up: Result) -> None:
    state = _export(rack)
    assert {name for name in ("n1-bmc", "n2-bmc", "n3") if state[name].get("initErrors")} == {
        "n1-bmc",
        "n2-bmc",
        "n3",
    }


def test_preview_works_with_a_device_unreachable(rack: Rack, first_up: Result) -> None:
    plan = rack.preview()
    assert plan.code == 0, plan.text
    assert re.search(r"fault: unreachable: BMC of n1", plan.text), plan.text
    assert plan.seconds < 30


def test_the_next_up_goes_on_with_them(rack: Rack, first_up: Result) -> None:
    rack.lab("bmc n1 --quirk none")
    rack.lab("bmc n2 --quirk reset-factory")
    rack.lab("plug n3 boot")
    boots = {node: rack.lab(f"console {node} -- cat /proc/sys/kernel/random/boot_id") for node in ("n4", "n5")}
    again = rack.up()
    assert again.code == 0, again.text
    state = _export(rack)
    assert not [name for name in state if state[name].get("initErrors")]
    assert all(node in state for node in NODES)
    for node, boot in boots.items():
        assert rack.lab(f"console {node} -- cat /proc/sys/kernel/random/boot_id") == boot
