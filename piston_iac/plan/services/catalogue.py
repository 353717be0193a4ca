"""Every OpenStack service of a site, in the order in which they are deployed."""

from __future__ import annotations

from piston_iac.plan.cloud.agents import AgentLook
from piston_iac.plan.cloud.api_service import ApiService
from piston_iac.plan.services import cinder, glance, horizon, keystone, neutron, nova, placement, rgw
from piston_iac.site.schema import Site

_CORE = (keystone.SERVICE, glance.SERVICE, placement.SERVICE)
_CLOUD = (
    neutron.SERVICE,
    nova.SERVICE,
    nova.METADATA,
    cinder.SERVICE,
    rgw.SERVICE,
    horizon.SERVICE,
)


def api_services(site: Site) -> tuple[ApiService, ...]:
    """Identity first: the others need its accounts. None without a control plane."""
    if site.control_plane is None:
        return ()
    return (*_CORE, *(_CLOUD if site.cloud else ()))


def with_schema() -> tuple[ApiService, ...]:
    """Those that have databases, whatever a site has of them."""
    return tuple(it for it in (*_CORE, *_CLOUD) if it.schema)


def agents_of(service: str) -> AgentLook | None:
    """How a service tells what it runs on nodes; None: it does not."""
    return next((it.agents for it in (*_CORE, *_CLOUD) if it.name == service), None)
