"""Who owns which fact of which device, and which inputs are read back: the table that docs/observed.md shows.

Tests hold it against the code: every input of every resource stands here once, what is called seen is seen,
and no two resources own one fact.
"""

from __future__ import annotations

from typing import Any

from piston_iac.dynamic_providers.ownership.cloud import (
    CLOUD_CHECK,
    CLOUD_DEFAULTS,
    CONTROL_PLANE,
    OPENSTACK_SERVICE,
    OVN_CENTRAL,
    PRECONDITIONS,
)
from piston_iac.dynamic_providers.ownership.cluster import BARE_METAL_NODE, CEPH_CLUSTER, CEPH_POOL
from piston_iac.dynamic_providers.ownership.rack import (
    BOOT_IMAGE,
    BOOT_NODE,
    IPMI_CREDENTIAL,
    SWITCH_PORT,
    SWITCH_ROUTE,
    SWITCH_VLAN,
)
from piston_iac.dynamic_providers.ownership.terms import Ownership

OWNERS: tuple[Ownership[Any], ...] = (
    SWITCH_VLAN,
    SWITCH_PORT,
    SWITCH_ROUTE,
    IPMI_CREDENTIAL,
    BOOT_NODE,
    BOOT_IMAGE,
    PRECONDITIONS,
    BARE_METAL_NODE,
    CEPH_CLUSTER,
    CEPH_POOL,
    CONTROL_PLANE,
    OVN_CENTRAL,
    OPENSTACK_SERVICE,
    CLOUD_DEFAULTS,
    CLOUD_CHECK,
)
"""In the order in which a rack is made."""

__all__ = ["OWNERS"]
