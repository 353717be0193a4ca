"""The tenants' program on the stand-in: from nothing to running servers, through drift, and back to nothing."""

from __future__ import annotations

from tests.contract.openstack_plugin.conftest import Tenants
from tests.contract.openstack_plugin.fake_cloud import FakeCloud


def test_a_tenant_from_nothing_and_back(tenants: Tenants, cloud: FakeCloud) -> None:
    preview = tenants.run("preview")
    assert preview.code == 0, preview.text
    up = tenants.run("up")
    print(up.text)
    assert up.code == 0, up.text
