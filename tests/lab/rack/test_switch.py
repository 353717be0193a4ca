"""Does the switch forward and route what its database says, and count its writes?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from piston_iac.devices.switch.l3_digest import l3_digest
from piston_iac.lab.observe import count_lines
from piston_iac.lab.run import run
from tests.lab.rack.rig import Bench, wait_until

# Serves one connection: sends back how many bytes came.
_SINK = """
import socket, sys
server = socket.create_server((sys.argv[1], 5001))
print("ready", flush=True)
while True:
    peer, _ = server.accept()
    count = 0
    while data := peer.recv(1 << 20):
        count += len(data)
    peer.sendall(str(count).encode())
    peer.close()
"""
_SOURCE = """
import socket, sys
peer = socket.create_connection((sys.argv[1], 5001), timeout=5)
peer.sendall(bytes(int(sys.argv[2])))
peer.shutdown(socket.SHUT_WR)
print(peer.recv(64).decode())
"""
_BYTES = 2_000_000
DEFAULT = '"route:0.0.0.0/0"'


def applied(bench: Bench) -> str:
    return bench.database("data", "get", "open_vswitch", ".", "external_ids:l3-applied").strip().strip('"')


def svi(vid: int, address: str, mtu: int) -> list[str]:
    name = f"vlan{vid}"
    interface = ["type=internal", f"mtu_request={mtu}", f"external_ids:ipv4-address={address}"]
    return ["--", "add-port", "sw", name, f"tag={vid}", "--", "set", "interface", name, *interface]


def writes(bench: Bench) -> int:
    return count_lines(bench.lab.home("data") / "writes.log") or 0


@pytest.fixture(scope="module")
def routed(bench: Bench) -> Bench:
    """A transit network to the core, a network with the node in it, and a default route."""
    lines = [*svi(4, "10.30.0.2/30", 1500), *svi(30, "10.30.30.1/24", 9000)]
    ports = ["--", "set", "port", "core", "tag=4", "--", "set", "port", "n1-data", "tag=30"]
    bench.database(
        "data", *lines[1:], *ports, "--", "set", "bridge", "sw", f"external_ids:{DEFAULT}=10.30.0.1"
    )
    addresses = {"vlan4": "10.30.0.2/30", "vlan30": "10.30.30.1/24"}
    wanted = l3_digest(addresses, {"vlan4": 1500, "vlan30": 9000}, {"0.0.0.0/0": "10.30.0.1"})
    wait_until("L3 in force", lambda: applied(bench) == wanted)
    for command in (
        ["addr", "add", "10.30.30.11/24", "dev", "eth1"],
        ["link", "set", "eth1", "up"],
        ["route", "add", "default", "via", "10.30.30.1"],
    ):
        run(["ip", "-n", bench.lab.netns("n1"), *command])
    return bench


@contextmanager
def sink(bench: Bench) -> Iterator[None]:
    """Something behind the core that counts the bytes it is sent."""
    enter = ["nsenter", f"--net={bench.lab.netns_path('core')}"]
    process = subprocess.Popen([*enter, sys.executable, "-c", _SINK, "10.30.1.1"], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


def test_routes_tcp_between_networks_and_the_core(routed: Bench) -> None:
    """With checksums left to the cards, nothing but tiny packets would come through."""
    source = ["nsenter", f"--net={routed.lab.netns_path('n1')}", sys.executable, "-c", _SOURCE]
    with sink(routed):
        assert int(run([*source, "10.30.1.1", str(_BYTES)])) == _BYTES


def test_management_port_is_not_routed(routed: Bench) -> None:
    inside = ["nsenter", f"--net={routed.lab.netns_path('data')}", "ip", "route", "get"]
    coming_in = ["from", "10.30.30.11", "iif", "vlan30"]
    assert "dev vlan4" in run([*inside, "10.30.10.9", *coming_in])
    assert "dev eth0" in run([*inside, "10.30.10.9", "from", "10.30.10.2"])


def test_counts_configuration_and_not_its_own_reports(routed: Bench) -> None:
    bench = routed
    before = writes(bench)
    bench.database("data", "set", "port", "n1-data", "tag=30")
    bench.database("data", "list", "port")
    assert writes(bench) == before
    bench.database("data", "set", "port", "n1-data", "tag=31")
    wait_until("one write", lambda: writes(bench) == before + 1)
    digest = applied(bench)
    bench.database("data", "remove", "bridge", "sw", "external_ids", DEFAULT)
    wait_until("L3 changed", lambda: applied(bench) != digest)
    assert writes(bench) == before + 2


def test_unreachable_next_hop_is_not_reported_as_applied(routed: Bench) -> None:
    bench = routed
    digest = applied(bench)
    bench.database("data", "set", "bridge", "sw", 'external_ids:"route:10.99.0.0/16"="192.0.2.1"')
    with pytest.raises(pytest.fail.Exception):
        wait_until("never", lambda: applied(bench) != digest, seconds=1.5)
    bench.database("data", "clear", "bridge", "sw", "external_ids")
    wait_until("back", lambda: applied(bench) == digest)


def test_database_answers_on_the_management_network(bench: Bench) -> None:
    for address in ("10.30.10.2", "10.30.10.3"):
        assert "sw" in bench.operator("ovs-vsctl", f"--db=tcp:{address}:6640", "--timeout=5", "list-br")
