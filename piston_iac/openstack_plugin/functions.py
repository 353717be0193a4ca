"""What a program may ask the cloud without making anything: the official SDK's `get_…` functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from piston_iac.openstack_plugin.cloud import Cloud, CloudError
from piston_iac.openstack_plugin.kinds import Values, camel

Function = Callable[[Cloud, Values], dict[str, Any]]


def _network(cloud: Cloud, asked: Values) -> dict[str, Any]:
    names = {"name": "name", "networkId": "id", "external": "router:external", "tenantId": "tenant_id"}
    query = _query("getNetwork", asked, names)
    entry = cloud.one("network", "/networks", "networks", f"network with {asked_for(asked)}", **query)
    told = {camel(k): v for k, v in entry.items() if ":" not in k}
    # The official plugin gives these two as text.
    told |= {name: str(told[name]).lower() for name in ("adminStateUp", "shared") if name in told}
    return {**asked, **told, "networkId": entry["id"], "external": entry.get("router:external")}


def _role(cloud: Cloud, asked: Values) -> dict[str, Any]:
    query = _query("getRole", asked, {"name": "name", "domainId": "domain_id"})
    entry = cloud.one("identity", "/roles", "roles", f"role with {asked_for(asked)}", **query)
    return {**asked, "id": entry["id"], "name": entry["name"], "domainId": entry.get("domain_id") or ""}


def _auth_scope(cloud: Cloud, asked: Values) -> dict[str, Any]:
    access = cloud.access()
    roles = zip(access.role_ids, access.role_names, strict=True)
    return {
        "id": asked.get("name", ""),
        "name": asked.get("name", ""),
        "userId": access.user_id,
        "userName": access.username,
        "userDomainId": access.user_domain_id,
        "userDomainName": access.user_domain_name,
        "projectId": access.project_id,
        "projectName": access.project_name,
        "projectDomainId": access.project_domain_id,
        "projectDomainName": access.project_domain_name,
        "roles": [{"roleId": role_id, "roleName": name} for role_id, name in roles],
    }


FUNCTIONS: Mapping[str, Function] = {
    "openstack:networking/getNetwork:getNetwork": _network,
    "openstack:identity/getRole:getRole": _role,
    "openstack:identity/getAuthScope:getAuthScope": _auth_scope,
}


def asked_for(asked: Values) -> str:
    """What was asked for, for errors."""
    return ", ".join(f"{name} {value}" for name, value in asked.items())


def _query(function: str, asked: Values, names: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in asked if name not in names]
    if unknown:
        raise CloudError(
            f"piston's stand-in for the openstack plugin cannot look for {', '.join(unknown)} in {function}",
            f"It can look for {', '.join(names)}.",
        )
    return {
        names[name]: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in asked.items()
    }
