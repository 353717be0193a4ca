"""`piston cloud-config`: what it writes, for whom to read, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from piston_iac.cli import cloud_config
from piston_iac.cli import main as cli
from piston_iac.cli.cloud_config import write_cloud_config
from piston_iac.errors import SetupError
from tests.unit.status.rack import SECRETS, SITE


def test_clouds_yaml_is_its_owners_alone_and_names_the_authority_beside_it(tmp_path: Path) -> None:
    path = write_cloud_config(SITE, tmp_path / "new")
    assert path.stat().st_mode & 0o777 == 0o600
    cloud = yaml.safe_load(path.read_text())["clouds"]["lab"]
    assert cloud["auth"]["password"] == SECRETS["password"]
    assert Path(cloud["cacert"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert Path(cloud["cacert"]).parent == path.parent


def test_it_is_written_again_and_one_of_somebodys_own_is_left(tmp_path: Path) -> None:
    path = write_cloud_config(SITE, tmp_path)
    assert write_cloud_config(SITE, tmp_path) == path
    path.write_text("clouds: {other: {}}\n")
    with pytest.raises(SetupError, match="is not ours"):
        write_cloud_config(SITE, tmp_path)
    assert path.read_text() == "clouds: {other: {}}\n"


def test_a_site_without_a_control_plane_has_none(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no control plane"):
        write_cloud_config(SITE.model_copy(update={"control_plane": None}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_in_a_lab_it_lies_with_the_labs_things_and_nothing_secret_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud_config, "open_site", lambda _: SITE)
    monkeypatch.setenv("PISTON_LAB", "1")
    monkeypatch.setenv("PISTON_LAB_DIR", str(tmp_path))
    assert cli.main(["cloud-config", "lab"]) == 0
    said = capsys.readouterr().out
    assert said == f"OS_CLIENT_CONFIG_FILE={tmp_path}/clouds.yaml openstack --os-cloud lab server list\n"


def test_elsewhere_the_place_has_to_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PISTON_LAB", raising=False)
    assert cli.main(["cloud-config", "lab"]) == 2
    assert "--out" in capsys.readouterr().err
