"""What an OpenStack service is to this product, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from piston_iac.node_document import File
from piston_iac.site.schema import Site

SERVICE_PROJECT = "service"
DOMAIN = "Default"


@dataclass(frozen=True)
class ApiService:
    """One service with an API.

    `type`: in the catalogue. `port`, `path`: of its API, behind the virtual address. `health`: a path that
    answers 200 or 300 without a login when the service works. `user`: of the system, who runs it and reads
    its files; the database, the account in Keystone and its configuration's directory bear the service's
    name. `wsgi`: the program that uWSGI loads. `migrate`: the command that brings the database to this
    release's schema, run as `user`. `files`: its configuration on one node.
    """

    name: str
    type: str
    port: int
    path: str
    health: str
    user: str
    wsgi: str
    migrate: tuple[str, ...]
    files: Callable[[Site, str], tuple[File, ...]]
    has_account: bool = True
