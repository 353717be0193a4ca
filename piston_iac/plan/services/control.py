"""What every control host knows of the control plane, and the programs that the operator has run there."""

from __future__ import annotations

import json

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Program
from piston_iac.plan.cloud.hosts import control_hosts, members, virtual_address
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_MODULE = "piston_iac.node_programs.cloud"
_LOOK_S, _CALL_S, _MAKE_S = 30.0, 90.0, 250.0


def fragment(site: Site, node: str) -> Fragment:
    """Members and address, as data for the programs."""
    if node not in control_hosts(site):
        return Fragment((), ())
    access = {
        "node": node,
        "own": members(site)[node],
        "members": members(site),
        "address": str(virtual_address(site)),
    }
    return Fragment(
        files=(File(layout.ACCESS, json.dumps(access, indent=1, sort_keys=True) + "\n"),),
        units=(),
        programs=(
            _program(layout.LOOK, "look", "all", writes=False, limit_s=_LOOK_S),
            _program(layout.BOOTSTRAP, "bootstrap", "first", writes=True, limit_s=_MAKE_S),
            _program(layout.REVIVE, "bootstrap", "revive", writes=True, limit_s=_MAKE_S),
            _program(layout.RELOAD_BALANCER, "balancer", "reload", writes=True),
            _program(layout.GROW_QUEUES, "rabbitmq", "grow", writes=True),
            _program(layout.DATABASE, "database", "make", writes=True),
            _program(layout.KEYSTONE_FIRST, "keystone_first", "make", writes=True),
            _program(layout.API_LOOK, "api_calls", "look", writes=False),
            _program(layout.API_CHANGE, "api_calls", "change", writes=True),
            *(_CHECKS if site.cloud else ()),
        ),
    )


def _program(name: str, module: str, verb: str, *, writes: bool, limit_s: float = _CALL_S) -> Program:
    return Program(name, ("python3", "-m", f"{_MODULE}.{module}", verb), writes, limit_s)


_CHECKS = (
    _program(layout.CHECK_PAGES, "check_pages", "ask", writes=False),
    # They make what they look for, and take it away again.
    _program(layout.CHECK_OBJECTS, "check_objects", "put", writes=True),
    _program(layout.CHECK_DASHBOARD, "check_dashboard", "login", writes=False),
)
