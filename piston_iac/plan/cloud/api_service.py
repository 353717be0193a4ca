"""What an OpenStack service is to this product, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud.agents import AgentLook
from piston_iac.site.schema import Site

SERVICE_PROJECT = "service"
DOMAIN = "Default"

Command = tuple[str, ...]


@dataclass(frozen=True)
class Wsgi:
    """An API that uWSGI runs.

    `program`: what it loads. `threads`: of each process. `processes`: for each two processors of the
    node. `shared`: modules that are loaded once, before the processes part, in the program's order.
    `static`: directory by URL prefix, of files that it serves as they are.
    """

    program: str
    threads: int = 4
    processes: int = 1
    shared: tuple[str, ...] = ()
    static: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ApiService:
    """One service with an HTTP API, on every control host.

    `port`, `path`: of its API, behind the virtual address. `here`: the port on the node's loopback, where it
    is another one. `health`: a path that answers 200 or 300 without a
    login when the service works. `user`: of the system, who runs it and reads its files. `files`: its
    configuration on one node.
    `type`: in Keystone's catalogue, where it stands under the service's name; empty: it is not in it.
    `wsgi`: how its API runs; None: one of `daemons` is its API. `daemons`: units that run beside it.
    `databases`: the first one bears the name of the user that owns them all, and of the password's purpose.
    `asked_every_s`: how often each balancer asks each host whether it works; hosts that are away are noticed
    by those that are asked often, and by every request.
    `schema`: the commands that bring them to this release's schema, in order, run as `user`; each does no
    harm when it is repeated. What they make of empty databases is in the image (`micro_os.database`), so they
    name nothing of a site. `fill`: those that put in what the site's own services need, run after
    them. None holds a secret.
    `has_account`: it logs in at Keystone under its name.
    `agents`: how it tells what it runs on nodes; None: it does not.
    """

    name: str
    port: int
    health: str
    user: str
    files: Callable[[Site, str], tuple[File, ...]]
    type: str = ""
    path: str = ""
    wsgi: Wsgi | None = None
    daemons: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    schema: tuple[Command, ...] = ()
    fill: Callable[[Site], tuple[Command, ...]] = lambda _site: ()
    has_account: bool = True
    here: int = 0
    asked_every_s: int = 5
    agents: AgentLook | None = None

    @property
    def loopback(self) -> str:
        """Where it listens on its node, `address:port`."""
        return f"127.0.0.1:{self.here or self.port}"

    @property
    def units(self) -> tuple[str, ...]:
        """All units of a control host that are this service."""
        return (*((layout.wsgi_unit(self.name),) if self.wsgi else ()), *self.daemons)
