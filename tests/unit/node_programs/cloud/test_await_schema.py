"""A service waits for its own database, and for no other."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.plan.documents import node_document
from piston_iac.plan.services.catalogue import api_services
from piston_iac.site.load import load_file

SITE = load_file(Path(__file__).parents[4] / "stacks" / "Pulumi.example.yaml")
FILES = {it.path: it.content for it in node_document(SITE, "n1").files}


@pytest.mark.parametrize("service", api_services(SITE), ids=lambda it: it.name)
def test_where_a_service_finds_its_database_is_known(service: object) -> None:
    name, databases = service.name, service.databases  # type: ignore[attr-defined]
    if not databases and name != "nova-metadata":
        assert not layout.database_conf(name) or layout.database_conf(name) not in FILES
        return
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(FILES[layout.database_conf(name)])
    for section, database in layout.database_sections(name).items():
        assert f"/{database}?charset" in parser.get(section, "connection")
