"""What the programs of the cloud decide: which cells there are, and whether a zone is another one."""

from __future__ import annotations

import json

import pytest

from piston_iac.node_programs.cloud.database import parse
from piston_iac.node_programs.cloud.nova_cells import names
from piston_iac.node_programs.cloud.rgw import differs
from piston_iac.plan.services.rgw import zone

LISTED = """+-------+--------------------------------------+---------------+---------------------+----------+
|  Name |                 UUID                 | Transport URL | Database Connection | Disabled |
+-------+--------------------------------------+---------------+---------------------+----------+
| cell0 | 00000000-0000-0000-0000-000000000000 |     none:/    |     mysql://x/y     |  False   |
| cell1 | 6ef4e9a6-0d3f-4d3c-9a52-6c2b2d1b9a10 |  rabbit://z   |     mysql://x/z     |  False   |
+-------+--------------------------------------+---------------+---------------------+----------+
"""


def test_cells_are_known_by_name() -> None:
    assert names(LISTED) == {"cell0", "cell1"}
    assert names("") == frozenset()


def test_a_zone_is_the_same_whatever_the_store_adds() -> None:
    wanted = json.loads(zone())
    assert not differs(wanted, {**wanted, "id": "other", "tier_config": []})
    assert differs(wanted, {**wanted, "gc_pool": "default.rgw.log:gc"})
    assert differs(wanted, {})


def test_databases_have_names_and_the_first_one_names_their_user() -> None:
    assert parse({"names": ["nova", "nova_api"], "password": "x"}).names == ("nova", "nova_api")
    for bad in ([], ["a`b"], ["nova", ""]):
        with pytest.raises(ValueError, match="database"):
            parse({"names": bad, "password": "x"})
