"""What projects may have that have no quota of their own: the quota class `default` of Nova and Cinder. Pure.

Neutron's stand in its configuration (`plan.services.neutron`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Call
from piston_iac.plan.cloud.default_flavors import VERSION
from piston_iac.site.schema import Quota

COMPUTE = {"instances": "instances", "cores": "cores", "ramMib": "ram"}
"""Nova's name by ours."""
VOLUME = {it: it for it in ("volumes", "snapshots", "backups", "gigabytes")}
"""Cinder's name by ours."""
_COMPUTE_PATH = "/v2.1/os-quota-class-sets/default"
# A project's id in the path is left out since Cinder's microversion 3.67; its router takes both always.
_VOLUME_PATH = "/v3/os-quota-class-sets/default"
COMPUTE_LOOK = Call("GET", _COMPUTE_PATH, port=layout.NOVA_PORT, headers=VERSION)
VOLUME_LOOK = Call("GET", _VOLUME_PATH, port=layout.CINDER_PORT)


def limits(quota: Quota) -> dict[str, int]:
    """What is compared: those that the services keep in their databases, under the stack file's names."""
    declared = quota.model_dump(by_alias=True)
    return {name: declared[name] for name in (*COMPUTE, *VOLUME)}


def seen_field(compute: Mapping[str, Any], volume: Mapping[str, Any]) -> dict[str, int]:
    """Limits as they are; -1: none."""
    return {
        **{name: compute[theirs] for name, theirs in COMPUTE.items()},
        **{name: volume[theirs] for name, theirs in VOLUME.items()},
    }


def calls(wanted: Mapping[str, int], compute: Mapping[str, Any], volume: Mapping[str, Any]) -> list[Call]:
    """What to send now."""
    found = []
    for names, seen, look in ((COMPUTE, compute, COMPUTE_LOOK), (VOLUME, volume, VOLUME_LOOK)):
        changes = {it: wanted[name] for name, it in names.items() if seen[it] != wanted[name]}
        if changes:
            found.append(Call("PUT", look.path, {"quota_class_set": changes}, look.port, look.headers))
    return found
