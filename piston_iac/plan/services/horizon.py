"""The dashboard: Horizon. It keeps nothing but who is logged in, in the caches of the control hosts."""

from __future__ import annotations

from collections.abc import Mapping

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_service import DOMAIN, ApiService, Wsgi
from piston_iac.plan.cloud.hosts import members
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import control_service
from piston_iac.site.schema import Site
from piston_iac.trust.derive import service_password

_USER = "horizon"
_CONF = "/etc/openstack-dashboard/local_settings.py"
_STATIC = "/var/lib/openstack-dashboard/static"


def fragment(site: Site, node: str) -> Fragment:
    """Horizon of one control host."""
    return control_service.fragment(site, node, SERVICE) if site.cloud else NOTHING


def _files(site: Site, _node: str) -> tuple[File, ...]:
    text = "".join(f"{name} = {value!r}\n" for name, value in _options(site).items())
    return (File(_CONF, text, mode="0600", restart=SERVICE.units, secret=True, owner=_USER),)


def _options(site: Site) -> Mapping[str, object]:
    caches = [f"{address}:{layout.MEMCACHED_PORT}" for address in members(site).values()]
    return {
        "DEBUG": False,
        "WEBROOT": "/",
        "STATIC_ROOT": _STATIC,
        # The image holds its styles and scripts as they are served.
        "COMPRESS_OFFLINE": True,
        # The balancer ends TLS, and asks by address.
        "ALLOWED_HOSTS": ["*"],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_SECURE": True,
        "SECRET_KEY": service_password(site.seed, "horizon/sessions").get_secret_value(),
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "SESSION_CACHE_ALIAS": "sessions",
        "CACHES": {
            # Parts of pages, the same for everybody: each process has its own.
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
            "sessions": {
                "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
                "LOCATION": caches,
                # Who was logged in by a host that died logs in again; nobody waits for it.
                "OPTIONS": {"connect_timeout": 0.5, "timeout": 0.5, "ignore_exc": True},
            },
        },
        "OPENSTACK_KEYSTONE_URL": settings.url(site, layout.KEYSTONE_PORT, "/v3"),
        "OPENSTACK_KEYSTONE_DEFAULT_DOMAIN": DOMAIN,
        "OPENSTACK_KEYSTONE_DEFAULT_ROLE": "member",
        "OPENSTACK_SSL_CACERT": layout.WEB_CA,
        "OPENSTACK_CINDER_FEATURES": {"enable_backup": True},
        "TIME_ZONE": "UTC",
        # Else a failure is mailed to nobody, and told nowhere.
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
        },
    }


SERVICE = ApiService(
    name="horizon",
    port=443,
    # As its own user it may not listen at a low one.
    here=8443,
    health="/auth/login/",
    user=_USER,
    files=_files,
    wsgi=Wsgi("/usr/share/openstack-dashboard/wsgi.py", static=(("/static", _STATIC),)),
    has_account=False,
)
