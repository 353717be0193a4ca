"""The sizes of machines that the platform offers, and the one that it checks itself with. Pure.

Nova changes no size of a flavor, so one that differs is made anew under the same id: deleted, then created.
Running machines keep what they have: each holds its own copy of its flavor (Nova, `InstanceExtra.flavor` in
nova/db/main/models.py). The projects that a flavor which is not public was given to
have to be named again after that.

Flavors that bear our mark and are wanted no more are deleted; all others are somebody's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Call

MISSING = "missing"
MARK = "Made by the platform: see piston:cloud in its stack file."
"""Description of what is ours. Readable from microversion 2.55 on, extra specs from 2.61 on."""
VERSION = (("OpenStack-API-Version", "compute 2.61"),)
_PORT = layout.NOVA_PORT
# Without the word None it would be the public ones alone.
LOOK = Call("GET", "/v2.1/flavors/detail?is_public=None", port=_PORT, headers=VERSION)
_PUBLIC = "os-flavor-access:is_public"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class WantedFlavor:
    """A size. Memory in MiB, disk in GiB."""

    vcpus: int
    ram_mib: int
    disk_gib: int
    public: bool


CHECK = WantedFlavor(1, 128, 1, public=False)
"""What the cloud checks itself with: the least that its guest starts in. An administrator may use what is not
public in any project.
"""


def wanted_field(wanted: Mapping[str, WantedFlavor]) -> dict[str, str]:
    """Sizes in words, by name."""
    return {name: _words(it.vcpus, it.ram_mib, it.disk_gib, it.public) for name, it in wanted.items()}


def seen_field(wanted: Mapping[str, WantedFlavor], flavors: Sequence[Row]) -> dict[str, str]:
    """The same names as they are, and what is ours and wanted no more."""
    there = {str(it["name"]): _seen_words(it) for it in (*_left(wanted, flavors), *_ours(wanted, flavors))}
    return {**dict.fromkeys(wanted, MISSING), **there}


def calls(wanted: Mapping[str, WantedFlavor], flavors: Sequence[Row]) -> list[Call]:
    """What to send now."""
    there = {str(it["name"]): it for it in _ours(wanted, flavors)}
    words = wanted_field(wanted)
    found = [_delete(it) for it in _left(wanted, flavors)]
    for name, flavor in wanted.items():
        if (own := there.get(name)) is None:
            found.append(_create(name, name, flavor))
        elif _seen_words(own) != words[name]:
            found += [_delete(own), _create(name, str(own["id"]), flavor)]
    return found


def _ours(wanted: Mapping[str, WantedFlavor], flavors: Sequence[Row]) -> list[Row]:
    return [it for it in flavors if it["name"] in wanted]


def _left(wanted: Mapping[str, WantedFlavor], flavors: Sequence[Row]) -> list[Row]:
    return [it for it in flavors if it["description"] == MARK and it["name"] not in wanted]


def _delete(flavor: Row) -> Call:
    return Call("DELETE", f"/v2.1/flavors/{flavor['id']}", port=_PORT, headers=VERSION)


def _create(name: str, id_: str, wanted: WantedFlavor) -> Call:
    body = {
        "id": id_,
        "name": name,
        "description": MARK,
        "vcpus": wanted.vcpus,
        "ram": wanted.ram_mib,
        "disk": wanted.disk_gib,
        _PUBLIC: wanted.public,
    }
    return Call("POST", "/v2.1/flavors", {"flavor": body}, _PORT, VERSION)


def _seen_words(flavor: Row) -> str:
    more = []
    if flavor["OS-FLV-EXT-DATA:ephemeral"]:
        more.append(f"{flavor['OS-FLV-EXT-DATA:ephemeral']} GiB ephemeral")
    if flavor["swap"]:
        more.append(f"{flavor['swap']} MiB swap")
    more += [f"{name}={value}" for name, value in sorted(flavor["extra_specs"].items())]
    return _words(flavor["vcpus"], flavor["ram"], flavor["disk"], flavor[_PUBLIC], *more)


def _words(vcpus: int, ram_mib: int, disk_gib: int, public: bool, *more: str) -> str:
    parts = [f"{vcpus} vCPU{'' if vcpus == 1 else 's'}", f"{ram_mib} MiB", f"{disk_gib} GiB"]
    return ", ".join([*parts, *([] if public else ["not public"]), *more])
