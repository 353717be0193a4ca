"""A small rack of its own for the provider contract, its boot node started from a CloudKey."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from piston_iac.boot_node.cloudkey import write_settings
from piston_iac.lab.settings import Lab
from piston_iac.micro_os.release import release_dir
from tests.lab.providers.engine import CHECKOUT, Project
from tests.lab.providers.rack import SmallRack

PREFIX = "pistonpc"
MakeProject = Callable[..., Project]


@pytest.fixture(scope="session")
def engine() -> Path:
    """Directory of the Pulumi engine."""
    found = subprocess.run([CHECKOUT / "setup" / "engine.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def small_rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallRack]:
    """Powered off, in factory state."""
    rack = SmallRack(Lab(tmp_path_factory.mktemp("rack") / "lab", PREFIX))
    try:
        rack.bring_up()
        yield rack
    finally:
        rack.take_down()


@pytest.fixture(scope="session")
def make_project(
    small_rack: SmallRack, engine: Path, tmp_path_factory: pytest.TempPathFactory
) -> MakeProject:
    """Makes projects at the operator's place."""

    def make(*, own_host: bool) -> Project:
        directory = tmp_path_factory.mktemp("site") / "project"
        project = Project(directory, engine, small_rack.enter_operator(), own_host)
        project.prepare()
        return project

    return make


@pytest.fixture(scope="session")
def started_rack(
    small_rack: SmallRack, make_project: MakeProject, tmp_path_factory: pytest.TempPathFactory
) -> SmallRack:
    """The same rack with its boot node on; all else is as it came from the factory."""
    site = make_project(own_host=False).site()
    stick = tmp_path_factory.mktemp("stick")
    write_settings(stick, site, release_dir(site.release))
    small_rack.start_boot_node(stick)
    return small_rack
