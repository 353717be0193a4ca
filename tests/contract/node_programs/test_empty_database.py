"""The database that the image brings along: a first member begins with it, and no service has to migrate."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.plan.services.catalogue import with_schema
from tests.contract.node_programs import databases as db
from tests.contract.node_programs.machines import ADDRESSES, Machines

NODE = "n1"
SERVICES = {it.name: it for it in with_schema()}
PASSWORD = "of-this-test"
IS_CURRENT = "from piston_iac.node_programs.cloud.service_database import has_schema; print(has_schema('{}'))"


@pytest.fixture(scope="module")
def member(rack: Machines) -> Iterator[Machines]:
    db.furnish(rack)
    db.first_member(rack, NODE)
    for name, service in SERVICES.items():
        wanted = {"names": list(service.databases), "password": PASSWORD}
        made = db.program(rack, NODE, "database", "make", given=wanted)
        assert made.status == 0, made.errors
        place = f"{service.databases[0]}:{PASSWORD}@{ADDRESSES[NODE]}:{layout.DATABASE_PORT}"
        text = "".join(
            f"[{section}]\nconnection = mysql+pymysql://{place}/{database}\n"
            for section, database in layout.database_sections(name).items()
        )
        rack.write(NODE, layout.database_conf(name), text)
    yield rack


def is_current(rack: Machines, service: str) -> str:
    done = rack.run(NODE, "python3", "-c", IS_CURRENT.format(service))
    assert done.status == 0, done.errors
    return done.output.strip()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_finds_its_schema(member: Machines, service: str) -> None:
    assert is_current(member, service) == "True"


def test_the_services_own_program_finds_nothing_to_do(member: Machines) -> None:
    tables = "SELECT table_name, create_time FROM information_schema.tables WHERE table_schema = 'keystone'"
    before = db.sql(member, NODE, tables)
    done = member.run(NODE, "keystone-manage", "db_sync", limit_s=120)
    assert done.status == 0, done.errors
    assert db.sql(member, NODE, tables) == before
    assert len(before) > 30


def test_it_brings_no_login_of_its_making(member: Machines) -> None:
    own = {service.databases[0] for service in SERVICES.values()}
    users = set(db.sql(member, NODE, "SELECT user FROM mysql.global_priv"))
    assert users - own == {"root", "mysql", "mariadb.sys"}


def test_another_version_is_to_be_migrated(member: Machines) -> None:
    versions = json.loads(member.run(NODE, "cat", layout.SCHEMAS).output)
    assert versions["placement"] != ["other"]
    db.sql(member, NODE, "UPDATE placement.alembic_version SET version_num = 'other'")
    assert is_current(member, "placement") == "False"
