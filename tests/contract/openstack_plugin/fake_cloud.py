"""A cloud on loopback that speaks as much of the real HTTP APIs as the stand-in and the tenants' program use.

It keeps the rules that the plugin has to live with: tokens are for a project in which the user has a role,
servers and volumes need time, what is in use cannot be removed, names of flavors are there once.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PASSWORD = "planted-cloud-password"
ADMIN, ADMIN_PROJECT, MEMBER_ROLE, PUBLIC = "user-admin", "project-admin", "role-member", "net-public"
_VERSIONS = {
    "identity": ("v3", "v3.14", "", ""),
    "compute": ("v2.1", "v2.1", "2.96", "2.1"),
    "network": ("v2.0", "v2.0", "", ""),
    "volume": ("v3", "v3.0", "3.71", "3.0"),
    "image": ("v2", "v2.15", "", ""),
}
_TYPES = {"volume": "block-storage"}
# Service and list to the key that wraps one entry ("": nothing does).
_LISTS = {
    ("identity", "projects"): "project",
    ("identity", "roles"): "role",
    ("compute", "flavors"): "flavor",
    ("compute", "servers"): "server",
    ("compute", "os-keypairs"): "keypair",
    ("network", "networks"): "network",
    ("network", "subnets"): "subnet",
    ("network", "routers"): "router",
    ("network", "ports"): "port",
    ("network", "security-groups"): "security_group",
    ("network", "security-group-rules"): "security_group_rule",
    ("network", "floatingips"): "floatingip",
    ("volume", "volumes"): "volume",
    ("image", "images"): "",
}


@dataclass
class Refused(Exception):
    """An answer that is none of success."""

    status: int
    message: str


@dataclass
class FakeCloud:
    """Everything the cloud holds, and faults that a test may switch on."""

    url: str = ""
    lists: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in _LISTS}
    )
    roles: set[tuple[str, str, str]] = field(default_factory=lambda: {(ADMIN_PROJECT, ADMIN, "role-admin")})
    quotas: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    attachments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    sizes: list[str | None] = field(default_factory=list)
    server_fault: str = ""
    leaving: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    hanging_up: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.of("identity", "projects")[ADMIN_PROJECT] = {"id": ADMIN_PROJECT, "name": "admin"}
        self.of("identity", "roles")[MEMBER_ROLE] = {"id": MEMBER_ROLE, "name": "member"}
        self.of("network", "networks")[PUBLIC] = {
            "id": PUBLIC,
            "name": "public",
            "router:external": True,
            "admin_state_up": True,
            "shared": False,
            "mtu": 1500,
            "subnets": [],
        }

    def of(self, service: str, name: str) -> dict[str, dict[str, Any]]:
        """The entries of a list, by id."""
        return self.lists[service, name]

    def named(self, service: str, name: str, wanted: str) -> dict[str, Any]:
        """The entry of that name."""
        (found,) = [it for it in self.of(service, name).values() if it.get("name") == wanted]
        return found

    def made(self) -> dict[str, int]:
        """How many entries a program made, by list; what is always there is left out."""
        always = {ADMIN_PROJECT, MEMBER_ROLE, PUBLIC}
        counts = {name: len(entries.keys() - always) for (_, name), entries in self.lists.items()}
        return {name: count for name, count in counts.items() if count}

    def answer(
        self, method: str, path: str, query: dict[str, str], raw: bytes, token: str
    ) -> tuple[int, Any]:
        """One request."""
        service, _, rest = path.strip("/").partition("/")
        if f"{method} {service}" in self.hanging_up:
            raise ConnectionAbortedError
        if service in self.unreachable:
            raise Refused(503, f"{service} is down")
        version, _, rest = rest.partition("/")
        if version not in ("", _VERSIONS[service][0]):
            raise Refused(404, "Not Found")
        if not rest:
            return 200, self._version(service, bool(version))
        body = json.loads(raw) if raw and rest.partition("/")[2].partition("/")[2] != "file" else {}
        if (service, rest) == ("identity", "auth/tokens"):
            return self._login(body)
        if token not in self.tokens:
            raise Refused(401, "The request you have made requires authentication.")
        for pattern, act in _SPECIAL:
            found = re.fullmatch(pattern, f"{method} {service}/{rest}")
            if found:
                return act(self, found.groups(), body or raw, token)
        return self._rest(method, service, rest, query, body, self.tokens[token])

    def _version(self, service: str, one: bool) -> dict[str, Any]:
        path, number, newest, oldest = _VERSIONS[service]
        link = {"rel": "self", "href": f"{self.url}/{service}/{path}/"}
        entry = {"id": number, "status": "CURRENT", "links": [link], "version": newest, "min_version": oldest}
        return {"version": entry} if one else {"versions": [entry]}

    def _login(self, body: dict[str, Any]) -> tuple[int, Any]:
        user = body["auth"]["identity"]["password"]["user"]
        wanted = body["auth"]["scope"]["project"]
        projects = self.of("identity", "projects").values()
        found = [
            it["id"] for it in projects if wanted.get("id") == it["id"] or wanted.get("name") == it["name"]
        ]
        roles = [role for project, actor, role in self.roles if actor == ADMIN and [project] == found]
        if user["password"] != PASSWORD or not roles:
            raise Refused(401, "The request you have made requires authentication.")
        token = f"token-{next(self.numbers)}"
        self.tokens[token] = found[0]
        catalog = [
            {
                "type": _TYPES.get(name, name),
                "name": name,
                "endpoints": [
                    {"interface": "public", "region": "r1", "region_id": "r1", "url": f"{self.url}/{name}"}
                ],
            }
            for name in _VERSIONS
        ]
        domain = {"id": "default", "name": "Default"}
        return 201, {
            "_token": token,
            "token": {
                "methods": ["password"],
                "expires_at": "2999-01-01T00:00:00.000000Z",
                "issued_at": "2000-01-01T00:00:00.000000Z",
                "user": {"id": ADMIN, "name": "admin", "domain": domain},
                "project": {"id": found[0], "name": "p", "domain": domain},
                "roles": [{"id": role, "name": role} for role in roles],
                "catalog": catalog,
            },
        }

    def _rest(
        self, method: str, service: str, rest: str, query: dict[str, str], body: dict[str, Any], project: str
    ) -> tuple[int, Any]:
        name, _, wanted = rest.partition("/")
        entries, key = self.of(service, name), _LISTS[service, name]
        if not wanted and method == "GET":
            fits = [it for it in entries.values() if all(_same(it.get(k), v) for k, v in query.items())]
            return 200, {name.replace("-", "_"): fits}
        if not wanted:
            entry = self._add(service, name, body[key] if key else body, project)
            return 201, {key: entry} if key else entry
        if wanted not in entries:
            raise Refused(404, f"{name} {wanted} could not be found")
        entry = entries[wanted]
        if method == "DELETE":
            self._refuse_in_use(name, wanted)
            del entries[wanted]
            return 204, None
        if method in ("PUT", "PATCH"):
            _change(entry, body, key)
        elif entry.get("status") == "BUILD":  # becomes what it is to become after one look
            entry["status"] = "ERROR" if self.server_fault else "ACTIVE"
            entry.update({"fault": {"message": self.server_fault}} if self.server_fault else {})
            return 200, {key: {**entry, "status": "BUILD"}}
        elif entry.get("status") == "creating":
            entry["status"] = "available"
            return 200, {key: {**entry, "status": "creating"}}
        return 200, {key: entry} if key else entry

    def _add(self, service: str, name: str, wanted: dict[str, Any], project: str) -> dict[str, Any]:
        entries = self.of(service, name)
        if name in ("flavors", "os-keypairs", "projects") and any(
            it["name"] == wanted["name"] for it in entries.values()
        ):
            raise Refused(409, f"{wanted['name']} already exists")
        new_id = wanted["name"] if name == "os-keypairs" else f"{name}-{next(self.numbers)}"
        entry = {"id": new_id, "tenant_id": project, **_NEW.get(name, dict)(), **wanted}
        if name == "ports":
            self._give_address(entry)
        if name == "servers":
            self._start(entry)
        if name == "floatingips":
            entry.update(
                floating_ip_address=f"10.30.50.{next(self.numbers)}", port_id=None, fixed_ip_address=None
            )
        entries[new_id] = entry
        if name == "networks":
            self._give_group(project)
        return entry

    def _give_group(self, project: str) -> None:
        """Neutron makes it with the first thing that a project has."""
        groups = self.of("network", "security-groups")
        if not any((it.get("project_id"), it["name"]) == (project, "default") for it in groups.values()):
            new_id = f"security-groups-{next(self.numbers)}"
            of_it = {"tenant_id": project, "project_id": project}
            groups[new_id] = {"id": new_id, "name": "default", "security_group_rules": [], **of_it}

    def _give_address(self, port: dict[str, Any]) -> None:
        subnet = port["fixed_ips"][0]["subnet_id"]
        number = next(self.numbers)
        port["fixed_ips"] = [{"subnet_id": subnet, "ip_address": f"192.168.7.{number}"}]
        port["mac_address"] = f"fa:16:3e:00:00:{number:02x}"

    def _start(self, server: dict[str, Any]) -> None:
        for wanted in server.pop("networks", []):
            port = self.of("network", "ports")[wanted["port"]]
            port["device_id"] = server["id"]
            card = {"OS-EXT-IPS-MAC:mac_addr": port["mac_address"], "OS-EXT-IPS:type": "fixed", "version": 4}
            server["addresses"] = {"net": [{**card, "addr": port["fixed_ips"][0]["ip_address"]}]}
        server["flavor"] = {"id": server.pop("flavorRef")}
        server["image"] = {"id": server.pop("imageRef")}

    def _refuse_in_use(self, name: str, wanted: str) -> None:
        users: dict[str, Callable[[], bool]] = {
            "networks": lambda: any(
                it["network_id"] == wanted for it in self.of("network", "ports").values()
            ),
            "volumes": lambda: any(volume == wanted for _, volume in self.attachments),
            "projects": lambda: any(
                it.get("tenant_id") == wanted for it in self.of("compute", "servers").values()
            ),
        }
        if name in users and users[name]():
            raise Refused(409, f"{wanted} is in use")


_NEW: dict[str, Callable[[], dict[str, Any]]] = {
    "projects": lambda: {"description": "", "enabled": True, "tags": [], "domain_id": "default"},
    "flavors": lambda: {"swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, "rxtx_factor": 1.0, "extra_specs": {}},
    "servers": lambda: {"status": "BUILD", "metadata": {}, "addresses": {}, "security_groups": []},
    "volumes": lambda: {"status": "creating", "metadata": {}, "attachments": [], "description": None},
    "images": lambda: {"status": "queued", "tags": [], "visibility": "private"},
    "ports": lambda: {"device_id": "", "security_groups": [], "admin_state_up": True},
    "networks": lambda: {"admin_state_up": True, "mtu": 1442, "description": ""},
    "subnets": lambda: {"gateway_ip": "192.168.7.1", "enable_dhcp": True, "dns_nameservers": []},
    "security-groups": lambda: {"security_group_rules": []},
    "os-keypairs": lambda: {"fingerprint": "aa:bb", "user_id": ADMIN},
}


def _same(value: Any, wanted: str) -> bool:
    return str(value).lower() == wanted.lower() if isinstance(value, bool) else value == wanted


def _change(entry: dict[str, Any], body: Any, key: str) -> None:
    if isinstance(body, list):  # a JSON patch
        for step in body:
            entry[step["path"].strip("/")] = step.get("value")
    else:
        entry.update(body[key])


def _role(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    method, project, user, role = words
    wanted = (project, user, role)
    if method == "PUT":
        cloud.roles.add(wanted)
    elif wanted not in cloud.roles:
        raise Refused(404, "no such role assignment")
    elif method == "DELETE":
        cloud.roles.discard(wanted)
    return 204, None


def _quota(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    method, service, project = words
    key = "quota" if service == "network" else "quota_set"
    held = cloud.quotas.setdefault((service, project), {"cores": 20, "instances": 10, "gigabytes": 1000})
    if method == "PUT":
        held.update(body[key])
    if method == "DELETE":
        del cloud.quotas[service, project]
        return 204, None
    return 200, {key: held}


def _add_interface(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    subnet = cloud.of("network", "subnets")[body["subnet_id"]]
    fixed = {"network_id": subnet["network_id"], "fixed_ips": [{"subnet_id": subnet["id"]}]}
    port = cloud._add("network", "ports", {**fixed, "device_id": words[0]}, cloud.tokens[token])
    return 200, {"port_id": port["id"]}


def _remove_interface(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    if any(it["port_id"] for it in cloud.of("network", "floatingips").values()):
        raise Refused(409, "Router interface is required by one or more floating IPs.")
    del cloud.of("network", "ports")[body["port_id"]]
    return 200, {}


def _upload(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    image = cloud.of("image", "images")[words[0]]
    image.update(status="active", size=len(body), checksum=hashlib.md5(body).hexdigest())  # noqa: S324
    return 204, None


def _interfaces(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    if words[0] in cloud.leaving:
        del cloud.of("compute", "servers")[words[0]]
        raise Refused(404, f"Instance {words[0]} could not be found.")
    ports = [it for it in cloud.of("network", "ports").values() if it["device_id"] == words[0]]
    cards = [
        {
            "port_id": it["id"],
            "net_id": it["network_id"],
            "mac_addr": it["mac_address"],
            "fixed_ips": it["fixed_ips"],
        }
        for it in ports
    ]
    return 200, {"interfaceAttachments": cards}


def _act(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    server = cloud.of("compute", "servers")[words[0]]
    statuses = {"os-start": "ACTIVE", "os-stop": "SHUTOFF", "resize": "VERIFY_RESIZE"}
    for action, said in body.items():
        before = server["status"]
        server["status"] = server.pop("before") if action == "confirmResize" else statuses[action]
        if action == "resize":
            server.update(flavor={"id": said["flavorRef"]}, before=before)
    return 202, None


def _attach(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    volume = body["volumeAttachment"]["volumeId"]
    entry = {"serverId": words[0], "volumeId": volume, "device": "/dev/vdb"}
    cloud.attachments[words[0], volume] = entry
    cloud.of("volume", "volumes")[volume]["status"] = "in-use"
    return 200, {"volumeAttachment": entry}


def _attachment(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    method, server, volume = words
    if (server, volume) not in cloud.attachments:
        raise Refused(404, "no such attachment")
    if method == "DELETE":
        del cloud.attachments[server, volume]
        cloud.of("volume", "volumes")[volume]["status"] = "available"
        return 202, None
    return 200, {"volumeAttachment": cloud.attachments[server, volume]}


def _extend(cloud: FakeCloud, words: tuple[str, ...], body: Any, token: str) -> tuple[int, Any]:
    cloud.of("volume", "volumes")[words[0]]["size"] = body["os-extend"]["new_size"]
    return 202, None


_Special = Callable[[FakeCloud, tuple[str, ...], Any, str], tuple[int, Any]]
_SPECIAL: tuple[tuple[str, _Special], ...] = (
    (r"(\w+) identity/projects/([^/]+)/users/([^/]+)/roles/([^/]+)", _role),
    (r"(\w+) (compute|volume)/os-quota-sets/([^/]+)", _quota),
    (r"(\w+) (network)/quotas/([^/]+)", _quota),
    (r"PUT network/routers/([^/]+)/add_router_interface", _add_interface),
    (r"PUT network/routers/([^/]+)/remove_router_interface", _remove_interface),
    (r"PUT image/images/([^/]+)/file", _upload),
    (r"GET compute/servers/([^/]+)/os-interface", _interfaces),
    (r"POST compute/servers/([^/]+)/action", _act),
    (r"POST compute/servers/([^/]+)/os-volume_attachments", _attach),
    (r"(\w+) compute/servers/([^/]+)/os-volume_attachments/([^/]+)", _attachment),
    (r"POST volume/volumes/([^/]+)/action", _extend),
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: FakeCloud

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing: tests ask `FakeCloud.requests`."""

    def _serve(self) -> None:
        raw = self._body()
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.cloud.lock:
            self.cloud.requests.append(f"{self.command} {parts.path}")
            token = self.headers.get("X-Auth-Token", "")
            try:
                status, answer = self.cloud.answer(self.command, parts.path, query, raw, token)
            except ConnectionAbortedError:
                self.close_connection = True
                return
            except Refused as refused:
                status, answer = (
                    refused.status,
                    {"error": {"message": refused.message, "code": refused.status}},
                )
            told = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        if isinstance(answer, dict) and "_token" in answer:
            self.send_header("X-Subject-Token", answer["_token"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _body(self) -> bytes:
        self.cloud.sizes.append(self.headers.get("Content-Length"))
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole


def serve(tls: ssl.SSLContext | None = None) -> tuple[FakeCloud, ThreadingHTTPServer]:
    """A cloud that answers from now on, until its server is shut down."""
    cloud = FakeCloud()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": cloud}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    cloud.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return cloud, server
