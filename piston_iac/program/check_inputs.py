"""From a site to the inputs of the cloud's check of itself. Pure."""

from __future__ import annotations

import hashlib

from piston_iac.dynamic_providers.cloud_check import CloudCheckInputs
from piston_iac.plan.cloud.check import record
from piston_iac.plan.cloud.hosts import compute_hosts, control_hosts
from piston_iac.plan.documents import node_document
from piston_iac.program.control_inputs import addresses, administrator, way
from piston_iac.site.schema import Site

_AGE_H = 30 * 24.0


def cloud_check(site: Site) -> CloudCheckInputs:
    """It depends on all that nodes are told, and on nothing that a node that dies changes."""
    hosts = compute_hosts(site)
    nodes = sorted({*hosts, *control_hosts(site)})
    documents = {node: node_document(site, node).digest() for node in nodes}
    whole = "".join(documents.values())
    others = [node for node in nodes if node not in control_hosts(site)]
    return CloudCheckInputs.model_validate(
        {
            **way(site, control_hosts(site)),
            **administrator(site),
            "max_age_h": _AGE_H,
            "others": addresses(site, others),
            "documents": documents,
            **record.wanted_fields(hashlib.sha256(whole.encode()).hexdigest(), hosts),
        }
    )
