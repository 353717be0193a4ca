"""Identity: Keystone. Its keys are the same on every control host, derived from the site's seed."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.fragment import Fragment
from piston_iac.plan.services import control_service
from piston_iac.site.schema import ServiceName, Site
from piston_iac.trust.derive import fernet_key

_USER = "keystone"
_CONF = "/etc/keystone/keystone.conf"
# File 0 is the next key, the one with the highest number signs (keystone: "fernet key rotation").
_GENERATIONS = (1, 2)


def fragment(site: Site, node: str) -> Fragment:
    """Keystone of one node."""
    return control_service.fragment(site, node, SERVICE)


def _files(site: Site, node: str) -> tuple[File, ...]:
    restart = (layout.wsgi_unit(SERVICE.name),)
    sections: dict[str, dict[str, object]] = {
        "DEFAULT": {**settings.logs(site, ServiceName.KEYSTONE), "default_publisher_id": f"identity.{node}"},
        "database": settings.database(site, "keystone"),
        "cache": settings.cache(site),
        "token": {"provider": "fernet"},
        "oslo_policy": dict(settings.POLICY),
        "oslo_middleware": {"enable_proxy_headers_parsing": "true"},
    }
    conf = File(_CONF, settings.ini(sections), mode="0600", restart=restart, secret=True, owner=_USER)
    return (
        conf,
        settings.policy("keystone", _USER),
        *_keys(site, "fernet-keys"),
        *_keys(site, "credential-keys"),
    )


def _keys(site: Site, directory: str) -> tuple[File, ...]:
    return tuple(
        File(
            f"/etc/keystone/{directory}/{number}",
            fernet_key(site.seed, f"keystone/{directory}", generation).get_secret_value(),
            mode="0600",
            secret=True,
            owner=_USER,
        )
        for number, generation in enumerate(reversed(_GENERATIONS))
    )


SERVICE = ApiService(
    name="keystone",
    type="identity",
    port=layout.KEYSTONE_PORT,
    path="/v3",
    health="/v3",
    asked_every_s=1,
    user=_USER,
    files=_files,
    wsgi=Wsgi("/usr/bin/keystone-wsgi-public"),
    databases=("keystone",),
    schema=(("keystone-manage", "db_sync"),),
    has_account=False,
)
