"""Secrets of the whole cloud are where they are needed, and nowhere else."""

from __future__ import annotations

import pytest

from piston_iac.lab.settings import from_environment
from tests.lab import cloud_secrets
from tests.lab.cloud import Cloud
from tests.lab.secret_search import Search

pytestmark = pytest.mark.timeout(900)


def test_secrets_of_the_services(cloud: Cloud) -> None:
    wanted = cloud_secrets.credentials(cloud.site())
    search = Search(wanted)
    hits = cloud_secrets.in_nodes(search, from_environment())
    assert cloud_secrets.not_found(hits, wanted) == set()
    plan = cloud.rack.shell("pulumi preview --stack lab --non-interactive --diff")
    status = cloud.rack.shell("piston status lab --json")
    hits |= search.in_pieces({"plan": plan.text.encode(), "status": status.text.encode()})
    assert cloud_secrets.leaks(hits) == []
