"""Starts machines of a dead node on others: `python3 -m piston_iac.node_programs.cloud.evacuator run`.

It runs on every control host; the one that has the virtual address acts. While Ceph misses no node it asks
nobody else. What it may move is in `evacuation`; where to is Nova's choice.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import rados
import rbd

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_programs.cloud.access import Access, has_address, read_access
from piston_iac.node_programs.cloud.evacuation import dead, silent_hosts, to_move
from piston_iac.node_programs.cloud.https import ask
from piston_iac.node_programs.cloud.keystone_login import token
from piston_iac.node_programs.cluster import Cluster, connected
from piston_iac.node_programs.program import Fault, guarded, leave
from piston_iac.trust.secret import Secret

_ROUND_S, _CEPH_S, _CALL_S = 5.0, 15.0, 30.0
# Nova says at once that it will; a machine that did not start is asked for again after this.
_AGAIN_S = 120.0
# Later versions leave a machine switched off where it was moved to.
_VERSION = {"OpenStack-API-Version": "compute 2.68"}
_PROJECT, _POOL = "service", "vms"


@dataclass(frozen=True)
class Settings:
    """Who asks Nova and Ceph."""

    user: str
    password: Secret
    ceph_key: Secret


def read_settings(path: Path = Path(layout.EVACUATOR_CONF)) -> Settings:
    """What the document says.

    Raises:
        Fault: it does not fit this image.
    """
    try:
        raw = json.loads(path.read_text())
        return Settings(str(raw["user"]), Secret(str(raw["password"])), Secret(str(raw["cephKey"])))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Fault(f"{path} does not fit this image ({type(error).__name__})") from None


@dataclass
class Evacuator:
    """Rounds of looking, and what was asked for when."""

    settings: Settings
    access: Access
    _asked: dict[str, float] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def once(self) -> None:
        """One round.

        Raises:
            Fault: Ceph, Keystone or Nova does not answer.
        """
        if not has_address(self.access):
            self._told.clear()
            return
        silent = silent_hosts(self._tree())
        self._told &= silent
        if not silent:
            return
        key = token(self.access.address, self.settings.user, self.settings.password, _PROJECT)
        if not key:
            raise Fault(f"Keystone refuses the login of {self.settings.user}")
        services = self._nova(key, "GET", "os-services?binary=nova-compute")["services"]
        for host in dead(silent, services):
            if host not in self._told:
                _say(f"{host} is dead: Ceph has its OSDs down, and its nova-compute is silent")
                self._told.add(host)
            self._move(key, host)

    def _ceph(self) -> AbstractContextManager[Cluster]:
        return connected(layout.EVACUATOR_ENTITY, self.settings.ceph_key, Deadline.after(_CEPH_S))

    def _tree(self) -> Mapping[str, Any]:
        command = json.dumps({"prefix": "osd tree", "format": "json"})
        with self._ceph() as cluster:
            code, output, status = cluster.ask("mon", command, "")
        if code:
            raise Fault(f"Ceph does not tell its OSDs: {status}")
        tree: Mapping[str, Any] = json.loads(output)
        return tree

    def _disks(self) -> list[str]:
        try:
            with self._ceph() as cluster:
                names: list[str] = rbd.RBD().list(cluster.pool(_POOL))
        except (rados.Error, rbd.Error) as error:
            raise Fault(f"Ceph does not tell the disks of pool {_POOL}: {error}") from None
        return names

    def _move(self, key: str, host: str) -> None:
        servers = self._nova(key, "GET", f"servers/detail?all_tenants=1&host={host}")["servers"]
        for server in to_move(servers, self._disks()):
            now = time.monotonic()
            if now < self._asked.get(server["id"], 0.0):
                continue
            self._asked[server["id"]] = now + _AGAIN_S
            try:
                self._nova(key, "POST", f"servers/{server['id']}/action", {"evacuate": {}})
                _say(f"{server['id']} of {host} starts elsewhere")
            except Fault as error:
                _say(f"{server['id']} of {host} does not start elsewhere: {error}")

    def _nova(self, key: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-Auth-Token": key, **_VERSION}
        content = None if body is None else json.dumps(body)
        place = self.access.address
        code, text, _ = ask(place, layout.NOVA_PORT, method, f"/v2.1/{path}", content, headers, _CALL_S)
        if not HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
            raise Fault(f"Nova answers {code or 'nothing'} to {method} {path.partition('?')[0]}")
        answer: dict[str, Any] = json.loads(text) if text.startswith(b"{") else {}
        return answer


def watch() -> None:
    """Look all the time, until stopped. Each fault is one line of the journal, however long it lasts."""
    evacuator, said = Evacuator(read_settings(), read_access()), ""
    while True:
        fault = ""
        try:
            evacuator.once()
        except (Fault, ToolFailed) as error:
            fault = str(error)
        if fault != said:
            _say(fault or "goes on")
            said = fault
        time.sleep(_ROUND_S)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["run"]:
        return guarded(watch)
    print("usage: evacuator run", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
