"""Somebody else's program works in the cloud, and takes all of it down: nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.cloud import Cloud
from tests.lab.cloud_user import CloudUser
from tests.lab.operator_shell import CHECKOUT

pytestmark = pytest.mark.timeout(1800)
_DAY_S = 900.0
_GUEST = "usr/share/piston/guest.raw"
_IMAGE = "tenants:image: guest.raw"


def test_openstacks_own_command_line(cloud: Cloud) -> None:
    user = CloudUser(cloud)
    before = user.inventory()
    done = cloud.rack.shell("tests/lab/teams_day.sh", _DAY_S)
    assert done.code == 0, done.text
    print(f"a day by command line: {done.seconds:.0f} s")
    assert user.inventory() == before


def _guest(cloud: Cloud, directory: Path) -> Path:
    """A disk image on the tenant's machine: the one that lies in the micro-OS."""
    image = cloud.rack.must("piston image path").strip()
    cloud.rack.must(f"unsquashfs -n -q -f -d {directory} {image} {_GUEST}")
    return directory / _GUEST


def test_a_pulumi_program_of_a_tenant(cloud: Cloud, tmp_path: Path) -> None:
    user = CloudUser(cloud)
    before = user.inventory()
    own = (CHECKOUT / "tenants" / "stacks" / "Pulumi.lab.yaml").read_text()
    assert _IMAGE in own
    stack = tmp_path / "Pulumi.lab.yaml"
    stack.write_text(own.replace(_IMAGE, f"tenants:image: {_guest(cloud, tmp_path)}"))

    def tenant(command: str) -> float:
        done = cloud.rack.shell(f"cd tenants && pulumi {command} --stack lab --config-file {stack}", _DAY_S)
        assert done.code == 0, done.text
        return done.seconds

    cloud.rack.must("cd tenants && pulumi stack init lab")
    made = tenant("up --yes --skip-preview --non-interactive")
    said = cloud.rack.must("cd tenants && pulumi stack output address --stack lab")
    user.page_s(said.split()[-1], "web-1")
    clean = tenant("preview --expect-no-changes --non-interactive")
    gone = tenant("destroy --yes --skip-preview --non-interactive")
    print(f"a tenant's program: up {made:.0f} s, preview {clean:.0f} s, down {gone:.0f} s")
    assert user.inventory() == before
