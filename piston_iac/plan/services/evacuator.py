"""Machines of a dead node start on others, where all their disks are in the cluster storage."""

from __future__ import annotations

import json

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.ceph.caps import EVACUATOR
from piston_iac.plan.cloud.hosts import control_hosts
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import nova
from piston_iac.site.schema import Site
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import service_password


def fragment(site: Site, node: str) -> Fragment:
    """On every control host; the one that has the virtual address acts."""
    if site.cloud is None or node not in control_hosts(site):
        return NOTHING
    settings = {
        "user": nova.USER,
        "password": service_password(site.seed, f"account/{nova.USER}").get_secret_value(),
        "cephKey": cephx_key(site.seed, EVACUATOR).get_secret_value(),
    }
    restart = (layout.EVACUATOR_UNIT,)
    text = json.dumps(settings, indent=1, sort_keys=True) + "\n"
    conf = File(layout.EVACUATOR_CONF, text, mode="0600", restart=restart, secret=True, owner=nova.USER)
    here = Service(layout.EVACUATOR, restart, path=layout.GALERA_READY)
    return Fragment(files=(conf,), units=(), services=(here,))
