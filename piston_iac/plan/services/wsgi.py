"""A service behind uWSGI: its settings, and what its node runs."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Program, Service
from piston_iac.plan.cloud.api_service import ApiService
from piston_iac.plan.cloud.hosts import control_hosts
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_MIGRATE_S = 290.0


def fragment(site: Site, node: str, service: ApiService) -> Fragment:
    """Configuration and unit, where the control plane is: its database may be on another host."""
    if node not in control_hosts(site):
        return Fragment((), ())
    unit = layout.wsgi_unit(service.name)
    files = (File(layout.wsgi_ini(service.name), _ini(service), restart=(unit,)), *service.files(site, node))
    health = f"http://127.0.0.1:{service.port}{service.health}"
    here = Service(service.name, (unit,), path=layout.GALERA_READY, health=health)
    words = ("python3", "-m", "piston_iac.node_programs.cloud.migrate", service.user, *service.migrate)
    migrate = Program(layout.migrate_program(service.name), words, writes=True, limit_s=_MIGRATE_S)
    return Fragment(files=files, units=(), services=(here,), programs=(migrate,))


def _ini(service: ApiService) -> str:
    """Processes as they are needed, with a few threads each. Only the node's own balancer reaches them."""
    options = {
        "plugins": "python3",
        "http-socket": f"127.0.0.1:{service.port}",
        "wsgi-file": service.wsgi,
        "uid": service.user,
        "gid": service.user,
        "master": "true",
        # The unit says how many processes there may be: one for each processor. One of them waits for work.
        "cheaper": 1,
        "threads": 4,
        "enable-threads": "true",
        "lazy-apps": "true",
        # In order: requests that are under way are answered first.
        "hook-master-start": "unix_signal:15 gracefully_kill_them_all",
        "exit-on-reload": "true",
        "worker-reload-mercy": 15,
        "buffer-size": 65535,
        "listen": 100,
        "thunder-lock": "true",
        "add-header": "Connection: close",
        "disable-logging": "true",
        "need-app": "true",
    }
    return "[uwsgi]\n" + "".join(f"{name} = {value}\n" for name, value in options.items())
