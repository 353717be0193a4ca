"""The picture of a rack: shows what the stack file says, no secret; the committed one is today's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import SecretStr

from piston_iac.cli.main import main
from piston_iac.diagram import rack_svg
from piston_iac.diagram.style import NETWORK
from piston_iac.site.load import load_file
from piston_iac.site.schema import DATA_NETWORKS, NetworkName, Site

PROJECT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
SEED = "a seed that must never be seen in a picture"


@pytest.fixture(scope="module")
def lab() -> Site:
    return load_file(PROJECT / "stacks" / "Pulumi.lab.yaml")


def with_nodes(site: Site, count: int) -> Site:
    model = site.nodes["n1"]
    nodes = {f"n{number}": model.model_copy(update={"number": number}) for number in range(1, count + 1)}
    return site.model_copy(update={"nodes": nodes})


def with_part(site: Site, part: str, changes: Mapping[str, Any]) -> Site:
    """The site with one node, some part of which is another."""
    node = site.nodes["n1"]
    changed = node.model_copy(update={part: getattr(node, part).model_copy(update=changes)})
    return site.model_copy(update={"nodes": {"n1": changed}})


def tree(site: Site) -> ElementTree.Element:
    return ElementTree.fromstring(rack_svg(site))  # noqa: S314 - our own text


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def groups(root: ElementTree.Element, kind: str) -> dict[str, ElementTree.Element]:
    """Groups of a class by their tips."""
    found = (group for group in root.iter(f"{SVG}g") if group.get("class") == kind)
    return {group.findtext(f"{SVG}title", ""): group for group in found}


def colours(cable: ElementTree.Element) -> list[str]:
    return [line.get("stroke", "") for line in cable.iter(f"{SVG}polyline")]


def test_the_committed_picture_is_the_lab_of_today(lab: Site) -> None:
    committed = (PROJECT / "docs" / "images" / "rack.svg").read_text(encoding="utf-8")
    assert committed == rack_svg(lab), "run: piston diagram lab --out docs/images/rack.svg"


def test_every_part_of_the_rack_is_named(lab: Site) -> None:
    shown = texts(tree(lab))
    for wanted in ("Core network", "Data switch, L3", "Management switch, L2", "Boot node", "Operator"):
        assert wanted in shown
    assert {"10.30.10.2", "10.30.10.3", "10.30.10.5"} <= set(shown)
    assert "routes 0.0.0.0/0 via 10.30.0.1" in shown


def test_a_node_shows_its_name_number_addresses_and_disks(lab: Site) -> None:
    root = tree(lab)
    n3 = groups(root, "node")["n3"]
    assert texts(n3)[:2] == ["n3", "number 3, rack1"]
    assert {"10.30.10.13", "10.30.10.113"} <= set(texts(n3))
    expected = {*(f"local disk n3-local-{slot}" for slot in range(1, 5)), "OSD disk n3-osd-1"}
    assert set(groups(n3, "disk")) == expected
    sockets = {"data 52:54:00:0b:00:03", "boot 52:54:00:0a:00:03", "BMC 52:54:00:0c:00:03"}
    assert set(groups(n3, "socket")) == sockets


def test_cables_have_the_colours_of_their_networks(lab: Site) -> None:
    cables = groups(tree(lab), "cable")
    management = [NETWORK[NetworkName.MANAGEMENT]]
    assert colours(cables["n2 data, port n2-data"]) == [NETWORK[name] for name in DATA_NETWORKS]
    assert colours(cables["n2 boot, port n2-boot"]) == management
    assert colours(cables["n2 BMC, port n2-bmc"]) == management
    assert colours(cables["data switch, own management port"]) == management
    assert len(set(NETWORK.values())) == len(NetworkName)


def test_the_legend_has_vlan_and_cidr_of_every_network(lab: Site) -> None:
    legend = groups(tree(lab), "legend")[""]
    rows = [texts(row)[:3] for row in legend.iter(f"{SVG}g") if row.get("class") == "network"]
    assert rows == [
        *([name, str(lab.networks.get(name).vid), str(lab.networks.get(name).cidr)] for name in NetworkName),
        ["transit", "4", "10.30.0.0/30"],
    ]


@pytest.mark.parametrize("count", [1, 6, 20, 60])
def test_all_nodes_are_there_whatever_their_number(lab: Site, count: int) -> None:
    root = tree(with_nodes(lab, count))
    assert list(groups(root, "node")) == [f"n{number}" for number in range(1, count + 1)]
    assert len([tip for tip in groups(root, "cable") if tip.startswith("n")]) == 3 * count


def test_markup_in_a_name_stays_text(lab: Site) -> None:
    shown = texts(tree(with_part(lab, "boot", {"port": "<b>&"})))
    assert "<b>&" in shown


def test_a_name_that_is_too_long_keeps_head_and_tail(lab: Site) -> None:
    root = tree(with_part(lab, "bmc", {"port": "GigabitEthernet1/0/17"}))
    assert "GigabitEthernet1/0/17" not in texts(root)
    assert any(text.startswith("Giga") and text.endswith("/0/17") and "…" in text for text in texts(root))
    assert "n1 BMC, port GigabitEthernet1/0/17" in groups(root, "cable")


def test_no_secret_is_in_the_picture(lab: Site) -> None:
    secret = SecretStr(SEED)
    bmc = {"password": secret}
    ipmi = lab.ipmi.model_copy(update={"factory_password": secret})
    told = with_part(lab, "bmc", bmc).model_copy(update={"seed": secret, "ipmi": ipmi})
    assert SEED not in rack_svg(told)


def test_the_command_prints_or_writes_it(
    lab: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["diagram", "lab"]) == 0
    assert capsys.readouterr().out == rack_svg(lab)
    out = tmp_path / "rack.svg"
    assert main(["diagram", "lab", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert out.read_text(encoding="utf-8") == rack_svg(lab)


def test_a_file_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    out = tmp_path / "nowhere" / "rack.svg"
    assert main(["diagram", "lab", "--out", str(out)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"piston: {out}: could not write the picture: No such file or directory")
