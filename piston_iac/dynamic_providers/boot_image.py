"""BootImage: a release of the micro-OS, complete and unaltered on the boot node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.boot_node import OnBootNode, open_boot_node
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.micro_os.release import release_dir

# A gigabyte over a slow management network.
_UPLOAD_S = 1800.0
MISSING = "missing"


class BootImageInputs(OnBootNode):
    """`files` maps the release's file names to SHA-256; read back from the bytes on the boot node."""

    release: str
    files: dict[str, str]


class BootImageProvider(Converging[BootImageInputs]):
    """Observes and uploads one release."""

    model = BootImageInputs
    secrets = frozenset({"access"})

    def name(self, inputs: BootImageInputs) -> str:
        """`image/2026.11`."""
        return f"image/{inputs.release}"

    def observe(self, inputs: BootImageInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Digests of the bytes that nodes would get now."""
        release = open_boot_node(inputs).observe(deadline).releases.get(inputs.release)
        there = {name: file.sha256 for name, file in release.files.items()} if release else {}
        return Seen({"files": {name: there.get(name, MISSING) for name in inputs.files}})

    def converge(self, inputs: BootImageInputs, bound: Mapping[str, Any]) -> None:
        """Upload what is missing or altered."""
        seen = self.observe(inputs, bound, self._look(inputs)).fields["files"]
        client = open_boot_node(inputs)
        for name, digest in sorted(inputs.files.items()):
            if seen[name] != digest:
                runtime.info_status(f"uploading {name} of release {inputs.release}")
                deadline = Deadline.after(_UPLOAD_S, runtime.CANCELLED)
                client.put_release_file(inputs.release, release_dir(inputs.release) / name, digest, deadline)

    def remove(self, inputs: BootImageInputs) -> None:
        """Delete it, unless the boot node is set to it: then nodes still boot from it, and it stays.

        A boot node goes on serving after its resource is gone, so this is the rule in a destroy.
        """
        client, deadline = open_boot_node(inputs), self._look(inputs)
        settings = client.observe(deadline).settings or {}
        if settings.get("release") == inputs.release:
            runtime.info_once(f"release {inputs.release} stays: the boot node still serves it")
            return
        client.delete_release(inputs.release, deadline)


class BootImage(Resource, module="piston", name="BootImage"):
    """A release of the micro-OS on the boot node."""

    def __init__(self, name: str, inputs: BootImageInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(BootImageProvider(), name, BootImageProvider.sealed(inputs), opts)
