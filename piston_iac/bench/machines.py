"""How fast are disks and networks of virtual machines in the lab? Next to the bare nodes that they run on.

Two machines on two nodes measure themselves with the dd of their busybox, and tell on their web pages. They
are emulated here: the figures say what the way through the cloud costs, as shares of the bare node's.
"""

from __future__ import annotations

import json
import re
import tempfile
import time

from piston_iac.bench.shell import output_of
from piston_iac.bench.storage import dd_rate
from piston_iac.errors import SetupError

_NAME, _NODES = "bench", ("n4", "n5")
_MIB, _SIZE, _BLOB = 1024 * 1024, 64, 32
_PAGE_S = 300.0
# Beyond the guest's own system, which is in memory by then.
_AT = 512
_COMMAND = "openstack --os-cloud lab"
MEASURED = {
    "root_write": "its root disk on the node's mirror written",
    "root_read": "the same read",
    "volume_write": "a volume written",
    "volume_read": "the same read",
    "network": "between two of them on two nodes",
}


# Each line that a machine tells: a name, bytes, and when it began and ended, seconds since its start.
_MEASURE = """
now() { cut -d' ' -f1 /proc/uptime; }
measured() { # name, bytes, command...
    name=$1 bytes=$2
    shift 2
    began=$(now)
    "$@" >/dev/null 2>&1
    echo "$name $bytes $began $(now)" >> /tmp/told
}
"""
_FIRST_MACHINE = f"""#!/bin/sh
{_MEASURE}
dd if=/dev/zero of=/www/blob bs=1M count={_BLOB}
while [ ! -e /dev/vdb ]; do sleep 1; done
copied() {{ measured $1 {_SIZE * _MIB} dd bs=1M count={_SIZE} $2 $3 $4; }}
for disk in root:vda volume:vdb; do
    copied ${{disk%:*}}_write if=/dev/zero of=/dev/${{disk#*:}} "seek={_AT} conv=fsync"
    echo 3 > /proc/sys/vm/drop_caches
    copied ${{disk%:*}}_read if=/dev/${{disk#*:}} of=/dev/null skip={_AT}
done
mv /tmp/told /www/told
"""
_SECOND_MACHINE = f"""#!/bin/sh
{_MEASURE}
until wget -q -O /dev/null http://192.168.10.11/told; do sleep 2; done
measured network {_BLOB * _MIB} wget -q -O /dev/null http://192.168.10.11/blob
mv /tmp/told /www/told
"""


def measure() -> dict[str, float]:
    """Bytes per second and shares of the bare node's, by the names of the table. The rack has a cloud."""
    output_of("piston cloud-config lab")
    try:
        _make()
        told = {**_told(_address("1")), **_told(_address("2"))}
    finally:
        _remove()
    bare = {
        "root_write": _bare_disk("if=/dev/zero of=/persist/bench conv=fsync"),
        "root_read": _bare_disk("if=/persist/bench of=/dev/null"),
        "volume_write": _bare_volume("write"),
        "volume_read": _bare_volume("read"),
        "network": _bare_network(),
    }
    output_of(f"piston lab console {_NODES[0]} -- rm -f /persist/bench")
    figures = {f"machine_{name}_Bps": told[name] for name in MEASURED}
    return figures | {f"machine_{name}_share": told[name] / bare[name] for name in MEASURED}


def _openstack(words: str) -> str:
    return output_of(f"{_COMMAND} {words}")


def _make() -> None:
    _openstack(f"network create {_NAME}")
    _openstack(f"subnet create {_NAME} --network {_NAME} --subnet-range 192.168.10.0/24")
    _openstack(f"router create {_NAME} --external-gateway public")
    _openstack(f"router add subnet {_NAME} {_NAME}")
    _openstack(f"security group create {_NAME}")
    _openstack(f"security group rule create {_NAME} --protocol tcp --dst-port 80")
    _openstack(f"volume create {_NAME} --size 1")
    for number, (node, script) in enumerate(
        zip(_NODES, (_FIRST_MACHINE, _SECOND_MACHINE), strict=True), start=1
    ):
        _server(str(number), node, script)
    _openstack(f"server add volume {_NAME}-1 {_NAME}")


def _server(number: str, node: str, script: str) -> None:
    name = f"{_NAME}-{number}"
    words = f"--flavor piston.check --image piston-check --security-group {_NAME} --host {node}"
    place = f"--nic net-id={_NAME},v4-fixed-ip={_fixed(number)}"
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as given:
        given.write(script)
        given.flush()
        start = f"server create {name} {words} {place} --user-data {given.name} --wait"
        _openstack(f"--os-compute-api-version 2.74 {start}")
    address = json.loads(_openstack(f"floating ip create public --tag {_NAME} -f json"))[
        "floating_ip_address"
    ]
    _openstack(f"server add floating ip {name} {address}")


def _fixed(number: str) -> str:
    return f"192.168.10.1{number}"


def _address(number: str) -> str:
    shown = json.loads(_openstack(f"floating ip list --fixed-ip-address {_fixed(number)} -f json"))
    return str(shown[0]["Floating IP Address"])


def _told(address: str) -> dict[str, float]:
    """What a machine has measured, bytes per second by name.

    Raises:
        SetupError: it does not tell.
    """
    until = time.monotonic() + _PAGE_S
    while time.monotonic() < until:
        page = output_of(f"piston lab exec core -- curl -sm 5 http://{address}/told || true")
        found = re.findall(r"^(\w+) (\d+) ([\d.]+) ([\d.]+)$", page, re.MULTILINE)
        if found:
            return {name: int(size) / (float(ended) - float(began)) for name, size, began, ended in found}
        time.sleep(3.0)
    raise SetupError("the lab", "measure machines", f"{address} does not tell", "See its console log.")


def _remove() -> None:
    """All of it, as much as there is."""
    addresses = _openstack(f"floating ip list --tags {_NAME} -f value -c ID").split()
    for words in (
        f"server delete {_NAME}-1 {_NAME}-2 --wait",
        *(f"floating ip delete {it}" for it in addresses),
        f"volume delete {_NAME}",
        f"router remove subnet {_NAME} {_NAME}",
        f"router delete {_NAME}",
        f"network delete {_NAME}",
        f"security group delete {_NAME}",
    ):
        output_of(f"{_COMMAND} {words} || true")


def _bare_disk(words: str) -> float:
    """The same on the local mirror of the first machine's node."""
    command = f"echo 3 > /proc/sys/vm/drop_caches; dd {words} bs=1M count={_SIZE} 2>&1"
    return dd_rate(output_of(f"piston lab console {_NODES[0]} -- sh -c '{command}'"))


def _bare_volume(kind: str) -> float:
    """The same by Ceph's own client."""
    image, tool = f"volumes/{_NAME}-bare", "piston ceph run lab -- rbd"
    options = f"--io-pattern seq --io-size 1M --io-threads 1 --io-total {_SIZE}M"
    output_of(f"{tool} create --size 256M {image}")
    try:
        if kind == "read":
            output_of(f"{tool} bench --io-type write {options} {image}")
        text = output_of(f"{tool} bench --io-type {kind} {options} {image}")
    finally:
        output_of(f"{tool} rm --no-progress {image}")
    said = re.search(r"elapsed: (\d+) +ops: (\d+) +ops/sec: ([\d.]+)", text)
    if not said:
        raise ValueError(f"rbd bench said something else: {text[-200:]}")
    return float(said[3]) * _MIB


def _bare_network() -> float:
    """Between the two nodes, over the network that carries the machines' tunnels."""
    give = (
        'import socket; s = socket.create_server((\\"10.30.40.14\\", 7000)); c = s.accept()[0];'
        f" c.sendall(bytes({_BLOB * _MIB})); c.close()"
    )
    take = (
        'import socket, time; b = time.monotonic(); c = socket.create_connection((\\"10.30.40.14\\", 7000));'
        " n = sum(iter(lambda: len(c.recv(65536)), 0)); print(n / (time.monotonic() - b))"
    )
    first, second = _NODES
    serving = f"piston lab console {first} -- sh -c \"timeout 60 python3 -c '{give}'\""
    taking = f"piston lab console {second} -- sh -c \"python3 -c '{take}'\""
    return float(output_of(f"({serving} >/dev/null 2>&1 &); sleep 2; {taking}").split()[-1])
