"""What the check does next. Pure: one look in, one step out.

It goes: a network with a way out, and a floating IP for each machine -> a machine on each node -> a volume
for one -> whatever has to answer is asked -> all of it is removed. Machines come late: while emulated ones
boot, a call of Neutron takes tens of seconds.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from piston_iac.plan.cloud.api_call import Call
from piston_iac.plan.cloud.check.seen import (
    FLAVOR,
    IMAGE,
    NAME,
    PROJECT,
    PUBLIC,
    ROUTER_PORT,
    Record,
    Seen,
    on_compute,
    on_network,
    on_volumes,
    server_name,
)

_CIDR, _GATEWAY = "10.254.254.0/24", "10.254.254.1"
_VOLUME_GIB = 1
_DEVICE = "/dev/vdb"
_VOLUME_GOES = ("deleting", "detaching")
# A machine writes through to its volume, reads back what is there, and tells it where it is asked.
_USER_DATA = f"""#!/bin/sh
while [ ! -e {_DEVICE} ]; do sleep 1; done
hostname | dd of={_DEVICE} bs=512 conv=sync,fsync
echo 3 > /proc/sys/vm/drop_caches
dd if={_DEVICE} bs=512 count=1 | head -n 1 > /www/volume
"""


@dataclass(frozen=True)
class Do:
    """Send `calls` in order, and then `at_once`, which do not need each other."""

    what: str
    calls: tuple[Call, ...] = ()
    at_once: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Wait:
    """For something that comes by itself."""

    what: str


@dataclass(frozen=True)
class Fail:
    """It does not work, and waiting does not help."""

    cause: str
    remedy: str


@dataclass(frozen=True)
class Ready:
    """All is there: now it has to answer. `pages`: by URL, how the text begins that it has to give."""

    pages: dict[str, str]


Step = Do | Wait | Fail | Ready


def next_step(hosts: Sequence[str], project: str, seen: Seen) -> Step:
    """Choose the next action. `hosts`: nodes on which a machine has to run; `project`: the check's id."""
    return (
        _missing(seen)
        or _network(seen)
        or _ports(hosts, seen)
        or _addresses(hosts, seen)
        or _start(hosts, project, seen)
        or _machines(hosts, seen)
        or _volume(hosts[0], project, seen)
        or Ready(pages(hosts, seen))
    )


def pages(hosts: Sequence[str], seen: Seen) -> dict[str, str]:
    """What is asked from the core network, and what it has to say."""
    at = {host: _floating(host, seen)["floating_ip_address"] for host in hosts}
    first = hosts[0]
    return {
        **{f"http://{address}/": server_name(host) for host, address in at.items()},
        f"http://{at[first]}/volume": server_name(first),
    }


def clean_up(project: str, seen: Seen) -> Step | None:
    """The next action toward nothing being left; None when nothing is.

    Also of a check that was interrupted, on other nodes than now: everything in the project is its own.
    """
    calls = [on_network("DELETE", f"floatingips/{it['id']}") for it in seen.floating.values()]
    going = [it for it in seen.servers.values() if it.get("OS-EXT-STS:task_state") == "deleting"]
    calls += [on_compute("DELETE", f"servers/{it['id']}") for it in seen.servers.values() if it not in going]
    if calls:
        return Do("remove machines and floating IPs", at_once=tuple(calls))
    if going:
        return Wait("machines that are being removed")
    idle = [it for it in seen.volumes.values() if it["status"] not in _VOLUME_GOES]
    volumes = tuple(on_volumes("DELETE", f"volumes/{it['id']}?force=true", project) for it in idle)
    router, ports = tuple(_router_gone(seen)), tuple(_ports_gone(seen))
    if volumes or router or ports:
        return Do("remove volumes, router and ports", router, (*volumes, *ports))
    if seen.networks:
        gone = (on_network("DELETE", f"networks/{it['id']}") for it in seen.networks.values())
        return Do("remove the network", tuple(gone))
    going_volumes = [it["status"] for it in seen.volumes.values()]
    return Wait(f"a volume that is {going_volumes[0]}") if going_volumes else None


def _router_gone(seen: Seen) -> Iterator[Call]:
    way = seen.ports.get(ROUTER_PORT)
    for router in seen.routers.values():
        if way and way["device_id"]:
            path = f"routers/{router['id']}/remove_router_interface"
            yield on_network("PUT", path, {"port_id": way["id"]})
        yield on_network("DELETE", f"routers/{router['id']}")


def _ports_gone(seen: Seen) -> Iterator[Call]:
    """A router takes its own port with it."""
    for name, port in seen.ports.items():
        if not (name == ROUTER_PORT and port["device_id"]):
            yield on_network("DELETE", f"ports/{port['id']}")


def _missing(seen: Seen) -> Step | None:
    """What the platform has to bring first."""
    wanted = {
        f"image {IMAGE}": seen.image,
        f"flavor {FLAVOR}": seen.flavor,
        f"external network {PUBLIC}": seen.public,
        f"security group {NAME} of project {PROJECT}": seen.group,
    }
    if missing := [name for name, found in wanted.items() if not found]:
        return Fail(f"no {', no '.join(missing)}", "Run `pulumi up` again: it makes what is missing.")
    return None


def _network(seen: Seen) -> Step | None:
    network, subnet, router = (it.get(NAME) for it in (seen.networks, seen.subnets, seen.routers))
    calls = []
    if network is None:
        calls.append(on_network("POST", "networks", {"network": {"name": NAME}}))
    if router is None:
        gateway = {"name": NAME, "external_gateway_info": {"network_id": seen.public}}
        calls.append(on_network("POST", "routers", {"router": gateway}))
    if network and subnet is None:
        body = {
            "name": NAME,
            "network_id": network["id"],
            "ip_version": 4,
            "cidr": _CIDR,
            "gateway_ip": _GATEWAY,
        }
        calls.append(on_network("POST", "subnets", {"subnet": body}))
    return Do("make a network and a router", tuple(calls)) if calls else None


def _ports(hosts: Sequence[str], seen: Seen) -> Step | None:
    """All that are missing in one call: Neutron has to look at network and quota once."""
    network = seen.networks[NAME]["id"]
    way = [{"subnet_id": seen.subnets[NAME]["id"], "ip_address": _GATEWAY}]
    wanted = {ROUTER_PORT: {"name": ROUTER_PORT, "network_id": network, "fixed_ips": way}}
    for name in map(server_name, hosts):
        wanted[name] = {"name": name, "network_id": network, "security_groups": [seen.group]}
    missing = [body for name, body in wanted.items() if name not in seen.ports]
    return Do("make ports", (on_network("POST", "ports", {"ports": missing}),)) if missing else None


def _start(hosts: Sequence[str], project: str, seen: Seen) -> Step | None:
    missing = [host for host in hosts if server_name(host) not in seen.servers]
    calls = [on_compute("POST", "servers", {"server": _server(host, seen)}) for host in missing]
    if NAME not in seen.volumes:
        body = {"name": NAME, "size": _VOLUME_GIB}
        calls.append(on_volumes("POST", "volumes", project, {"volume": body}))
    return (
        Do(f"start machines on {', '.join(missing)}" if missing else "make a volume", at_once=tuple(calls))
        if calls
        else None
    )


def _addresses(hosts: Sequence[str], seen: Seen) -> Step | None:
    """The network's way out, and a floating IP for each machine."""
    way_out, floating, way = [], [], seen.ports[ROUTER_PORT]
    if not way["device_id"]:
        path = f"routers/{seen.routers[NAME]['id']}/add_router_interface"
        way_out.append(on_network("PUT", path, {"port_id": way["id"]}))
    for port in (seen.ports[server_name(host)] for host in hosts):
        if port["id"] not in seen.floating:
            address = {"floating_network_id": seen.public, "port_id": port["id"], "description": NAME}
            floating.append(on_network("POST", "floatingips", {"floatingip": address}))
    if not way_out and not floating:
        return None
    return Do("make a way out and floating IPs", tuple(way_out), tuple(floating))


def _machines(hosts: Sequence[str], seen: Seen) -> Step | None:
    states = {host: seen.servers[server_name(host)] for host in hosts}
    broken = {host: server for host, server in states.items() if server["status"] == "ERROR"}
    for host, server in broken.items():
        if said := (server.get("fault") or {}).get("message", ""):
            return Fail(
                f"no machine starts on {host}: {said}", f"See `journalctl -u piston-nova-compute` on {host}."
            )
    again = [it for it in broken.values() if it.get("OS-EXT-STS:task_state") != "deleting"]
    if again:
        # nova-compute gives up, without a word, what was being made on its node while it started.
        gone = tuple(on_compute("DELETE", f"servers/{it['id']}") for it in again)
        return Do(f"take away what was given up on {', '.join(broken)}", gone)
    coming = [host for host, server in states.items() if server["status"] != "ACTIVE"]
    return Wait(f"machines on {', '.join(coming)}") if coming else None


def _server(host: str, seen: Seen) -> Record:
    return {
        "name": server_name(host),
        "imageRef": seen.image,
        "flavorRef": seen.flavor,
        "host": host,
        "networks": [{"port": seen.ports[server_name(host)]["id"]}],
        "user_data": base64.b64encode(_USER_DATA.encode()).decode(),
    }


def _volume(host: str, project: str, seen: Seen) -> Step | None:
    volume, server = seen.volumes[NAME], seen.servers[server_name(host)]
    state = str(volume["status"])
    if state == "available":
        body = {"volumeAttachment": {"volumeId": volume["id"]}}
        path = f"servers/{server['id']}/os-volume_attachments"
        return Do(f"give the machine on {host} a volume", (on_compute("POST", path, body),))
    if state.startswith("error"):
        return Fail(f"the volume is in state {state}", "See the units of Cinder on the control hosts.")
    return None if state == "in-use" else Wait(f"the volume, which is {state}")


def _floating(host: str, seen: Seen) -> Record:
    return seen.floating[seen.ports[server_name(host)]["id"]]
