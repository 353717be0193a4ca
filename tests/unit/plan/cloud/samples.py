"""A control plane of three hosts in memory, as its programs tell it: all well, or nothing as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.plan.cloud.catalogue import INTERFACES, Identity
from piston_iac.plan.cloud.fields import WantedControlPlane
from piston_iac.plan.cloud.ovn import OvnLook, OvnMember
from piston_iac.plan.cloud.seen import (
    BackupMaker,
    Certificate,
    DatabaseMember,
    HostLook,
    QueueMember,
)

ADDRESS = "10.64.20.10"
MEMBERS = {f"n{number}": f"10.64.20.1{number}" for number in (1, 2, 3)}
SERVED = {host: f"sha of {host}" for host in MEMBERS}
WANTED = WantedControlPlane(MEMBERS, ADDRESS, SERVED)
CLUSTER = "11111111-2222-3333-4444-555555555555"
NAMES = tuple(layout.rabbitmq_node(address) for address in MEMBERS.values())


def host_look(host: str) -> HostLook:
    """One host where all is well; the first one holds the virtual address."""
    return HostLook(
        DatabaseMember(True, "Synced", "Primary", CLUSTER, 3, f"{CLUSTER}:7"),
        QueueMember(NAMES, NAMES),
        has_address=host == "n1",
        down=(),
        certificate=Certificate(SERVED[host], "2060-01-01", 9999),
        backup=BackupMaker(host == "n3", "c1", 1_795_644_000, 5, 3600),
    )


def control_plane_looks(well: bool) -> dict[str, HostLook | None]:
    """What each host sees."""
    looks = {host: host_look(host) for host in MEMBERS}
    if well:
        return dict(looks)
    return {
        "n1": replace(
            looks["n1"],
            queues=QueueMember(NAMES[:1], NAMES[:1]),
            down=("database/n2",),
            out=("keystone/n3 MAINT",),
            certificate=Certificate("", "2026-12-01", 6),
            backup=BackupMaker(age_s=900, able_s=900),
        ),
        "n2": replace(
            looks["n2"],
            database=DatabaseMember(False, "Initialized", "non-Primary", CLUSTER, 1, f"{CLUSTER}:5"),
            queues=replace(looks["n2"].queues, short=("reply_1",)),
            has_address=True,
        ),
        "n3": None,
    }


def ovn_look(addresses: tuple[str, ...] = tuple(MEMBERS.values())) -> dict[str, OvnMember]:
    """One host of OVN's databases where all is well."""
    return {
        schema: OvnMember(f"id of {schema}", "cluster member", "ab12", addresses)
        for schema in layout.OVN_DATABASES
    }


def ovn_looks(well: bool) -> dict[str, OvnLook | None]:
    """What each host sees."""
    if well:
        return {host: ovn_look() for host in MEMBERS}
    lost = OvnMember("", "joining cluster", "", ())
    return {"n1": {layout.NB: lost, layout.SB: lost}, "n2": ovn_look(), "n3": None}


def records_of_glance(url: str, region: str) -> tuple[dict[str, Any], ...]:
    """Keystone's answers when Glance is as wanted there."""
    return records_of("glance", "image", url, region)


def records_of(name: str, kind: str, url: str, region: str) -> tuple[dict[str, Any], ...]:
    """Keystone's answers when a service is as wanted there. `kind`: its type."""
    endpoints = [
        {
            "id": f"e-{interface}",
            "service_id": f"s-{kind}",
            "interface": interface,
            "url": url,
            "region_id": region,
            "enabled": True,
        }
        for interface in INTERFACES
    ]
    roles = [{"id": f"r-{role}", "name": role} for role in ("admin", "service")]
    scope = {"project": {"id": "p-service"}}
    assignments = [{"user": {"id": f"u-{name}"}, "role": role, "scope": scope} for role in roles]
    return (
        {"services": [{"id": f"s-{kind}", "type": kind, "name": name, "enabled": True}]},
        {"endpoints": endpoints},
        {"users": [{"id": f"u-{name}", "name": name, "enabled": True}]},
        {"projects": [{"id": "p-service", "name": "service"}]},
        {"roles": roles},
        {"role_assignments": assignments},
    )


def nova_service(node: str, binary: str, **changes: Any) -> dict[str, Any]:
    """A record of Nova's, of one that works."""
    return {
        "id": f"{binary} of {node}",
        "host": node,
        "binary": binary,
        "state": "up",
        "status": "enabled",
        "disabled_reason": None,
        "forced_down": False,
        **changes,
    }


def identity_of_nova(well: bool, calls: Sequence[Call]) -> Identity:
    """A look at Keystone, at Nova's API, and at what services tell of their agents."""
    if well:
        records = records_of("nova", "compute", f"https://{ADDRESS}:8774/v2.1", "region-one")
        codes = dict.fromkeys(("address", *MEMBERS), 200)
    else:
        names = ("services", "endpoints", "users", "projects", "roles", "role_assignments")
        records = tuple({name: []} for name in names)
        codes = {"address": 503, "n1": 0, "n2": 500, "n3": 0}
    told = {
        "/v2.1/os-services": [nova_service("n1", "nova-compute", state="up" if well else "down")],
        "/v3/os-services": [],
    }
    bodies = (*records, *({"services": told.get(it.path, [])} for it in calls[len(records) :]))
    return Identity(tuple(Answer(200, it) for it in bodies), {"nova": well}, {"nova": codes})
