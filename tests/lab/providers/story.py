"""What happens to one rack on one host, from powered off to handed back, and the evidence of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from piston_iac.lab.observe import Writes
from piston_iac.lab.rack import SWITCHES
from piston_iac.site.schema import Site
from piston_iac.trust.authority import operator_identity
from piston_iac.trust.derive import bmc_password, break_glass_password
from piston_iac.trust.secret import Secret
from tests.lab.providers.engine import Project, Run
from tests.lab.providers.rack import SmallRack

NODE = "n1"
# Where the boot node looks first for a file of a release.
_RELEASES = "/var/lib/piston-bootd/releases"


@dataclass(frozen=True)
class Reality:
    """The rack as its devices tell, asked by other means than ours."""

    switches: dict[str, Any]
    bmc_users: str
    boot_services: str
    image: str
    hosts_file: str
    boot_id: str


@dataclass(frozen=True)
class HandedBack:
    """What the next owner of the rack finds, and whether the disks still are what they were."""

    switches: dict[str, Any]
    powered_on: bool
    disks: list[str]
    disks_before: list[str]
    factory_login: bool
    our_logins: list[bool]


@dataclass(frozen=True)
class Step:
    """One engine run, and what each device had counted before and after it."""

    run: Run
    before: Writes
    after: Writes


@dataclass(frozen=True)
class Story:
    """Evidence, in the order of the steps."""

    site: Site
    create: Run
    again: Step
    adopt: Step
    healthy: Reality
    preview: Run
    repair: Step
    repaired: Reality
    clean: Run
    stored: str
    destroy: Run
    handed_back: HandedBack


def secrets_of(site: Site) -> dict[str, str]:
    """What nobody may find in a state. Of the operator's key one line of its base64 text."""
    key = operator_identity(site.seed, site.name).key_pem.get_secret_value()
    passwords = [secret.get_secret_value() for secret in our_passwords(site)]
    return {
        "seed": site.seed.get_secret_value(),
        "BMC password": passwords[0],
        "break-glass password": passwords[1],
        "operator key": key.splitlines()[1],
    }


def our_passwords(site: Site) -> list[Secret]:
    """The node's BMC password and its break-glass password."""
    generation = site.ipmi.generation
    return [derived(site.seed, NODE, generation) for derived in (bmc_password, break_glass_password)]


def drift(rack: SmallRack, site: Site) -> None:
    """One change for each kind of resource, by clients that we did not write."""
    rack.vsctl("data", "set", "port", "core", "tag=99")
    rack.vsctl("data", "set", "interface", "vlan50", "external_ids:ipv4-address=10.30.50.9/24")
    rack.vsctl("data", "set", "bridge", "sw", 'external_ids:"route:0.0.0.0/0"=10.30.0.2')
    password = our_passwords(site)[0].get_secret_value()
    rack.ipmi(site.ipmi.user, password, "user", "set", "password", "3", "by-hand")
    rack.shell("boot", "systemctl stop chrony.service")
    release = f"{_RELEASES}/{site.release}"
    rack.shell("boot", f"mkdir -p {release} && echo altered > {release}/root.squashfs")
    rack.shell(NODE, "echo 10.9.9.9 stranger >> /etc/hosts")


def tell_story(rack: SmallRack, project: Project) -> Story:
    """Install, look again, lose the state, adopt, drift, repair, hand back."""
    site = project.site()
    create = project.up()
    again = _step(rack, project)
    stored = project.stored()
    project.lose_state()
    adopt = _step(rack, project)
    healthy = _reality(rack, site)
    drift(rack, site)
    preview = project.preview()
    repair = _step(rack, project)
    repaired = _reality(rack, site)
    clean = project.preview()
    stored += project.stored() + "".join(project.transcript)
    disks = rack.local_disk_signatures()
    destroy = project.destroy()
    return Story(
        site=site,
        create=create,
        again=again,
        adopt=adopt,
        healthy=healthy,
        preview=preview,
        repair=repair,
        repaired=repaired,
        clean=clean,
        stored=stored,
        destroy=destroy,
        handed_back=_handed_back(rack, site, disks),
    )


def _step(rack: SmallRack, project: Project) -> Step:
    before = rack.writes()
    return Step(project.up(), before, rack.writes())


def _reality(rack: SmallRack, site: Site) -> Reality:
    url = f"http://{site.boot_node.address}:8080/releases/{site.release}/root.squashfs"
    password = our_passwords(site)[0].get_secret_value()
    return Reality(
        switches={switch: rack.configuration(switch) for switch in SWITCHES},
        bmc_users=rack.ipmi(site.ipmi.user, password, "user", "list", "1"),
        boot_services=rack.shell("boot", "systemctl is-active chrony.service piston-dnsmasq.service || true"),
        image=rack.served_digest(url),
        hosts_file=rack.shell(NODE, "cat /etc/hosts"),
        boot_id=rack.shell(NODE, "cat /proc/sys/kernel/random/boot_id"),
    )


def _handed_back(rack: SmallRack, site: Site, disks_before: list[str]) -> HandedBack:
    ipmi = site.ipmi
    ours = zip((ipmi.user, ipmi.break_glass_user), our_passwords(site), strict=True)
    return HandedBack(
        switches={switch: rack.configuration(switch) for switch in SWITCHES},
        powered_on=rack.powered_on(),
        disks=rack.local_disk_signatures(),
        disks_before=disks_before,
        factory_login=rack.lets_in(ipmi.factory_user, ipmi.factory_password.get_secret_value()),
        our_logins=[rack.lets_in(user, password.get_secret_value()) for user, password in ours],
    )
