"""The cluster storage as its operator sees it, by Ceph's own clients: `piston ceph run`."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.operator_shell import CHECKOUT, Rack

POOL = "volumes"
# Files of the image: known bytes, of several sizes, that every node has.
_SOURCES = ("/usr/bin/rados", "/usr/bin/ceph-mon", "/usr/bin/rbd", "/etc/ceph/rbdmap")
# A node's death: 6 s until its peers report it, one paxos round, then peering.
STALL_S = 15.0
_WRITER = Path(__file__).with_name("steady_writer.py")


@dataclass(frozen=True)
class Storage:
    """Ceph's own tools on the rack."""

    rack: Rack

    def ceph(self, arguments: str) -> Any:
        """A `ceph` command's JSON."""
        return json.loads(self.rack.must(f"piston ceph run lab -- {arguments} --format json"))

    def health(self) -> str:
        """`HEALTH_OK` and so on, with its checks; `no quorum` while no mon answers."""
        done = self.rack.shell("piston ceph run lab -- health --format json --connect-timeout 5")
        if done.code != 0:
            return "no quorum"
        told = json.loads(done.text)
        return " ".join([str(told["status"]), *told["checks"]])

    def wait_healthy(self, limit_s: float = 120.0) -> float:
        """Wait for HEALTH_OK; returns how long it took, seconds."""
        began = time.monotonic()
        while (health := self.health()) != "HEALTH_OK":
            assert time.monotonic() - began < limit_s, f"{health} after {limit_s} s"
            time.sleep(1.0)
        return time.monotonic() - began

    def identity(self) -> tuple[str, str]:
        """The cluster's id and the stamp of its making."""
        stamp = self.rack.must("piston ceph run lab -- config-key get piston/born").strip()
        return str(self.ceph("fsid")["fsid"]), stamp

    def osd_numbers(self) -> dict[str, int]:
        """Number of each node's OSD."""
        tree = self.ceph("osd tree")["nodes"]
        return {it["name"]: it["children"][0] for it in tree if it["type"] == "host" and it["children"]}

    def capacity_gib(self) -> float:
        """Raw size of the cluster."""
        return float(self.ceph("df")["stats"]["total_bytes"]) / 2**30

    def write(self, prefix: str) -> dict[str, str]:
        """Objects and an RBD image of known bytes. Returns what `read` has to give later."""
        for number, source in enumerate(_SOURCES):
            self._rados(f"put {prefix}-{number} {source}")
        self.rack.must(f"piston ceph run lab -- rbd import --no-progress {_SOURCES[0]} {POOL}/{prefix}")
        return self.read(prefix)

    def read(self, prefix: str) -> dict[str, str]:
        """SHA-256 of each of them, as Ceph's clients read them now."""
        export = f"piston ceph run lab -- rbd export --no-progress {POOL}/{prefix} -"
        found = {f"rbd {prefix}": self.rack.must(f"{export} | sha256sum").split()[0]}
        for number in range(len(_SOURCES)):
            get = f"piston ceph run lab -- rados -p {POOL} get {prefix}-{number} -"
            found[f"{prefix}-{number}"] = self.rack.must(f"{get} | sha256sum").split()[0]
        return found

    def _rados(self, arguments: str) -> str:
        return self.rack.must(f"piston ceph run lab -- rados -p {POOL} {arguments}")


@dataclass
class Stalls:
    """What a client saw that wrote all the time. Seconds."""

    writes: int = 0
    longest_s: float = 0.0


@contextmanager
def steady_writes(storage: Storage, node: str) -> Iterator[Stalls]:
    """A client on that node that writes 64 KiB objects through librados until the block ends."""
    stalls = Stalls()
    entity = "client.steady-writer"
    made = storage.ceph(f"auth get-or-create {entity} mon 'allow r' osd 'allow rwx pool={POOL}'")
    command = f". ./env.sh; exec piston lab console {node} -- python3 - {entity} {POOL}"
    client = subprocess.Popen(
        ["bash", "-c", command],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert client.stdin
    assert client.stdout
    try:
        client.stdin.write(_WRITER.read_text().replace("@KEY@", made[0]["key"]))
        client.stdin.close()
        said = []
        for line in client.stdout:
            said.append(line)
            if line.strip() == "writing":
                break
        else:
            raise AssertionError(f"the client did not start: {said}")
        yield stalls
        # It sees that somebody wants it to end, and tells what it saw.
        storage.rack.lab(f"console {node} -- touch /run/steady-writer.stop")
        told = json.loads(client.stdout.read().splitlines()[-1])
        stalls.writes, stalls.longest_s = told["writes"], told["longest_s"]
    finally:
        client.kill()
        client.wait()
        storage.rack.shell(f"piston lab console {node} -- rm -f /run/steady-writer.stop")
        storage.rack.shell(f"piston ceph run lab -- auth rm {entity}")


def check_writes_while_it_dies(storage: Storage, node: str) -> Stalls:
    """Cut a node's power under a client that writes all the time; it stays off."""
    client = "n4" if node != "n4" else "n5"
    with steady_writes(storage, client) as stalls:
        time.sleep(3)
        storage.rack.lab(f"blackout {node}")
        time.sleep(25)
    storage.rack.runs.append(f"writes while {node} died: {stalls}\n")
    assert stalls.writes > 100, f"{node}: {stalls}"
    assert stalls.longest_s < STALL_S, f"{node}: {stalls}"
    return stalls
