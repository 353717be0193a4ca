"""What there is of a check in the cloud: everything of one project, as the APIs give it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import OK, Answer, Call
from piston_iac.site.schema import NetworkName

Record = Mapping[str, Any]

PROJECT = NAME = IMAGE = layout.CHECK
"""Of everything that the check has and makes, alone or before a dash."""
FLAVOR, PUBLIC = layout.CHECK_FLAVOR, NetworkName.PUBLIC.value
# The first version in which an administrator names the node of a server without more ado.
_NOVA = (("OpenStack-API-Version", "compute 2.74"),)
ROUTER_PORT = f"{NAME}-router"


@dataclass(frozen=True)
class Seen:
    """Records by name, of each kind. `floating`: by the id of the port that they lead to, empty for none.

    `image`, `flavor`, `public`, `group`: ids of what the platform brings; empty where it is missing.
    """

    networks: Mapping[str, Record]
    subnets: Mapping[str, Record]
    routers: Mapping[str, Record]
    ports: Mapping[str, Record]
    floating: Mapping[str, Record]
    servers: Mapping[str, Record]
    volumes: Mapping[str, Record]
    image: str
    flavor: str
    public: str
    group: str


def on_network(method: str, path: str, body: object = None) -> Call:
    """A call of Neutron."""
    return Call(method, f"/v2.0/{path}", body, layout.NEUTRON_PORT)


def on_compute(method: str, path: str, body: object = None) -> Call:
    """A call of Nova."""
    return Call(method, f"/v2.1/{path}", body, layout.NOVA_PORT, _NOVA)


def on_volumes(method: str, path: str, project: str, body: object = None) -> Call:
    """A call of Cinder, which has the project's id in its paths."""
    return Call(method, f"/v3/{project}/{path}", body, layout.CINDER_PORT)


def server_name(host: str) -> str:
    """Of the machine on one node, and of its port."""
    return f"{NAME}-{host}"


PROJECT_LOOK = Call("GET", f"/v3/projects?name={PROJECT}")
"""The project: its id, without which Cinder cannot be asked, and the record of the last check."""


COMPUTE_LOOK = on_compute("GET", "os-services?binary=nova-compute")
"""Which nodes take machines."""


def computes(answer: Answer) -> dict[str, str]:
    """`up`, `down` or `disabled` by node, from the answer to `COMPUTE_LOOK`.

    Raises:
        ValueError: Nova gives no list.
    """
    (services,) = _lists((answer,), ("services",))
    return {str(it["host"]): str(it["state"]) if it["status"] == "enabled" else "disabled" for it in services}


def project_id(answer: Answer) -> str:
    """From the answer to `PROJECT_LOOK`; empty when there is no such project.

    Raises:
        ValueError: Keystone gives no list.
    """
    (found,) = _lists((answer,), ("projects",))
    return str(found[0]["id"]) if found else ""


def look(project: str) -> tuple[Call, ...]:
    """The calls whose answers `seen` reads. An administrator sees all projects, so they ask for this one."""
    return (
        on_network("GET", f"networks?name={NAME}"),
        on_network("GET", f"subnets?name={NAME}"),
        on_network("GET", f"routers?name={NAME}"),
        on_network("GET", f"ports?project_id={project}"),
        on_network("GET", f"floatingips?description={NAME}"),
        on_compute("GET", "servers/detail"),
        on_volumes("GET", "volumes/detail", project),
        Call("GET", f"/v2/images?name={IMAGE}&status=active", port=layout.GLANCE_PORT),
        on_compute("GET", "flavors?is_public=None"),
        on_network("GET", f"networks?name={PUBLIC}&router:external=true"),
        on_network("GET", f"security-groups?name={NAME}&project_id={project}"),
    )


_KINDS = (
    "networks",
    "subnets",
    "routers",
    "ports",
    "floatingips",
    "servers",
    "volumes",
    "images",
    "flavors",
    "networks",
    "security_groups",
)


def seen(answers: Sequence[Answer]) -> Seen:
    """Read the answers to `look`.

    Raises:
        ValueError: one of them is no list of records.
    """
    networks, subnets, routers, ports, floating, servers, volumes, images, flavors, public, groups = _lists(
        answers, _KINDS
    )
    return Seen(
        _by("name", networks),
        _by("name", subnets),
        _by("name", routers),
        # OVN has ports of its own in a network, which come and go with it.
        {name: it for name, it in _by("name", ports).items() if name.startswith(NAME)},
        {str(it.get("port_id") or ""): it for it in floating},
        _by("name", servers),
        _by("name", volumes),
        _first_id(images),
        next((str(it["id"]) for it in flavors if it["name"] == FLAVOR), ""),
        _first_id(public),
        _first_id(groups),
    )


def coming(project: str) -> tuple[Call, ...]:
    """The calls for what comes and goes by itself. All of `look` each few seconds was more work for Neutron
    than what the check made.
    """
    return on_compute("GET", "servers/detail"), on_volumes("GET", "volumes/detail", project)


def seen_again(before: Seen, answers: Sequence[Answer]) -> Seen:
    """What there is when nothing was sent since `before`, from the answers to `coming`.

    Raises:
        ValueError: one of them is no list of records.
    """
    servers, volumes = _lists(answers, ("servers", "volumes"))
    return replace(before, servers=_by("name", servers), volumes=_by("name", volumes))


def _lists(answers: Sequence[Answer], kinds: Sequence[str]) -> list[Sequence[Record]]:
    if len(answers) != len(kinds):
        raise ValueError(f"{len(answers)} answers to {len(kinds)} questions")
    for answer, kind in zip(answers, kinds, strict=True):
        if answer.code != OK or kind not in answer.body:
            raise ValueError(f"asked for {kind}: {answer.reason()}")
    return [answer.body[kind] for answer, kind in zip(answers, kinds, strict=True)]


def _by(field: str, records: Sequence[Record]) -> dict[str, Record]:
    return {str(it[field]): it for it in records}


def _first_id(records: Sequence[Record]) -> str:
    return str(records[0]["id"]) if records else ""
