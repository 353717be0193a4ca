"""What a control host runs of one OpenStack service: its units, settings of uWSGI, and its migration."""

from __future__ import annotations

import shlex

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Program, Service
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.cloud.hosts import control_hosts
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_MIGRATE_S = 290.0
_MODULE = "piston_iac.node_programs.cloud.migrate"


def fragment(site: Site, node: str, service: ApiService) -> Fragment:
    """Configuration and units, where the control plane is: its database may be on another host."""
    if node not in control_hosts(site):
        return Fragment((), ())
    files = service.files(site, node)
    if service.wsgi:
        unit = layout.wsgi_unit(service.name)
        files = (File(layout.wsgi_ini(service.name), _ini(service, service.wsgi), restart=(unit,)), *files)
    health = f"http://{service.loopback}{service.health}"
    here = Service(service.name, service.units, path=layout.GALERA_READY, health=health)
    return Fragment(files=files, units=(), services=(here,), programs=_programs(site, service))


def _programs(site: Site, service: ApiService) -> tuple[Program, ...]:
    if not service.schema:
        return ()
    schema, fill = (map(shlex.join, it) for it in (service.schema, service.fill(site)))
    words = ("python3", "-m", _MODULE, service.name, service.user, *schema, layout.FILL, *fill)
    return (Program(layout.migrate_program(service.name), words, writes=True, limit_s=_MIGRATE_S),)


def _ini(service: ApiService, wsgi: Wsgi) -> str:
    """Only the node's own balancer reaches it. Its unit says how many processes there are."""
    options: list[tuple[str, object]] = [
        ("plugins", "python3"),
        ("http-socket", service.loopback),
        ("wsgi-file", wsgi.program),
        ("uid", service.user),
        ("gid", service.user),
        ("master", "true"),
        ("threads", wsgi.threads),
        # For the program that starts it.
        ("set-placeholder", f"for-two-processors={wsgi.processes}"),
        ("enable-threads", "true"),
        # Each process makes its own application, with connections and threads of its own.
        ("lazy-apps", "true"),
        *(("shared-import", module) for module in wsgi.shared),
        # In order: requests that are under way are answered first.
        ("hook-master-start", "unix_signal:15 gracefully_kill_them_all"),
        ("exit-on-reload", "true"),
        ("worker-reload-mercy", 15),
        ("buffer-size", 65535),
        ("listen", 100),
        ("thunder-lock", "true"),
        ("add-header", "Connection: close"),
        ("disable-logging", "true"),
        ("need-app", "true"),
        # Nova sends images in pieces of 1 MiB, from nodes that may have little time.
        ("chunked-input-limit", 16 * 1024**2),
        ("chunked-input-timeout", 60),
        # Neutron tells by it which of its processes belong together.
        ("start-time", "%t"),
        *(("static-map", f"{prefix}={directory}") for prefix, directory in wsgi.static),
    ]
    return "[uwsgi]\n" + "".join(f"{name} = {value}\n" for name, value in options)
