"""What foreign hands can do to a control plane: one row each, with what the plan has to say of it.

`inject` gets the rack; `resource` and `line` as in `tests.lab.drifts`. Clients are curl against Keystone,
RabbitMQ's, OVN's and systemd's own tools, socat at haproxy's socket, openssl, and an editor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.cloud import Cloud

_KEYSTONE = "https://10.30.20.10:5000/v3"
_CURL = "piston lab exec core -- curl -sSf --cacert build/web-ca.pem -H 'X-Auth-Token: {token}'"
_GLANCE, _PLACEMENT = r"https://10\.30\.20\.10:9292", r"https://10\.30\.20\.10:8778"
_REGION = '{"region": {"id": "elsewhere"}}'
_JSON = "-H 'Content-Type: application/json'"


@dataclass(frozen=True)
class CloudDrift:
    """How it is done: `{token}`, `{id:services/image}` and the like are filled in."""

    inject: str
    resource: str
    line: str


def on_node(host: str, command: str) -> str:
    """A command on a node."""
    return f"piston lab console {host} -- {command}"


def _keystone(call: str, path: str, body: str, resource: str, line: str) -> CloudDrift:
    data = f"{_JSON} -d '{body}'" if body else ""
    inject = f"{_CURL} -X {call} {data} {_KEYSTONE}/{path} >/dev/null"
    return CloudDrift(inject, f"OpenStackService ({resource})", line)


def _plane(command: str, line: str) -> CloudDrift:
    return CloudDrift(command, "ControlPlane (control-plane)", line)


def node_drift(host: str, command: str, line: str) -> CloudDrift:
    """Something that the node's own resource tells."""
    return CloudDrift(on_node(host, command), f"BareMetalNode ({host})", line)


def _haproxy(host: str, words: str, line: str) -> CloudDrift:
    return _plane(on_node(host, f"sh -c 'echo {words} | socat - /run/haproxy/admin.sock'"), line)


# Another certificate of another key, which ends in ten days, put in where haproxy keeps it in memory.
_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj /CN=other"
    " -keyout /run/other.key -out /run/other.crt 2>/dev/null;"
    ' printf "set ssl cert /etc/piston/web.pem <<\\n%s\\n\\n" "$(cat /run/other.crt /run/other.key)"'
    " | socat - /run/haproxy/admin.sock; echo commit ssl cert /etc/piston/web.pem"
    " | socat - /run/haproxy/admin.sock"
)

# A queue of somebody's own, through the bus's own protocol, and then one copy of it taken away.
_QUEUE = (
    "python3 -c 'import amqp, re;"
    ' conf = open("/etc/rabbitmq/rabbitmq.conf").read();'
    ' password = re.search("default_pass = (.*)", conf)[1];'
    ' bus = amqp.Connection("10.30.20.11:5672", "openstack", password); bus.connect();'
    ' bus.channel().queue_declare("foreign", durable=True, auto_delete=False,'
    ' arguments={"x-queue-type": "quorum"})\''
)
_LESS = "rabbitmq-queues --longnames --node rabbit@10.30.20.11 delete_member foreign rabbit@10.30.20.13"

ROUNDS: dict[str, dict[str, CloudDrift]] = {
    "records": {
        "endpoint": _keystone(
            "PATCH",
            "endpoints/{id:endpoints/image/public}",
            '{"endpoint": {"url": "http://10.9.9.9"}}',
            "glance",
            rf"endpoints\.public: http://10\.9\.9\.9 in region-one => {_GLANCE} in region-one",
        ),
        "region": CloudDrift(
            f"{_CURL} {_JSON} -d '{_REGION}' {_KEYSTONE}/regions >/dev/null; {_CURL} -X PATCH {_JSON}"
            ' -d \'{"endpoint": {"region_id": "elsewhere"}}\''
            f" {_KEYSTONE}/endpoints/{{id:endpoints/placement/internal}} >/dev/null",
            "OpenStackService (placement)",
            rf"endpoints\.internal: {_PLACEMENT} in elsewhere => {_PLACEMENT} in region-one",
        ),
        "service user": _keystone(
            "PATCH",
            "users/{id:users/glance}",
            '{"user": {"enabled": false}}',
            "glance",
            r"account\.state: disabled => enabled",
        ),
        "role": _keystone(
            "DELETE",
            "projects/{id:projects/service}/users/{id:users/placement}/roles/{id:roles/service}",
            "",
            "placement",
            r"account\.roles: .*",
        ),
        "catalogue entry": _keystone(
            "PATCH",
            "services/{id:services/placement}",
            '{"service": {"enabled": false}}',
            "placement",
            r"catalogue: disabled => enabled",
        ),
    },
    "members": {
        "database member": _plane(
            on_node("n2", "systemctl stop piston-galera"), r"database\.n2: stopped => in step"
        ),
        "OVN member": CloudDrift(
            on_node("n3", "systemctl stop piston-ovn-nb"),
            "OvnCentral (ovn-central)",
            r"states\.n3: OVN_Northbound stopped => member",
        ),
        "file": node_drift(
            "n1",
            "sh -c 'echo debug = true >> /etc/glance/glance-api.conf'",
            r"files\./etc/glance/glance-api\.conf: sha256:.* => sha256:.*",
        ),
        "policy": node_drift(
            "n3",
            'sh -c \'echo "identity:list_users: \\"@\\"" > /etc/keystone/policy.yaml\'',
            r"files\./etc/keystone/policy\.yaml: sha256:.* => sha256:.*",
        ),
        "unit": CloudDrift(
            on_node("n1", "systemctl stop piston-wsgi@placement"),
            "OpenStackService (placement)",
            r"units\.n1: without piston-wsgi@placement => run",
        ),
    },
    "balancer": {
        "backend held out": _haproxy(
            "n1", "set server glance/n3 state maint", r"backendsDown: .*glance/n3 MAINT on n1.*"
        ),
        "certificate near its end": _plane(
            on_node("n2", f"sh -c '{_CERTIFICATE}'"), r"certificates\.n2: ends on .* => as made"
        ),
        "queue without a copy": _plane(
            f"{on_node('n1', _QUEUE)}; {on_node('n1', _LESS)}",
            r"shortQueues: .*foreign.*",
        ),
    },
    "address": {
        "address on no node": _plane(
            "; ".join(on_node(host, "systemctl stop keepalived") for host in ("n1", "n2", "n3")),
            r"virtualAddress\.10\.30\.20\.10: on no host => held",
        ),
    },
}


def inject(cloud: Cloud, drift: CloudDrift) -> None:
    """Do it, with the token and the ids that it names filled in."""
    command = drift.inject
    if "{token}" in command:
        token, records = cloud.keystone()
        command = command.replace("{token}", token)
        command = re.sub(r"\{id:([\w/-]+)\}", lambda found: records[found[1]], command)
    cloud.rack.must(command)
    # The token is not kept with the other output.
    cloud.rack.runs.pop()


def missed(drifts: Mapping[str, CloudDrift], told: Mapping[str, list[str]]) -> list[str]:
    """Of these the ones that a plan did not tell."""
    return [
        name
        for name, drift in drifts.items()
        if not any(re.fullmatch(drift.line, line) for line in told.get(drift.resource, []))
    ]
