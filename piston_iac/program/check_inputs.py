"""From a site to the inputs of the cloud's check of itself. Pure."""

from __future__ import annotations

import hashlib

from piston_iac.dynamic_providers.cloud_check import CloudCheckInputs
from piston_iac.plan.cloud.check import record
from piston_iac.plan.cloud.hosts import compute_hosts, control_hosts
from piston_iac.plan.documents import node_document
from piston_iac.program.control_inputs import administrator, way
from piston_iac.site.schema import Site

_AGE_H = 30 * 24.0


def cloud_check(site: Site) -> CloudCheckInputs:
    """It depends on all that nodes are told, and on nothing that a node that dies changes."""
    hosts = compute_hosts(site)
    nodes = sorted({*hosts, *control_hosts(site)})
    whole = "".join(node_document(site, node).digest() for node in nodes)
    return CloudCheckInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            **administrator(site),
            "max_age_h": _AGE_H,
            **record.wanted_fields(hashlib.sha256(whole.encode()).hexdigest(), hosts),
        }
    )
