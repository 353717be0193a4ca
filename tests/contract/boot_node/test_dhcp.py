"""DHCP and DNS as machines on the management network see them: real dnsmasq, real DHCP client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.boot_node.lan import Lan, Machine
from tests.contract.boot_node.rig import BOOTD_MAC, write_cloudkey

if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("dnsmasq", "udhcpc", "setpriv")):
    pytest.skip(
        "network namespaces need root; dnsmasq-base and udhcpc must be there", allow_module_level=True
    )

BOOTD = "10.30.10.5"
NODE_MAC, BMC_MAC = "52:54:00:0a:00:01", "52:54:00:0c:00:01"
SETTINGS: dict[str, Any] = {
    "site": "lab",
    "release": "2026.11",
    "sha256": "ab" * 32,
    "domain": "lab.piston",
    "cidr": "10.30.10.0/24",
    "address": BOOTD,
    "dns_upstream": [],
    "ntp_upstream": [],
    "hosts": [
        {"name": "n1", "mac": NODE_MAC, "address": "10.30.10.11", "kind": "node"},
        {"name": "n1-bmc", "mac": BMC_MAC, "address": "10.30.10.111", "kind": "bmc"},
    ],
}


@pytest.fixture(scope="module")
def lan() -> Iterator[Lan]:
    network = Lan()
    try:
        yield network
    finally:
        network.close()


@pytest.fixture(scope="module")
def boot_node(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The whole service in a namespace: takes its address, is given settings, runs dnsmasq."""
    root = tmp_path_factory.mktemp("bootd")
    # dnsmasq drops root and must reach its files.
    for directory in (root, *root.parents[:2]):
        directory.chmod(0o755)
    write_cloudkey(root / "cloudkey", BOOTD, "10.30.10.0/24")
    (root / "settings.json").write_text(json.dumps(SETTINGS))
    machine = lan.machine("boot", BOOTD_MAC)
    service = machine.start(*machine.python("serve", str(root)))
    try:
        wait_for_service(machine)
        put = machine.command(*machine.python("put-settings", str(root)))
        subprocess.run(put, check=True, timeout=60, cwd=Path(__file__).parents[3])
        yield machine
    finally:
        service.terminate()
        service.wait(20)


def wait_for_service(machine: Machine) -> None:
    until = time.monotonic() + 30
    while "Site lab" not in machine.output("busybox", "wget", "-q", "-O-", f"http://{BOOTD}:8080/"):
        assert time.monotonic() < until, "the service did not come up"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def node(lan: Lan) -> Machine:
    return lan.machine("n1", NODE_MAC)


def test_a_node_gets_its_address_and_the_url_of_its_script(
    boot_node: Machine, node: Machine, tmp_path: Path
) -> None:
    lease = node.dhcp(tmp_path)
    assert (lease["ip"], lease["subnet"]) == ("10.30.10.11", "255.255.255.0")
    assert lease["boot_file"] == f"http://{BOOTD}:8080/boot/{NODE_MAC}"
    assert lease["lease"] == str(2**32 - 1), "for ever"
    assert (lease["dns"], lease["ntpsrv"], lease["domain"]) == (BOOTD, BOOTD, "lab.piston")
    assert "router" not in lease


@pytest.mark.parametrize(
    "vendor_class", ["HTTPClient:Arch:00016:UNDI:003016", "PXEClient:Arch:00007", "iPXE"]
)
def test_every_kind_of_firmware_is_sent_to_the_same_url(
    boot_node: Machine, node: Machine, tmp_path: Path, vendor_class: str
) -> None:
    # As option 67, because this client asks for it.
    lease = node.dhcp(tmp_path, "-V", vendor_class, "-O", "bootfile", "-O", "60")
    assert lease["bootfile"] == f"http://{BOOTD}:8080/boot/{NODE_MAC}"
    assert lease.get("vendor", "") == ("HTTPClient" if vendor_class.startswith("HTTP") else "")


def test_a_bmc_gets_its_address_and_nothing_to_boot(boot_node: Machine, lan: Lan, tmp_path: Path) -> None:
    lease = lan.machine("bmc", BMC_MAC).dhcp(tmp_path)
    assert lease["ip"] == "10.30.10.111"
    assert "boot_file" not in lease


def test_an_unknown_machine_gets_nothing(boot_node: Machine, lan: Lan, tmp_path: Path) -> None:
    assert lan.machine("new", "52:54:00:0a:00:99").dhcp(tmp_path, "-O", "bootfile") == {}


def test_the_site_has_names(boot_node: Machine, node: Machine) -> None:
    node.output("ip", "address", "replace", "10.30.10.11/24", "dev", "eth0")
    for name, address in {"n1": "10.30.10.11", "n1-bmc": "10.30.10.111", "boot": BOOTD}.items():
        assert address in node.output("busybox", "nslookup", f"{name}.lab.piston", BOOTD)
    assert "NXDOMAIN" in node.output("busybox", "nslookup", "n9.lab.piston", BOOTD)


def test_the_script_comes_over_the_wire(boot_node: Machine, node: Machine) -> None:
    node.output("ip", "address", "replace", "10.30.10.11/24", "dev", "eth0")
    script = node.output("busybox", "wget", "-q", "-O-", f"http://{BOOTD}:8080/boot/{NODE_MAC}")
    assert script.startswith("#!ipxe\nkernel http://10.30.10.5:8080/releases/2026.11/vmlinuz piston.site=lab")
