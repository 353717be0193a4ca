"""A management network in namespaces of our own: a bridge, and machines on it with MACs we choose."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[3]
_SCRIPT = """#!/bin/sh
[ "$1" = bound ] && env > "$0.env"
exit 0
"""


def ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


@dataclass(frozen=True)
class Machine:
    """A namespace with one card, `eth0`."""

    namespace: str

    def command(self, *words: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *words]

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A process that ends with the test run, however that ends."""
        return subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self.command(*words)], cwd=PROJECT)

    def python(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.contract.boot_node.in_namespace", *words]

    def dhcp(self, scratch: Path, *options: str) -> dict[str, str]:
        """Ask for an address; what the lease says, empty when nobody answered."""
        script = scratch / f"{self.namespace}.sh"
        script.write_text(_SCRIPT)
        script.chmod(0o755)
        said = Path(f"{script}.env")
        said.unlink(missing_ok=True)
        wait = ("-n", "-q", "-f", "-t", "3", "-T", "1", "-A", "1")
        client = self.command("udhcpc", "-i", "eth0", *wait, "-s", str(script), *options)
        clean = {"PATH": os.environ["PATH"]}
        subprocess.run(client, capture_output=True, timeout=30, check=False, env=clean)
        if not said.exists():
            return {}
        return dict(line.split("=", 1) for line in said.read_text().splitlines() if "=" in line)

    def output(self, *words: str) -> str:
        ended = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=30, check=False)
        return ended.stdout + ended.stderr


class Lan:
    """Namespaces `bn-<pid>-<name>`, all gone after `close`."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._switch = self._namespace("sw")
        ip("-n", self._switch, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        ip("-n", self._switch, "link", "set", "br0", "up")

    def _namespace(self, name: str) -> str:
        namespace = f"bn-{os.getpid()}-{name}"
        ip("netns", "add", namespace)
        self._made.append(namespace)
        ip("-n", namespace, "link", "set", "lo", "up")
        return namespace

    def machine(self, name: str, mac: str) -> Machine:
        """A machine whose card has that MAC and is plugged in."""
        namespace = self._namespace(name)
        peer = f"to-{name}"
        ip("link", "add", peer, "netns", self._switch, "type", "veth", "peer", "eth0", "netns", namespace)
        ip("-n", namespace, "link", "set", "eth0", "address", mac)
        ip("-n", namespace, "link", "set", "eth0", "up")
        ip("-n", self._switch, "link", "set", peer, "master", "br0", "up")
        return Machine(namespace)

    def close(self) -> None:
        for namespace in reversed(self._made):
            ip("netns", "delete", namespace, check=False)
