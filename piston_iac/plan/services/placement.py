"""Placement: which resources are where, for the scheduler of compute."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.fragment import Fragment
from piston_iac.plan.services import control_service
from piston_iac.site.schema import ServiceName, Site

_USER = "placement"
_CONF = "/etc/placement/placement.conf"


def fragment(site: Site, node: str) -> Fragment:
    """Placement of one node."""
    return control_service.fragment(site, node, SERVICE)


def _files(site: Site, _node: str) -> tuple[File, ...]:
    sections: dict[str, dict[str, object]] = {
        "DEFAULT": settings.logs(site, ServiceName.PLACEMENT),
        "api": {"auth_strategy": "keystone"},
        "oslo_policy": dict(settings.POLICY),
        "placement_database": settings.database(site, "placement"),
        **{name: dict(options) for name, options in settings.tokens(site, "placement").items()},
    }
    restart = (layout.wsgi_unit(SERVICE.name),)
    conf = File(_CONF, settings.ini(sections), mode="0600", restart=restart, secret=True, owner=_USER)
    return (conf, settings.policy("placement", _USER))


SERVICE = ApiService(
    name="placement",
    type="placement",
    port=8778,
    health="/",
    asked_every_s=1,
    user=_USER,
    files=_files,
    wsgi=Wsgi("/usr/bin/placement-api"),
    databases=("placement",),
    schema=(("placement-manage", "db", "sync"),),
)
