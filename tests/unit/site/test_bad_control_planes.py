"""What a stack file may not say of the control plane, and what the operator is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.site.faults import SiteFaults
from piston_iac.site.load import load_file
from tests.lab.stack_file import control_plane

LAB = control_plane()
DECLARED = "  piston:controlPlane: {}"


def stack(directory: Path, section: str) -> Path:
    file = directory / "Pulumi.lab.yaml"
    file.write_text(LAB.replace(DECLARED, f"  piston:controlPlane: {section}", 1))
    return file


def without_osd(directory: Path, section: str, *nodes: str) -> Path:
    file = stack(directory, section)
    text = file.read_text()
    for node in nodes:
        text = text.replace(f"osd: [{node}-osd-1]", "osd: []")
    file.write_text(text)
    return file


def test_only_infrastructure_hosts_may_be_without_disks_for_ceph(tmp_path: Path) -> None:
    named = "{ infrastructureHosts: [n3, n4, n5] }"
    assert load_file(without_osd(tmp_path, named, "n4", "n5")).nodes["n5"].disks.osd == ()
    with pytest.raises(SiteFaults) as caught:
        load_file(without_osd(tmp_path, "{ infrastructureHosts: [n3] }", "n4"))
    assert [it.path for it in caught.value.faults] == ["nodes.n4.disks.osd"]
    with pytest.raises(SiteFaults, match="copies of every object need 3"):
        load_file(without_osd(tmp_path, named, "n3", "n4", "n5"))


def test_an_empty_section_takes_the_defaults(tmp_path: Path) -> None:
    assert load_file(stack(tmp_path, "{}")).control_plane is not None


@pytest.mark.parametrize(
    ("section", "path", "words"),
    [
        ("{ hosts: [n1, n2] }", "controlPlane.hosts", "names 2 nodes"),
        ("{ hosts: [n1, n2, n9] }", "controlPlane.hosts[2]", "which is no node"),
        ("{ hosts: [n1, n2, n2] }", "controlPlane.hosts[2]", "n2"),
        ("{ infrastructureHosts: [n4, n5] }", "controlPlane.infrastructureHosts", "names 2 nodes"),
        ("{ infrastructureHosts: [n9] }", "controlPlane.infrastructureHosts[0]", "which is no node"),
        ("{ infrastructureHosts: [n4, n5, n5] }", "controlPlane.infrastructureHosts[2]", "n5"),
        ("{ address: 10.30.20.12 }", "controlPlane.address", "the address of n2"),
        ("{ address: 10.30.20.1 }", "controlPlane.address", "the gateway"),
        ("{ address: 10.30.99.1 }", "controlPlane.address", "outside 10.30.20.0/24"),
        ("{ address: 10.30.20.0 }", "controlPlane.address", "base address"),
        ("{ region: 'Region One' }", "controlPlane.region", "is not a name"),
        ("{ adress: 10.30.20.10 }", "controlPlane.adress", "is not a setting"),
    ],
)
def test_one_fault_is_told_with_its_place(tmp_path: Path, section: str, path: str, words: str) -> None:
    with pytest.raises(SiteFaults) as caught:
        load_file(stack(tmp_path, section))
    told = [(it.path, it.cause) for it in caught.value.faults]
    assert [it for it in told if it[0] == path and words in it[1]], told
    assert len(told) == 1, told


@pytest.mark.parametrize("name", ["controlPlane", "cloud"])
def test_a_section_with_nothing_in_it_is_told(tmp_path: Path, name: str) -> None:
    file = tmp_path / "Pulumi.lab.yaml"
    empty = f"{DECLARED}\n  piston:cloud:" if name == "cloud" else "  piston:controlPlane:"
    file.write_text(LAB.replace(DECLARED, empty, 1))
    with pytest.raises(SiteFaults) as caught:
        load_file(file)
    assert [(it.path, it.cause) for it in caught.value.faults] == [(name, "is empty")]


def test_a_cloud_needs_a_control_plane(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.lab.yaml"
    file.write_text(LAB.replace(DECLARED, "  piston:cloud: {}", 1))
    with pytest.raises(SiteFaults) as caught:
        load_file(file)
    assert [(it.path, it.cause) for it in caught.value.faults] == [
        ("cloud", "needs a control plane, and the site has none")
    ]
    file.write_text(LAB.replace(DECLARED, f"{DECLARED}\n  piston:cloud: {{ hypervisor: qemu }}", 1))
    assert load_file(file).cloud is not None
