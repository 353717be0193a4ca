"""What a stack file may not say of the cloud, and what the operator is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.site.faults import Fault, SiteFaults
from piston_iac.site.load import load_file
from piston_iac.site.schema import Cloud, Flavor, Site
from tests.lab.stack_file import control_plane

LAB = control_plane()
CONTROL_PLANE = "  piston:controlPlane: {}\n"
FLOATING = "      floating: 10.30.50.100-10.30.50.200\n"


def stack(directory: Path, section: str, lab: str = LAB) -> Path:
    file = directory / "Pulumi.lab.yaml"
    assert CONTROL_PLANE in lab
    file.write_text(lab.replace(CONTROL_PLANE, f"{CONTROL_PLANE}  piston:cloud: {section}\n", 1))
    return file


def site(directory: Path, section: str) -> Site:
    return load_file(stack(directory, section))


def faults(file: Path) -> tuple[Fault, ...]:
    with pytest.raises(SiteFaults) as caught:
        load_file(file)
    return caught.value.faults


def test_an_empty_section_takes_the_defaults(tmp_path: Path) -> None:
    cloud = site(tmp_path, "{}").cloud
    assert cloud == Cloud()
    assert cloud.flavors["m1.tiny"] == Flavor(vcpus=1, ram_mib=512, disk_gib=5)
    assert cloud.quota.floating_ips == 10


def test_flavors_that_are_given_are_all_and_a_limit_that_is_given_is_one_of_many(tmp_path: Path) -> None:
    text = "{ flavors: { own: { vcpus: 2, ramMib: 64, diskGib: 0, public: false } }, quota: { cores: -1 } }"
    cloud = site(tmp_path, text).cloud
    assert cloud
    assert list(cloud.flavors) == ["own"]
    assert (cloud.quota.cores, cloud.quota.instances) == (-1, 10)


def _flavor(text: str, name: str = "own") -> str:
    return f"{{ flavors: {{ {name}: {{ {text} }} }} }}"


@pytest.mark.parametrize(
    ("section", "path", "words"),
    [
        (_flavor("vcpus: 0, ramMib: 64, diskGib: 1"), "cloud.flavors.own.vcpus", "too low"),
        (_flavor("vcpus: 1, ramMib: 0, diskGib: 1"), "cloud.flavors.own.ramMib", "too low"),
        (_flavor("vcpus: 1, ramMib: 64, diskGib: -1"), "cloud.flavors.own.diskGib", "too low"),
        (_flavor("vcpus: 1, ramMib: 64"), "cloud.flavors.own.diskGib", "is missing"),
        (_flavor("vcpus: 1, ramMib: 64, diskGib: 1, ram: 2"), "cloud.flavors.own.ram", "is not a setting"),
        (_flavor("vcpus: 1, ramMib: 64, diskGib: 1", "'a b'"), "cloud.flavors.a b", "is not a flavor's name"),
        (
            _flavor("vcpus: 1, ramMib: 64, diskGib: 1", "piston.check"),
            "cloud.flavors.piston.check",
            "checks itself with",
        ),
        (_flavor("vcpus: 21, ramMib: 64, diskGib: 1"), "cloud.flavors.own.vcpus", "may have 20"),
        (_flavor("vcpus: 1, ramMib: 51201, diskGib: 1"), "cloud.flavors.own.ramMib", "may have 51200"),
        ("{ quota: { volumes: -2 } }", "cloud.quota.volumes", "too low"),
        ("{ quota: { cores: many } }", "cloud.quota.cores", "not a whole number"),
        ("{ quota: { ram: 1 } }", "cloud.quota.ram", "is not a setting"),
        ("{ flavors: [] }", "cloud.flavors", "is a list, not a mapping"),
    ],
)
def test_one_fault_is_told_with_its_place(tmp_path: Path, section: str, path: str, words: str) -> None:
    told = faults(stack(tmp_path, section))
    assert [(it.path, words in it.cause) for it in told] == [(path, True)], told
    lines = stack(tmp_path, section).read_text().splitlines()
    assert "piston:cloud" in lines[told[0].line - 1]
    assert told[0].fix


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    section = (
        "{ flavors: { piston.check: { vcpus: 99, ramMib: 99999, diskGib: 1 } }, quota: { instances: 1 } }"
    )
    found = faults(stack(tmp_path, section, LAB.replace(FLOATING, "")))
    assert [it.path for it in found] == [
        "networks.public.floating",
        "cloud.flavors.piston.check",
        "cloud.flavors.piston.check.vcpus",
        "cloud.flavors.piston.check.ramMib",
    ]


def test_a_quota_without_limit_takes_every_flavor(tmp_path: Path) -> None:
    text = (
        "{ flavors: { big: { vcpus: 500, ramMib: 9999999, diskGib: 1 } }, quota: { cores: -1, ramMib: -1 } }"
    )
    assert site(tmp_path, text).cloud


def test_a_flavor_for_some_projects_alone_may_be_larger_than_the_quota(tmp_path: Path) -> None:
    assert site(tmp_path, _flavor("vcpus: 64, ramMib: 64, diskGib: 1, public: false")).cloud


def test_only_a_cloud_needs_a_floating_range(tmp_path: Path) -> None:
    bare = LAB.replace(FLOATING, "")
    (fault,) = faults(stack(tmp_path, "{}", bare))
    assert (fault.path, "is missing" in fault.cause) == ("networks.public.floating", True)
    file = tmp_path / "Pulumi.lab.yaml"
    file.write_text(bare)
    assert load_file(file).cloud is None
