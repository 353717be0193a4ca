"""The balancer: one virtual address for all APIs, kept by keepalived, answered by haproxy with TLS.

Every control host's haproxy also ends TLS for the services on its own node, which listen on its loopback:
so nothing that carries a password crosses the network in clear.
"""

from __future__ import annotations

from collections.abc import Iterator

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud.api_service import ApiService
from piston_iac.plan.cloud.hosts import control_hosts, members, virtual_address
from piston_iac.plan.fragment import Fragment
from piston_iac.plan.services.catalogue import api_services
from piston_iac.site.schema import NetworkName, Site
from piston_iac.trust import service_authority
from piston_iac.trust.authority import Identity
from piston_iac.trust.service_authority import Kind

_ROUTER_ID = 51
_BEST_PRIORITY = 150


def fragment(site: Site, node: str) -> Fragment:
    """Certificates, both daemons, and the caches behind the services."""
    hosts = control_hosts(site)
    if not hosts:
        return Fragment((), ())
    authority = File(layout.WEB_CA, service_authority.authority(site.seed, site.name, Kind.WEB))
    if node not in hosts:
        return Fragment((authority,), ())
    own, served = members(site)[node], identity(site, node)
    pem = served.certificate_pem + served.key_pem.get_secret_value()
    haproxy, keepalived = (layout.HAPROXY_UNIT,), (layout.KEEPALIVED_UNIT,)
    memcached = f"-m 64\n-p {layout.MEMCACHED_PORT}\n-u memcache\n-l {own}\n"
    return Fragment(
        files=(
            File(layout.WEB_CA, authority.content, restart=haproxy),
            File(layout.WEB_IDENTITY, pem, mode="0600", restart=haproxy, secret=True),
            File("/etc/haproxy/haproxy.cfg", haproxy_conf(site, node), restart=haproxy),
            File("/etc/keepalived/keepalived.conf", keepalived_conf(site, node), restart=keepalived),
            File("/etc/memcached.conf", memcached, restart=(layout.MEMCACHED_UNIT,)),
        ),
        units=(layout.MEMCACHED_UNIT, layout.HAPROXY_UNIT, layout.KEEPALIVED_UNIT),
        reloadable=haproxy,
    )


def identity(site: Site, node: str) -> Identity:
    """What the balancer of one control host proves itself with, at its own address and at the virtual one."""
    addresses = (str(virtual_address(site)), members(site)[node])
    return service_authority.identity(site.seed, site.name, Kind.WEB, node, addresses)


def haproxy_conf(site: Site, node: str) -> str:
    """haproxy.cfg of one control host."""
    return "\n".join(
        (
            _HEAD,
            _database(site),
            _working(site, node),
            *(part for it in api_services(site) for part in _service(site, node, it)),
        )
    )


_HEAD = f"""global
  maxconn 4000
  nbthread 1
  log stdout format raw local0 notice
  stats socket {layout.HAPROXY_SOCKET} mode 600 level admin expose-fd listeners
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-server-options ssl-min-ver TLSv1.2

defaults
  mode http
  log global
  option dontlognull
  timeout connect 2s
  timeout client 300s
  timeout server 300s
  timeout check 3s
  retries 3
  option redispatch 1
  default-server inter 1s fastinter 500ms fall 2 rise 2
"""


def _database(site: Site) -> str:
    """Statements go to one member: the first that works."""
    address = virtual_address(site)
    lines = [
        "listen database",
        f"  bind {address}:{layout.DATABASE_PORT} transparent",
        "  mode tcp",
        "  option tcpka",
        "  option httpchk GET /",
        "  timeout client 1h",
        "  timeout server 1h",
    ]
    for number, (node, own) in enumerate(members(site).items()):
        spare = " backup" if number else ""
        lines.append(
            f"  server {node} {own}:{layout.DATABASE_PORT} check port {layout.GALERA_CHECK_PORT}"
            f" on-marked-down shutdown-sessions{spare}"
        )
    return "\n".join(lines) + "\n"


def _working(site: Site, node: str) -> str:
    """Each balancer asks the services of its own node alone, and tells the others. When each asked those of
    all nodes, over TLS, that was a quarter of the packets of an idle control host.
    """
    lines = ["frontend working", f"  bind {members(site)[node]}:{layout.WORKING_PORT}"]
    lines += [
        f"  http-request return status 200 if {{ path /{it.name} }} {{ nbsrv({it.name}-here) gt 0 }}"
        for it in api_services(site)
    ]
    return "\n".join([*lines, "  http-request return status 503"]) + "\n"


def _service(site: Site, node: str, service: ApiService) -> Iterator[str]:
    address, own = virtual_address(site), members(site)[node]
    certificate = f"ssl crt {layout.WEB_IDENTITY}"
    lines = [
        f"listen {service.name}",
        f"  bind {address}:{service.port} transparent {certificate}",
        "  balance leastconn",
        # A host's own balancer answers 503 while its service restarts: the request reached nobody, so another
        # host may have it.
        "  retry-on conn-failure 503",
        f"  option httpchk GET /{service.name}",
        "  http-request set-header X-Forwarded-Proto https",
    ]
    check = f"check inter {service.asked_every_s}s"
    asked = f"ssl verify required ca-file {layout.WEB_CA} {check} port {layout.WORKING_PORT}"
    lines += [f"  server {name} {at}:{service.port} {asked}" for name, at in members(site).items()]
    yield "\n".join(lines) + "\n"
    here = [
        f"listen {service.name}-here",
        f"  bind {own}:{service.port} {certificate}",
        f"  option httpchk GET {service.health}",
        "  http-check expect rstatus (200|300)",
        # Its unit holds it out while it stops, so that what is under way can end.
        f"  server here {service.loopback} {check}",
    ]
    yield "\n".join(here) + "\n"


def keepalived_conf(site: Site, node: str) -> str:
    """keepalived.conf of one control host. One that is well and connected holds the address, and keeps it."""
    own = members(site)[node]
    priority = _BEST_PRIORITY - control_hosts(site).index(node)
    interface = NetworkName.SERVICE.value
    others = [address for name, address in members(site).items() if name != node]
    gateway = site.networks.service.gateway
    peers = "\n".join(f"    {address}" for address in others)
    near = " ".join([*([str(gateway)] if gateway else []), *others])
    return f"""global_defs {{
  router_id {node}
  script_user root
  enable_script_security
}}

vrrp_script balancer {{
  script "/usr/lib/piston/balancer-runs"
  interval 1
  fall 2
  rise 2
}}

vrrp_script connected {{
  script "/usr/lib/piston/is-connected {near}"
  interval 1
  timeout 4
  fall 2
  rise 2
}}

vrrp_instance apis {{
  state BACKUP
  nopreempt
  interface {interface}
  virtual_router_id {_ROUTER_ID}
  priority {priority}
  advert_int 1
  unicast_src_ip {own}
  unicast_peer {{
{peers}
  }}
  virtual_ipaddress {{
    {virtual_address(site)}/32 dev {interface}
  }}
  track_script {{
    balancer
    connected
  }}
}}
"""
