"""What the programs of the cloud decide: whether a zone is another one, and what a database's name is."""

from __future__ import annotations

import json

import pytest

from piston_iac.node_programs.cloud.database import parse
from piston_iac.node_programs.cloud.rgw import differs
from piston_iac.plan.services.rgw import zone


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
