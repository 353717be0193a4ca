"""Compute: quotas, flavors, key pairs, and volumes on servers. Servers are in `servers`."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.openstack_plugin.cloud import Cloud, wait_until
from piston_iac.openstack_plugin.kinds import Collection, Kind, Made, Values
from piston_iac.openstack_plugin.quotas import quota

_QUOTA = quota(
    "openstack:compute/quotaSetV2:QuotaSetV2",
    "compute quota",
    "compute",
    "/os-quota-sets",
    "quota_set",
    *("instances", "cores", "ram", "keyPairs", "metadataItems", "serverGroups", "serverGroupMembers"),
)


@dataclass(frozen=True)
class _Flavor(Collection):
    """A flavor. Its extra specs are a list of their own."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST, and the extra specs after it."""
        specs = want.get("extraSpecs")
        made = super().create(cloud, {k: v for k, v in want.items() if k != "extraSpecs"})
        if specs:
            cloud.call("compute", "POST", f"/flavors/{made.id}/os-extra_specs", {"extra_specs": specs})
        return made

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """The description by PUT; extra specs one by one where they go."""
        super().update(cloud, known_id, old, want, changed - {"extraSpecs"}, deadline)
        if "extraSpecs" not in changed:
            return
        path, specs = f"/flavors/{known_id}/os-extra_specs", want.get("extraSpecs", {})
        for key in old.get("extraSpecs", {}).keys() - specs.keys():
            cloud.call("compute", "DELETE", f"{path}/{key}")
        if specs:
            cloud.call("compute", "POST", path, {"extra_specs": specs})

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """Nova says an empty text for no swap."""
        return super().seen(cloud, {**entry, "swap": entry.get("swap") or 0}, state)


@dataclass(frozen=True)
class _Keypair(Collection):
    """A key pair of the user that is logged in. Its id is its name; a key that nova made is told once."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST."""
        answer = cloud.call("compute", "POST", self.path, {self.key: self.body(cloud, want)})[self.key]
        told = {"privateKey": answer["private_key"]} if "private_key" in answer else {}
        return Made(str(answer["name"]), told)

    def seen(self, cloud: Cloud, entry: Values, state: Values) -> dict[str, Any]:
        """A key is the same with or without the end of its line."""
        found = super().seen(cloud, entry, state)
        declared = str(state.get("publicKey", ""))
        if declared.strip() == str(found.get("publicKey", "")).strip():
            found["publicKey"] = declared
        return found


@dataclass(frozen=True)
class _VolumeAttach(Kind):
    """A volume on a server. Its id is the official one: server, `/`, volume."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST."""
        server, volume = want["instanceId"], want["volumeId"]
        words = {k: want[k] for k in ("device",) if k in want}
        body = {"volumeAttachment": {"volumeId": volume, **words}}
        cloud.call("compute", "POST", f"/servers/{server}/os-volume_attachments", body)
        return Made(f"{server}/{volume}")

    def finish(self, cloud: Cloud, made_id: str, want: Values, deadline: Deadline) -> None:
        """The server has it as soon as the volume says so."""
        volume = made_id.partition("/")[2]
        wait_until(
            lambda: cloud.call("block_storage", "GET", f"/volumes/{volume}")["volume"]["status"],
            lambda status: status == "in-use",
            deadline,
            f"volume {volume} is in use",
            "See nova-compute's and cinder's logs.",
        )

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET."""
        server, _, volume = known_id.partition("/")
        answer = cloud.look("compute", f"/servers/{server}/os-volume_attachments/{volume}")
        if answer is None:
            return None
        entry = answer["volumeAttachment"]
        return {"instanceId": server, "volumeId": volume, "device": entry.get("device")}

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """Nothing can change in place."""

    def remove(self, cloud: Cloud, known_id: str, state: Values, deadline: Deadline) -> None:
        """DELETE. The server lets go of it later."""
        server, _, volume = known_id.partition("/")
        cloud.call("compute", "DELETE", f"/servers/{server}/os-volume_attachments/{volume}")


KINDS: tuple[Kind, ...] = (
    _QUOTA,
    _Flavor(
        official="openstack:compute/flavor:Flavor",
        title="flavor",
        service="compute",
        path="/flavors",
        key="flavor",
        microversion="2.61",  # tells and takes description, tells extra specs
        updates=("description", "extraSpecs"),
        renews=("name", "ram", "vcpus", "disk", "ephemeral", "swap", "rxTxFactor", "isPublic", "flavorId"),
        required=("ram", "vcpus", "disk"),
        fields={
            "flavorId": "id",
            "rxTxFactor": "rxtx_factor",
            "ephemeral": "OS-FLV-EXT-DATA:ephemeral",
            "isPublic": "os-flavor-access:is_public",
        },
    ),
    _Keypair(
        official="openstack:compute/keypair:Keypair",
        title="key pair",
        service="compute",
        path="/os-keypairs",
        key="keypair",
        renews=("name", "publicKey"),
        computed=("fingerprint", "userId"),
        secrets=("privateKey",),
    ),
    _VolumeAttach(
        official="openstack:compute/volumeAttach:VolumeAttach",
        title="volume attachment",
        renews=("instanceId", "volumeId", "device"),
        required=("instanceId", "volumeId"),
    ),
)
