"""Images: a record, then its bytes, from a file of this machine or from a URL."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Iterable, Iterator, Set
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, BinaryIO

from piston_iac.deadline import Deadline
from piston_iac.errors import SetupError
from piston_iac.openstack_plugin.cloud import Cloud, CloudError, wait_until
from piston_iac.openstack_plugin.kinds import Collection, Kind, Made, Values

_CHUNK_BYTES = 1 << 20
_READ_TIMEOUT_S = 60.0
_PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
_NOT_IN_GLANCE = ("localFilePath", "imageSourceUrl", "webDownload", "verifyChecksum", "properties")


@dataclass(frozen=True)
class _Image(Collection):
    """An image. Glance has its fields at the top, those that anybody may invent among them."""

    def create(self, cloud: Cloud, want: Values) -> Made:
        """POST: the record."""
        if bool(want.get("localFilePath")) == bool(want.get("imageSourceUrl")):
            raise CloudError("it needs either a file or a URL", "Set localFilePath or imageSourceUrl.")
        if want.get("localFilePath") and not Path(want["localFilePath"]).is_file():
            raise CloudError(
                f"there is no file {want['localFilePath']}",
                "Correct localFilePath, or make the file.",
                0,
                SetupError,
            )
        return Made(str(cloud.call("image", "POST", "/images", self.body(cloud, want))["id"]))

    def finish(self, cloud: Cloud, made_id: str, want: Values, deadline: Deadline) -> None:
        """Its bytes: sent from here, or fetched by Glance."""
        if want.get("webDownload"):
            method = {"name": "web-download", "uri": want["imageSourceUrl"]}
            cloud.call("image", "POST", f"/images/{made_id}/import", {"method": method})
            _settle(cloud, made_id, deadline)
            return
        digest = hashlib.md5(usedforsecurity=False)  # what Glance tells as `checksum`
        headers = {"Content-Type": "application/octet-stream"}
        with closing(_open(want)) as source:
            data = _sent(source, digest)
            cloud.call("image", "PUT", f"/images/{made_id}/file", data=data, headers=headers)
        entry = _settle(cloud, made_id, deadline)
        if want.get("verifyChecksum", True) and entry.get("checksum") != digest.hexdigest():
            raise CloudError(
                f"the cloud has other bytes than were sent (checksum {entry.get('checksum')})",
                "Run `pulumi up` again.",
            )

    def read(self, cloud: Cloud, known_id: str, state: Values) -> dict[str, Any] | None:
        """GET."""
        entry = cloud.look("image", f"/images/{known_id}")
        if entry is None or entry.get("status") in ("deleted", "pending_delete"):
            return None
        found = self.seen(cloud, entry, state)
        if "properties" in state:  # Glance adds its own; a program speaks of those that it names
            found["properties"] = {k: entry[k] for k in state["properties"] if k in entry}
        return found

    def update(
        self, cloud: Cloud, known_id: str, old: Values, want: Values, changed: Set[str], deadline: Deadline
    ) -> None:
        """A JSON patch, as Glance has it."""
        patch = [
            {"op": "replace", "path": f"/{self.field(name)}", "value": want[name]}
            for name in sorted(changed)
            if name in want and name not in _NOT_IN_GLANCE
        ]
        if "properties" in changed:
            patch += _properties(old.get("properties", {}), want.get("properties", {}))
        if patch:
            cloud.call("image", "PATCH", f"/images/{known_id}", patch, headers=_PATCH)

    def body(self, cloud: Cloud, want: Values) -> dict[str, Any]:
        """As Glance takes it."""
        body = super().body(cloud, {k: v for k, v in want.items() if k not in _NOT_IN_GLANCE})
        return {**body, **want.get("properties", {})}


def _properties(old: Values, want: Values) -> list[dict[str, Any]]:
    """The part of a patch that is the properties'. Pure."""
    gone = [{"op": "remove", "path": f"/{key}"} for key in sorted(old.keys() - want.keys())]
    there = [
        {"op": "replace" if key in old else "add", "path": f"/{key}", "value": value}
        for key, value in want.items()
        if old.get(key) != value
    ]
    return gone + there


def _open(want: Values) -> BinaryIO:
    if want.get("localFilePath"):
        return Path(want["localFilePath"]).open("rb")
    url = str(want["imageSourceUrl"])
    if not url.startswith(("http://", "https://")):
        raise CloudError(f"{url} is no URL of HTTP", "Correct imageSourceUrl.")
    try:
        opened: BinaryIO = urllib.request.urlopen(url, timeout=_READ_TIMEOUT_S)  # noqa: S310 - HTTP alone, see above
    except OSError as error:
        raise CloudError(
            f"{url} cannot be had: {error}", "Correct imageSourceUrl, or see its server."
        ) from error
    return opened


def _sent(source: BinaryIO, digest: Any) -> Iterable[bytes]:
    """The bytes of a file or of an answer of HTTP; with their number where it is known."""
    size = source.length if isinstance(source, HTTPResponse) else os.fstat(source.fileno()).st_size
    return _Chunks(source, digest) if size is None else _Counted(source, digest, size)


@dataclass
class _Chunks:
    source: BinaryIO
    digest: Any

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.source.read(_CHUNK_BYTES):
            self.digest.update(chunk)
            yield chunk


@dataclass
class _Counted(_Chunks):
    """With a length it goes in one piece: servers behind balancers and uWSGI take that best."""

    size: int

    def __len__(self) -> int:
        return self.size


def _settle(cloud: Cloud, known_id: str, deadline: Deadline) -> Values:
    return wait_until(
        lambda: cloud.call("image", "GET", f"/images/{known_id}"),
        lambda entry: entry["status"] == "active",
        deadline,
        f"image {known_id} is active",
        "See Glance's log.",
    )


KINDS: tuple[Kind, ...] = (
    _Image(
        official="openstack:images/image:Image",
        title="image",
        service="image",
        path="/images",
        key="image",
        updates=("name", "visibility", "protected", "hidden", "tags", "minDiskGb", "minRamMb", "properties"),
        renews=(
            *("containerFormat", "diskFormat", "localFilePath", "imageSourceUrl", "webDownload"),
            *("verifyChecksum",),
        ),
        required=("containerFormat", "diskFormat"),
        computed=("checksum", "createdAt", "file", "owner", "schema", "sizeBytes", "status", "updatedAt"),
        defaults={"visibility": "private"},
        fields={"minDiskGb": "min_disk", "minRamMb": "min_ram", "hidden": "os_hidden", "sizeBytes": "size"},
        timeout_s=1800.0,
    ),
)
