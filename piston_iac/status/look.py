"""One site, ready to be looked at: what it declares, whom to ask, and how answers become a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.micro_os.release import read_manifest
from piston_iac.plan.cloud.root_disks import if_a_node_died
from piston_iac.program.declared import Declared, declared
from piston_iac.site.schema import Site
from piston_iac.status.asking import Answer, Probe
from piston_iac.status.bound import bound_outputs, read_state
from piston_iac.status.model import Status
from piston_iac.status.picture import status as make_status
from piston_iac.status.probes import Clients, clients, probes


@dataclass(frozen=True)
class Looking:
    """What a look at a site needs. `notes`: what cannot be compared, and why; what to know beside."""

    site: Site
    declared: tuple[Declared, ...]
    ways: Clients
    probes: tuple[Probe, ...]
    notes: tuple[str, ...]

    def status(
        self, answers: Mapping[str, Answer], at: str, waiting: Mapping[str, float] | None = None
    ) -> Status:
        """The status that follows from these answers."""
        return make_status(self.site, self.declared, answers, at, self.notes, waiting)


def looking(site: Site, project: Path) -> Looking:
    """Make ready; no device is asked yet.

    Args:
        project: the directory of Pulumi.yaml.
    """
    notes = []
    manifest = read_manifest(site.release)
    if manifest is None:
        notes.append(
            f"boot node and image are not compared: release {site.release} is not in this machine's cache. "
            "Run `piston image build`."
        )
    if site.cloud:
        notes.append(if_a_node_died(site.cloud.root_disks))
    resources = declared(site, manifest)
    try:
        bound = bound_outputs(read_state(site.name, project), resources)
    except SetupError as error:
        bound = {}
        notes.append(f"another machine behind an address would not be noticed: {error}")
    ways = clients(site)
    return Looking(site, tuple(resources), ways, tuple(probes(resources, ways, bound)), tuple(notes))
