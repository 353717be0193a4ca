"""Block storage: volumes and their quota."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import Cloud, CloudError, wait_until
from piston_iac.openstack_plugin.kinds import Collection, Kind, Values
from piston_iac.openstack_plugin.quotas import quota

_QUOTA = quota(
    "openstack:blockstorage/quoteSetV3:QuoteSetV3",  # the official token is misspelt
    "volume quota",
    "block_storage",
    "/os-quota-sets",
    "quota_set",
    *("volumes", "gigabytes", "snapshots", "backups", "backupGigabytes", "perVolumeGigabytes", "groups"),
)
_EXTEND_IN_USE = "3.42"
_ENDING = ("detaching", "in-use", "attaching")


@dataclass(frozen=True)
class _Volume(Collection):
    """A volume."""

    def finish(self, cloud: Cloud, made_id: str, want: Values, deadline: Deadline) -> None:
        """The storage has made it."""
        _settle(cloud, made_id, deadline)

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """As cinder takes it."""
        return {self.field(name): value for name, value in want.items() if name != "enableOnlineResize"}

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Names by PUT; size and type by the actions that cinder has for them."""
        super().update(
            cloud, known_id, old, want, changed - {"size", "volumeType", "enableOnlineResize"}, deadline
        )
        action = f"/volumes/{known_id}/action"
        if "size" in changed:
            version = _EXTEND_IN_USE if want.get("enableOnlineResize") else None
            body = {"os-extend": {"new_size": want["size"]}}
            cloud.call("block_storage", "POST", action, body, microversion=version)
            _settle(cloud, known_id, deadline)
        if "volumeType" in changed and "volumeType" in want:
            words = {"new_type": want["volumeType"], "migration_policy": "never"}
            cloud.call("block_storage", "POST", action, {"os-retype": words})
            _settle(cloud, known_id, deadline)

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE, as soon as no server holds it any more: cinder refuses before."""
        wait_until(
            lambda: cloud.look("block_storage", f"/volumes/{known_id}"),
            lambda seen: seen is None or seen["volume"]["status"] not in _ENDING,
            deadline.within(_LETTING_GO_S),
            f"no server holds volume {known_id}",
            "Detach it from its server.",
        )
        super().remove(cloud, known_id, state, deadline)

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """As the official SDK tells it."""
        image = entry.get("volume_image_metadata", {}).get("image_id")
        attachments = [
            {"id": it.get("volume_id"), "instanceId": it.get("server_id"), "device": it.get("device")}
            for it in entry.get("attachments", [])
        ]
        return {**super().seen(cloud, entry, state), "imageId": image, "attachments": attachments}


_LETTING_GO_S = 180.0


def _settle(cloud: Cloud, known_id: str, deadline: Deadline) -> None:
    """Wait until the volume rests; one that failed says so."""

    def rests(entry: Values) -> bool:
        if str(entry["status"]).startswith("error"):
            raise CloudError(
                f"its status is {entry['status']}", "See cinder's log, then run `pulumi up` again."
            )
        return entry["status"] in ("available", "in-use")

    wait_until(
        lambda: cloud.call("block_storage", "GET", f"/volumes/{known_id}")["volume"],
        rests,
        deadline,
        f"volume {known_id} is available",
        "See cinder's log.",
    )


KINDS: tuple[Kind, ...] = (
    _QUOTA,
    _Volume(
        official="openstack:blockstorage/volume:Volume",
        title="volume",
        service="block_storage",
        path="/volumes",
        key="volume",
        updates=("name", "description", "metadata", "size", "volumeType", "enableOnlineResize"),
        renews=("availabilityZone", "imageId", "snapshotId", "sourceVolId"),
        required=("size",),
        fields={"imageId": "imageRef", "sourceVolId": "source_volid"},
    ),
)
