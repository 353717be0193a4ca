"""A rack with a control plane, and what its users see of it from the core network."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.site.schema import Site
from tests.lab.credentials import site_of
from tests.lab.operator_shell import CHECKOUT, Rack, Result
from tests.lab.stack_file import CONTROL_PLANE
from tests.lab.storage import Storage

HOSTS = ("n1", "n2", "n3")
ADDRESS = "10.30.20.10"
SERVICES = {"n1": "10.30.20.11", "n2": "10.30.20.12", "n3": "10.30.20.13"}
INSTALL_S = 1200.0
_CORE = "/run/netns/piston-core"
_PROBE = Path(__file__).with_name("api_probe.py")
_STORES = ("OVN_Northbound", "OVN_Southbound")


@dataclass(frozen=True)
class Request:
    """One request of the probe. `code` 0: no answer. `at` and `took` in seconds, of the monotonic clock."""

    at: float
    what: str
    code: int
    took: float
    note: str

    @property
    def good(self) -> bool:
        return 200 <= self.code <= 300


@dataclass(frozen=True)
class Probe:
    """What the probe has written so far."""

    log: Path

    def requests(self, what: str, since: float = 0.0) -> list[Request]:
        lines = self.log.read_text().splitlines()
        rows = [Request(**json.loads(line)) for line in lines if line.endswith("}")]
        return [it for it in rows if it.what == what and it.at >= since]

    def longest_s(self, what: str, since: float) -> float:
        """The longest time without a good answer from then until now, seconds."""
        good = [it.at for it in self.requests(what, since - 2.0) if it.good]
        moments = [max(since, good[0]) if good else since, *good, time.monotonic()]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))

    def bad(self, since: float) -> list[Request]:
        """Requests that were not answered well."""
        names = ("keystone", "glance", "placement", "write")
        return [it for name in names for it in self.requests(name, since) if not it.good]

    def promised(self) -> set[str]:
        """Names of the projects that Keystone said it had made."""
        return {it.note for it in self.requests("write") if it.good}


@dataclass(frozen=True)
class Cloud:
    """A rack with a control plane, and the stack file that says so."""

    rack: Rack
    stack: Path = CONTROL_PLANE

    def up(self, limit_s: float = INSTALL_S) -> Result:
        options = f"--yes --skip-preview --non-interactive --config-file {self.stack}"
        return self.rack.shell(f"pulumi up --stack lab {options}", limit_s)

    def preview(self) -> Result:
        return self.rack.preview(self.stack)

    def site(self) -> Site:
        return site_of(self.rack, self.stack)

    def admin_password(self) -> str:
        return self.site().dashboard.password.get_secret_value()

    def database_id(self) -> str:
        return str(self.rack.state()["control-plane"]["outputs"]["databaseId"])

    def on(self, host: str, command: str) -> Result:
        return self.rack.shell(f"piston lab console {host} -- {command}")

    def look(self, host: str) -> dict[str, Any]:
        """What a host sees of the control plane and of OVN's databases; empty when it cannot be asked."""
        seen = self._program(host, "look all")
        return {**seen, "ovn": self.ovn_look(host)} if seen else {}

    def ovn_look(self, host: str) -> dict[str, Any]:
        """What a host sees of OVN's databases; empty when it cannot be asked."""
        return self._program(host, "ovn_central look")

    def _program(self, host: str, words: str) -> dict[str, Any]:
        program = f"PYTHONPATH=/usr/lib/piston python3 -m piston_iac.node_programs.cloud.{words}"
        seen = self.on(host, f"sh -c 'echo {{}} | {program}'")
        return json.loads(seen.text.splitlines()[-1]) if seen.code == 0 else {}

    def not_whole(self) -> list[str]:
        """What is missing until all three hosts are members of everything."""
        return [why for host in HOSTS for why in _missing(host, self.look(host))]

    def wait_whole(self, limit_s: float = 180.0) -> float:
        """Until all three hosts are members of everything; returns how long that took, seconds."""
        began = time.monotonic()
        while left := self.not_whole():
            assert time.monotonic() - began < limit_s, f"after {limit_s:.0f} s: {'; '.join(left)}"
            time.sleep(1.0)
        return time.monotonic() - began

    def wait_healthy(self) -> float:
        """Until the cluster storage is healthy too; returns how long that took, seconds."""
        return Storage(self.rack).wait_healthy(180.0)

    def ca_file(self) -> Path:
        """The authority of the APIs' certificates, as a node has it."""
        path = CHECKOUT / "build" / "web-ca.pem"
        path.write_text(self.rack.lab("console n4 -- cat /etc/piston/web-ca.pem"))
        return path

    def core(self, script: str, stdin: str = "", limit_s: float = 60.0) -> str:
        """Run Python in the core network's namespace, where the users are."""
        done = subprocess.run(
            ["nsenter", f"--net={_CORE}", "python3", "-c", script],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def projects(self) -> set[str]:
        """Names of all projects, by Keystone's API."""
        _, records = self.keystone()
        return {name.partition("/")[2] for name in records if name.startswith("projects/")}

    def keystone(self) -> tuple[str, dict[str, str]]:
        """A token of the administrator, and the ids of Keystone's records: `users/glance`,
        `services/image`, `endpoints/image/public`.
        """
        told = self.core(_KEYSTONE.format(address=ADDRESS, ca=self.ca_file()), self.admin_password())
        token, records = json.loads(told)
        return token, records

    def make_project(self, name: str) -> str:
        """Make a project by Keystone's API; returns its name."""
        token, _ = self.keystone()
        body = json.dumps({"project": {"name": name, "domain_id": "default"}})
        curl = f"curl -sSf --cacert {self.ca_file()} -H 'X-Auth-Token: {token}'"
        made = f"-H 'Content-Type: application/json' -d '{body}' https://{ADDRESS}:5000/v3/projects"
        self.rack.lab(f"exec core -- {curl} {made}")
        # The token is not kept with the other output.
        self.rack.runs.pop()
        return name

    @contextmanager
    def probe(self) -> Iterator[Probe]:
        """The probe runs as long as the block."""
        log = CHECKOUT / "build" / "api-probe.jsonl"
        log.parent.mkdir(exist_ok=True)
        command = [
            "nsenter",
            f"--net={_CORE}",
            "python3",
            str(_PROBE),
            ADDRESS,
            str(self.ca_file()),
            str(log),
        ]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        assert running.stdin
        running.stdin.write(f"{self.admin_password()}\n")
        running.stdin.flush()
        found = Probe(log)
        try:
            time.sleep(3.0)
            assert any(it.good for it in found.requests("write")), log.read_text()[-2000:]
            yield found
        finally:
            running.stdin.close()
            running.wait(20)


def _missing(host: str, look: dict[str, Any]) -> Iterator[str]:
    if not look:
        yield f"{host} cannot be asked"
        return
    database = look["database"]
    if not (database.get("usable") and database.get("size") == len(HOSTS)):
        yield f"database of {host}: {database}"
    if len(look["queues"].get("running", ())) != len(HOSTS) or look["queues"].get("short"):
        yield f"queues of {host}: {look['queues']}"
    for name in _STORES:
        seen = look["ovn"].get(name, {})
        if (
            seen.get("status") != "cluster member"
            or not seen.get("leader")
            or len(seen["members"]) != len(HOSTS)
        ):
            yield f"{name} of {host}: {seen}"


_KEYSTONE = """
import http.client, json, ssl, sys
context = ssl.create_default_context(cafile="{ca}")
def ask(method, path, body=None, headers=None):
    c = http.client.HTTPSConnection("{address}", 5000, timeout=20, context=context)
    c.request(method, path, body, {{"Content-Type": "application/json", **(headers or {{}})}})
    a = c.getresponse()
    text = a.read()
    assert a.status < 300, (method, path, a.status, text[:300])
    return json.loads(text), a.headers
user = {{"name": "admin", "domain": {{"name": "Default"}}, "password": sys.stdin.read().strip()}}
scope = {{"project": {{"name": "admin", "domain": {{"name": "Default"}}}}}}
auth = {{"auth": {{"identity": {{"methods": ["password"], "password": {{"user": user}}}}, "scope": scope}}}}
_, headers = ask("POST", "/v3/auth/tokens", json.dumps(auth))
token = headers["X-Subject-Token"]
def all_of(kind, limit=""):
    found, path = [], "/v3/" + kind + limit
    while path:
        page = ask("GET", path, headers={{"X-Auth-Token": token}})[0]
        found += page[kind]
        # Without a limit Keystone leaves out what is beyond its thousandth, and does not say so.
        path = (page["links"].get("next") or "").partition(":5000")[2]
    return found
ids = {{}}
for kind, limit in (("users", "?limit=500"), ("projects", "?limit=500"), ("roles", "")):
    ids.update({{kind + "/" + it["name"]: it["id"] for it in all_of(kind, limit)}})
types = {{it["id"]: it["type"] for it in all_of("services")}}
ids.update({{"services/" + kind: id_ for id_, kind in types.items()}})
for it in all_of("endpoints"):
    ids["endpoints/" + types[it["service_id"]] + "/" + it["interface"]] = it["id"]
print(json.dumps([token, ids]))
"""
