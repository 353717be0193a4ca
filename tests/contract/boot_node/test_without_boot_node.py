"""A node that booted from its own copy and finds no boot node: it must still get its management address."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.boot_node.lan import Lan, Machine

if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("busybox", "udhcpc", "setpriv")):
    pytest.skip("network namespaces need root; busybox and udhcpc must be there", allow_module_level=True)

NODE_MAC, OTHER_MAC = "52:54:00:0a:00:01", "52:54:00:0a:00:02"
ADDRESS = "10.30.10.11/24"
FROM_ARGUMENTS = "take the management address of the boot arguments: nobody answers DHCP"


@pytest.fixture
def lan() -> Iterator[Lan]:
    network = Lan()
    try:
        yield network
    finally:
        network.close()


@pytest.fixture
def node(lan: Lan) -> Machine:
    return lan.machine("n1", NODE_MAC)


def taking(node: Machine, scratch: Path) -> list[str]:
    return node.command(*node.python("take-address", str(scratch), NODE_MAC, ADDRESS))


def addresses(node: Machine) -> str:
    return node.output("ip", "-4", "-o", "addr", "show", "dev", "eth0")


def test_it_takes_the_address_of_its_boot_arguments(node: Machine, tmp_path: Path) -> None:
    node.output("ip", "link", "set", "eth0", "down")
    ended = subprocess.run(taking(node, tmp_path), capture_output=True, text=True, timeout=40, check=False)
    assert ended.stdout.strip() == f"10.30.10.11 {[FROM_ARGUMENTS]}", ended.stderr
    assert f"inet {ADDRESS}" in addresses(node)


def test_it_leaves_an_address_alone_that_another_machine_has(lan: Lan, node: Machine, tmp_path: Path) -> None:
    other = lan.machine("n2", OTHER_MAC)
    other.output("ip", "address", "add", ADDRESS, "dev", "eth0")
    waiting = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *taking(node, tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert waiting.stderr is not None
        assert any("not taken" in line for line in waiting.stderr), "it did not notice the other machine"
        assert addresses(node) == ""
        other.output("ip", "address", "flush", "dev", "eth0")
        assert waiting.communicate(timeout=40)[0].startswith("10.30.10.11 ")
    finally:
        waiting.kill()
        waiting.communicate()


def test_an_address_that_the_firmware_left_is_taken_as_it_is(node: Machine, tmp_path: Path) -> None:
    node.output("ip", "address", "add", "10.30.10.99/24", "dev", "eth0")
    ended = subprocess.run(taking(node, tmp_path), capture_output=True, text=True, timeout=40, check=False)
    assert ended.stdout.strip() == "10.30.10.99 []", ended.stderr
