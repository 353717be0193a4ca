"""The platform's own image: the guest that the cloud checks itself with, public as any first image. Pure.

Made of a file that every control host has. A new one is there before the former is deleted. One whose upload
was cut short (`saving`) cannot go on and is made anew; one that has no data yet (`queued`) is given it. It is
not protected: nobody but an administrator can delete it, and the next `pulumi up` makes it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud.api_call import Call

NAME = layout.CHECK
MISSING = "missing"
_ACTIVE, _QUEUED, _DEACTIVATED = "active", "queued", "deactivated"
_PUBLIC = "public"
_FORMAT = {"disk_format": "raw", "container_format": "bare"}
_PORT = layout.GLANCE_PORT
_PATCH = (("Content-Type", "application/openstack-images-v2.1-json-patch"),)
LOOK = Call("GET", f"/v2/images?name={NAME}", port=_PORT)
Row = Mapping[str, Any]


def wanted_field(sha256: str) -> dict[str, dict[str, str]]:
    """As it is to be. `sha256`: of its data, hexadecimal; empty: it is not compared."""
    digest = {"digest": f"sha256:{sha256}"} if sha256 else {}
    return {NAME: {"state": _ACTIVE, "visibility": _PUBLIC, "format": _words(_FORMAT), **digest}}


def seen_field(sha256: str, images: Sequence[Row], project: str) -> dict[str, dict[str, str]]:
    """As it is. `project`: id of its owner's project; any project may have an image of that name."""
    own = _own(images, project)
    image = _usable(sha256, own) or next(iter(own), None)
    if image is None:
        # One cause is one line: of one that is not there nothing else is told.
        return {NAME: {**wanted_field(sha256)[NAME], "state": MISSING}}
    others = len(own) - 1
    digest = {"digest": _digest(image)} if sha256 else {}
    state = f"{image['status']}, and {others} more" if others else str(image["status"])
    return {NAME: {"state": state, "visibility": image["visibility"], "format": _words(image), **digest}}


def calls(sha256: str, images: Sequence[Row], project: str) -> list[Call]:
    """What to send now."""
    own = _own(images, project)
    image = _usable(sha256, own)
    if image is None:
        return [Call("POST", "/v2/images", {"name": NAME, "visibility": _PUBLIC, **_FORMAT}, _PORT)]
    path = f"/v2/images/{image['id']}"
    if image["status"] == _QUEUED:
        return [Call("PUT", f"{path}/file", port=_PORT, file=layout.GUEST_IMAGE)]
    found = []
    if image["status"] == _DEACTIVATED:
        found.append(Call("POST", f"{path}/actions/reactivate", port=_PORT))
    if image["visibility"] != _PUBLIC:
        change = [{"op": "replace", "path": "/visibility", "value": _PUBLIC}]
        found.append(Call("PATCH", path, change, _PORT, _PATCH))
    others = (it for it in own if it is not image)
    return [*found, *(Call("DELETE", f"/v2/images/{it['id']}", port=_PORT) for it in others)]


def _own(images: Sequence[Row], project: str) -> list[Row]:
    own = [it for it in images if it["owner"] == project and it["name"] == NAME]
    return sorted(own, key=lambda it: str(it["id"]))


def _usable(sha256: str, own: Sequence[Row]) -> Row | None:
    """The one that is right or becomes right without another: active ones first."""
    fitting = [it for it in own if _words(it) == _words(_FORMAT)]
    for status in (_ACTIVE, _DEACTIVATED, _QUEUED):
        for image in fitting:
            same = status == _QUEUED or not sha256 or _digest(image) == f"sha256:{sha256}"
            if image["status"] == status and same:
                return image
    return None


def _digest(image: Row) -> str:
    """By Glance itself, as the data came in: `hashing_algorithm` of its configuration."""
    return f"{image['os_hash_algo']}:{image['os_hash_value']}" if image.get("os_hash_value") else "none"


def _words(image: Mapping[str, Any]) -> str:
    return f"{image['disk_format']}, {image['container_format']}"
