"""Configuration files that OpenStack's services share in parts: the sections, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud.api_service import DOMAIN, SERVICE_PROJECT
from piston_iac.plan.cloud.hosts import declared, members, virtual_address
from piston_iac.site.schema import ServiceName, Site
from piston_iac.trust.derive import service_password

Sections = Mapping[str, Mapping[str, object]]


def ini(sections: Sections) -> str:
    """An INI file's text."""
    blocks = [
        f"[{name}]\n" + "".join(f"{option} = {value}\n" for option, value in options.items())
        for name, options in sections.items()
    ]
    return "\n".join(blocks)


def url(site: Site, port: int, path: str = "") -> str:
    """Where an API is, behind the virtual address."""
    return f"https://{virtual_address(site)}:{port}{path}"


def database(site: Site, name: str, user: str = "") -> dict[str, object]:
    """Options of a section that leads to a database. `user`: who owns it; the one of its name if empty."""
    return {
        "connection": f"mysql+pymysql://{database_login(site, user or name)}/{name}?charset=utf8",
        "max_pool_size": 2,
        "max_overflow": 20,
        "max_retries": -1,
        "retry_interval": 1,
        "connection_recycle_time": 600,
    }


def database_login(site: Site, user: str) -> str:
    """`user:password@host:port` of the database server. Secret."""
    password = service_password(site.seed, f"database/{user}").get_secret_value()
    return f"{user}:{password}@{virtual_address(site)}:{layout.DATABASE_PORT}"


def messages(site: Site, node: str) -> Sections:
    """The sections that lead to the message bus.

    Every queue has a copy on each member. A process has queues of fixed names, made of its node's name and
    its own, which its unit sets: with random ones each restart would leave queues behind.
    """
    password = service_password(site.seed, "rabbitmq/openstack").get_secret_value()
    places = ",".join(f"openstack:{password}@{at}:{layout.AMQP_PORT}" for at in members(site).values())
    return {
        "DEFAULT": {"transport_url": f"rabbit://{places}//", "rpc_response_timeout": 60},
        "oslo_messaging_rabbit": {
            "rabbit_quorum_queue": "true",
            "rabbit_transient_quorum_queue": "true",
            "rabbit_stream_fanout": "true",
            # Streams are refused without it.
            "rabbit_qos_prefetch_count": 10,
            "use_queue_manager": "true",
            "hostname": node,
            "heartbeat_in_pthread": "false",
            # A member that lost power says nothing.
            "heartbeat_timeout_threshold": 20,
            "rpc_conn_pool_size": 4,
        },
    }


def joined(*parts: Sections) -> Sections:
    """Sections of several parts as one; a later part's option wins."""
    whole: dict[str, dict[str, object]] = {}
    for part in parts:
        for name, options in part.items():
            whole.setdefault(name, {}).update(options)
    return whole


def cache(site: Site) -> dict[str, object]:
    """Options of a section that leads to the caches of all control hosts."""
    servers = ",".join(f"{address}:{layout.MEMCACHED_PORT}" for address in members(site).values())
    return {
        "enabled": "true",
        "backend": "oslo_cache.memcache_pool",
        "memcache_servers": servers,
        # A host that lost power answers nothing, and every thread finds that out for itself.
        "memcache_socket_timeout": 0.3,
        "memcache_dead_retry": 30,
    }


def logs(site: Site, service: ServiceName) -> dict[str, object]:
    """Options of the section DEFAULT: to the journal, and how much."""
    return {"use_stderr": "true", "debug": "true" if service in declared(site).debug else "false"}


def policy(service: str, user: str) -> File:
    """Who may do what at a service: nothing but its own rules. A rule that somebody adds is drift.

    Read again by the service when it changes.
    """
    return File(f"/etc/{service}/policy.yaml", "{}\n", mode="0640", owner=user)


POLICY: Mapping[str, object] = {"policy_file": "policy.yaml"}


def account(site: Site, service: str) -> dict[str, object]:
    """Options with which a service logs in at Keystone."""
    return {
        "auth_type": "password",
        "auth_url": url(site, layout.KEYSTONE_PORT, "/v3"),
        "project_domain_name": DOMAIN,
        "user_domain_name": DOMAIN,
        "project_name": SERVICE_PROJECT,
        "username": service,
        "password": service_password(site.seed, f"account/{service}").get_secret_value(),
        "region_name": declared(site).region,
        "cafile": layout.WEB_CA,
    }


def tokens(site: Site, service: str) -> Sections:
    """The sections with which a service checks its callers' tokens."""
    servers = cache(site)["memcache_servers"]
    return {
        "keystone_authtoken": {
            "www_authenticate_uri": url(site, layout.KEYSTONE_PORT, "/v3"),
            "memcached_servers": servers,
            "memcache_pool_socket_timeout": 1,
            "memcache_pool_dead_retry": 30,
            "service_token_roles_required": "true",
            "service_token_roles": "service",
            **account(site, service),
        },
        "service_user": {"send_service_user_token": "true", **account(site, service)},
    }
