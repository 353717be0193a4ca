"""What a service's agents on nodes say of themselves, and what mends them. Pure.

An agent is what a service runs on a node and keeps a record of: a scheduler, nova-compute, OVN's controller.
Records are a minute late: a dead agent counts as alive for so long (nova: `service_down_time`; neutron:
`agent_down_time`). Whether Nova's scheduler uses a new node yet is in no record: it takes it up by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.node_report import NodeReport
from piston_iac.plan.cloud.api_call import Call

UP, DOWN, MISSING = "up", "down", "missing"
_NO_GATEWAY = "no gateway"
_GATEWAY = "OVN Controller Gateway agent"
# So Neutron calls the node of an agent whose chassis OVN has dropped, as it does when it is stopped in order.
_NO_NODE = '("'
# From 2.53 on ids are the same in all cells, and a record is changed by its id.
_COMPUTE = (("OpenStack-API-Version", "compute 2.61"),)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Agent:
    """One record. `state`: `up`, or what is wrong in words; `alive`: it has reported of late.

    `switch_on`: the call that undoes it when somebody switched it off; None: nobody did.
    """

    node: str
    name: str
    id: str
    state: str
    alive: bool
    switch_on: Call | None = None

    @property
    def key(self) -> str:
        """`n1 nova-compute`, as a plan names it."""
        return key_of(self.node, self.name)


@dataclass(frozen=True)
class AgentLook:
    """One service's agents.

    `call`: lists the records; `read`: reads its answer's body. `control`, `compute`: names of those that run
    on each control host and on each node that runs machines. `forget`: the call that removes a record.
    """

    call: Call
    read: Callable[[Row], tuple[Agent, ...]]
    control: tuple[str, ...] = ()
    compute: tuple[str, ...] = ()
    forget: Callable[[Agent], Call] | None = None

    def wanted(self, control_hosts: Iterable[str], compute_hosts: Iterable[str]) -> dict[str, str]:
        """The compared field as it is to be: all of them up."""
        pairs = (
            *((host, name) for host in control_hosts for name in self.control),
            *((host, name) for host in compute_hosts for name in self.compute),
        )
        return {key_of(host, name): UP for host, name in pairs}


@dataclass(frozen=True)
class Mending:
    """What is to be done now. `nodes`: that are to apply their documents again; `waits`: agents, in words.

    `dead`: kinds of which none works on any of the nodes that are here; `strangers`: that report, and are on
    no node of the site; `busy`: nodes that apply their document now, and have an agent that does not work.
    """

    calls: tuple[Call, ...] = ()
    nodes: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()


def key_of(node: str, name: str) -> str:
    """`n1 nova-compute`."""
    return f"{node} {name}"


def silent_nodes(reports: Mapping[str, NodeReport | None]) -> set[str]:
    """Nodes that are away: their own resources tell that."""
    return {node for node, it in reports.items() if it is None or it.uplink != UP}


def seen_agents(
    wanted: Collection[str], agents: Iterable[Agent], silent: Collection[str], before: Mapping[str, str]
) -> dict[str, str]:
    """State by agent, and of records that are of no node of the site. Of a node that is away: its last."""
    found = {it.key: it.state for it in agents}
    strangers = {key: state for key, state in found.items() if key not in wanted}
    return {
        **{
            key: str(before.get(key, UP)) if _node(key) in silent else found.get(key, MISSING)
            for key in wanted
        },
        **strangers,
    }


def mend(
    look: AgentLook,
    wanted: Collection[str],
    agents: Iterable[Agent],
    reports: Mapping[str, NodeReport | None],
) -> Mending:
    """What brings them up. Only of nodes that have settled: whoever comes later joins by itself."""
    found = {it.key: it for it in agents}
    away = silent_nodes(reports)
    phases = {node: it.phase for node, it in reports.items() if it and node not in away}
    expected = [key for key in wanted if phases.get(_node(key)) == "settled"]
    lacking = [key for key in wanted if key not in found or found[key].state != UP]
    missing = [key for key in expected if key in lacking]
    off = {key: call for key in missing if key in found and (call := found[key].switch_on)}
    gone = [it for key, it in sorted(found.items()) if key not in wanted]
    working = {_kind(key) for key in expected if key not in missing}
    return Mending(
        calls=(*off.values(), *(look.forget(it) for it in gone if look.forget and not it.alive)),
        nodes=tuple(dict.fromkeys(_node(key) for key in missing if key not in off)),
        waits=tuple(f"{key} ({found[key].state if key in found else MISSING})" for key in missing),
        dead=tuple(dict.fromkeys(_kind(key) for key in missing if _kind(key) not in working)),
        strangers=tuple(it.key for it in gone if it.alive),
        busy=tuple(dict.fromkeys(_node(key) for key in lacking if phases.get(_node(key)) == "applying")),
    )


def _node(key: str) -> str:
    return key.partition(" ")[0]


def _kind(key: str) -> str:
    return key.partition(" ")[2]


def _compute(body: Row) -> tuple[Agent, ...]:
    return tuple(_of_nova(it) for it in body["services"])


def _of_nova(row: Row) -> Agent:
    alive, on = row["state"] == UP, row["status"] == "enabled"
    forced = bool(row.get("forced_down"))
    right: dict[str, object] = {}
    if not on:
        right["status"] = "enabled"
    if forced:
        right["forced_down"] = False
    path = f"/v2.1/os-services/{row['id']}"
    switch_on = Call("PUT", path, right, layout.NOVA_PORT, _COMPUTE) if right else None
    state = _state(alive, on, row["disabled_reason"])
    return Agent(row["host"], row["binary"], row["id"], "forced down" if forced else state, alive, switch_on)


def _state(alive: bool, on: bool, reason: str | None) -> str:
    if on:
        return UP if alive else DOWN
    why = f" ({reason})" if reason else ""
    return f"disabled{why}" if alive else f"disabled{why}, {DOWN}"


def _volume(body: Row) -> tuple[Agent, ...]:
    return tuple(_of_cinder(it) for it in body["services"])


def _of_cinder(row: Row) -> Agent:
    """`host` is `n1`, and `n1@backend` for volumes."""
    alive, on = row["state"] == UP, row["status"] == "enabled"
    record = {"host": row["host"], "binary": row["binary"]}
    switch_on = None if on else Call("PUT", "/v3/os-services/enable", record, layout.CINDER_PORT)
    state = _state(alive, on, row.get("disabled_reason"))
    node = row["host"].partition("@")[0]
    return Agent(node, row["binary"], row["host"], state, alive, switch_on)


def _network(body: Row) -> tuple[Agent, ...]:
    return tuple(_of_neutron(it) for it in body["agents"] if not it["host"].startswith(_NO_NODE))


def _of_neutron(row: Row) -> Agent:
    alive = bool(row["alive"])
    is_gateway = row["agent_type"] == _GATEWAY or row["binary"] != _OVN_CONTROLLER
    state = (UP if is_gateway else _NO_GATEWAY) if alive else DOWN
    return Agent(row["host"], row["binary"], row["id"], state, alive)


_OVN_CONTROLLER = "ovn-controller"
COMPUTE = AgentLook(
    Call("GET", "/v2.1/os-services", port=layout.NOVA_PORT, headers=_COMPUTE),
    _compute,
    control=("nova-scheduler", "nova-conductor"),
    compute=(layout.COMPUTE,),
    forget=lambda it: Call("DELETE", f"/v2.1/os-services/{it.id}", None, layout.NOVA_PORT, _COMPUTE),
)
# The metadata agent's record goes first: it is found by the controller's.
NETWORK = AgentLook(
    Call("GET", "/v2.0/agents", port=layout.NEUTRON_PORT),
    _network,
    compute=(_OVN_CONTROLLER, "neutron-ovn-metadata-agent"),
    forget=lambda it: Call("DELETE", f"/v2.0/agents/{it.id}", port=layout.NEUTRON_PORT),
)
# Cinder's API removes no record; only control hosts have them, and none of those leaves.
VOLUME = AgentLook(
    Call("GET", "/v3/os-services", port=layout.CINDER_PORT),
    _volume,
    control=("cinder-scheduler", "cinder-volume", "cinder-backup"),
)
