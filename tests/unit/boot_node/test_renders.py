"""What the boot node writes for dnsmasq, chrony and iPXE follows from its settings alone."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from piston_iac.boot_node.boot_script import boot_script, kernel_arguments
from piston_iac.boot_node.chrony import chrony_conf
from piston_iac.boot_node.clock import parse_tracking
from piston_iac.boot_node.dnsmasq import dnsmasq_conf
from piston_iac.boot_node.management import card_with
from piston_iac.boot_node.releases import Release, StoredFile
from piston_iac.boot_node.settings import Settings
from piston_iac.boot_node.status_page import status_page
from piston_iac.node_agent.boot_arguments import parse

LEASES = Path("/var/lib/piston-bootd/dnsmasq.leases")


def lines(settings: Settings) -> list[str]:
    return dnsmasq_conf(settings, LEASES).splitlines()


def test_dhcp_knows_reservations_alone(settings: Settings) -> None:
    text = lines(settings)
    assert "dhcp-range=10.30.10.0,static,255.255.255.0,infinite" in text
    assert "dhcp-ignore=tag:!known" in text
    assert "dhcp-host=52:54:00:0a:00:01,set:node-n1,10.30.10.11,n1,infinite" in text
    assert "dhcp-host=52:54:00:0c:00:01,10.30.10.111,n1-bmc,infinite" in text


def test_each_boot_card_gets_its_own_script_and_a_bmc_none(settings: Settings) -> None:
    boots = [line for line in lines(settings) if line.startswith("dhcp-boot")]
    assert boots == ["dhcp-boot=tag:node-n1,http://10.30.10.5:8080/boot/52:54:00:0a:00:01"]
    assert not [line for line in lines(settings) if "tftp" in line]


def test_a_gateway_is_offered_only_where_there_is_one(settings: Settings) -> None:
    assert "dhcp-option=option:router" in lines(settings)
    with_gateway = replace(settings, gateway="10.30.10.1")
    assert "dhcp-option=option:router,10.30.10.1" in lines(with_gateway)


def test_dns_answers_for_the_site_and_asks_upstream(settings: Settings) -> None:
    text = lines(settings)
    assert {"port=53", "no-hosts", "no-resolv", "listen-address=10.30.10.5"} <= set(text)
    assert {"host-record=n1.lab.piston,n1,10.30.10.11", "local=/lab.piston/", "server=10.30.1.1"} <= set(text)


def test_dnsmasq_takes_the_file(settings: Settings, tmp_path: Path) -> None:
    conf = tmp_path / "dnsmasq.conf"
    conf.write_text(dnsmasq_conf(settings, tmp_path / "leases"))
    ended = subprocess.run(
        ["dnsmasq", "--test", f"--conf-file={conf}"], capture_output=True, text=True, check=False
    )
    assert "syntax check OK" in ended.stderr, ended.stderr


def test_chrony_follows_upstream_and_serves_the_management_network(settings: Settings) -> None:
    text = chrony_conf(settings).splitlines()
    assert {"server 10.30.1.1 iburst", "server ntp.example.net iburst"} <= set(text)
    assert {"local stratum 10", "allow 10.30.10.0/24"} <= set(text)


def test_chrony_takes_the_file(settings: Settings, tmp_path: Path) -> None:
    conf = tmp_path / "chrony.conf"
    conf.write_text(chrony_conf(settings))
    ended = subprocess.run(["chronyd", "-p", "-f", str(conf)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_agent_reads_its_address_from_the_boot_script(settings: Settings) -> None:
    node = settings.node_by_mac("52:54:00:0a:00:01")
    assert node is not None
    said = parse(kernel_arguments(settings, node, "fe" * 32))
    assert (said.node, said.address, said.bootd) == ("n1", "10.30.10.11/24", "10.30.10.5")
    older = kernel_arguments(settings, node, "fe" * 32).replace("piston.address=10.30.10.11/24", "")
    assert parse(older).address == ""


def test_the_boot_script_carries_the_operators_digest(settings: Settings) -> None:
    node = settings.node_by_mac("52:54:00:0a:00:01")
    assert node is not None
    text = boot_script(settings, node, "fe" * 32).splitlines()
    base = "http://10.30.10.5:8080/releases/2026.11"
    assert text[0] == "#!ipxe"
    assert text[2:] == [f"initrd {base}/initrd", "boot"]
    command, url, *arguments = text[1].split()
    assert (command, url) == ("kernel", f"{base}/vmlinuz")
    assert arguments == [
        "piston.site=lab",
        "piston.node=n1",
        "piston.mac=52:54:00:0a:00:01",
        "piston.address=10.30.10.11/24",
        "piston.bootd=10.30.10.5",
        f"piston.ca={'fe' * 32}",
        "piston.release=2026.11",
        f"piston.image={base}/root.squashfs",
        f"piston.sha256={settings.sha256}",
        "systemd.machine_id=firmware",
    ]


def test_the_status_page_is_a_table_and_escapes_what_it_shows(settings: Settings) -> None:
    releases = {"2026.11": Release(True, {"<b>": StoredFile("00" * 32, 7)})}
    page = status_page("lab", settings, {}, {"n1": 59.6}, set(), releases)
    assert "<td>n1</td><td>10.30.10.11</td>" in page
    assert "60 s left" in page
    assert "&lt;b&gt; (7 bytes)" in page


def test_the_status_page_says_when_nothing_was_set() -> None:
    assert "No settings yet" in status_page("lab", None, {}, {}, set(), {})


def test_the_card_is_found_by_its_mac() -> None:
    links = [
        {"ifname": "lo", "address": "00:00:00:00:00:00"},
        {"ifname": "boot0", "address": "52:54:00:0a:00:fe"},
    ]
    assert card_with(links, "52:54:00:0a:00:fe") == "boot0"
    assert card_with(links, "52:54:00:0a:00:01") is None


def test_chronys_tracking_is_read() -> None:
    said = (
        "0A1E0101,10.30.1.1,3,1700000000.5,0.000012,-0.000001,0.00001,1.0,0.0,0.1,0.001,0.002,64.0,Normal\n"
    )
    assert parse_tracking(said) == {"synchronised": True, "offset_s": 0.000012, "source": "10.30.1.1"}
    assert parse_tracking("506 Cannot talk to daemon")["synchronised"] is False
