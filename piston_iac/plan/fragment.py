"""What one service adds to a node document."""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.node_document import File, Program, Service


@dataclass(frozen=True)
class Fragment:
    """Files that the service owns, and units that are to be active because of it.

    `services` run where their data is; `programs` are for the operator's calls; `reloadable` units take a
    changed file up without a restart.
    """

    files: tuple[File, ...]
    units: tuple[str, ...]
    services: tuple[Service, ...] = ()
    programs: tuple[Program, ...] = ()
    reloadable: tuple[str, ...] = ()


def joined(*fragments: Fragment) -> Fragment:
    """Several fragments of one service as one."""
    return Fragment(
        files=tuple(file for it in fragments for file in it.files),
        units=tuple(unit for it in fragments for unit in it.units),
        services=tuple(service for it in fragments for service in it.services),
        programs=tuple(program for it in fragments for program in it.programs),
        reloadable=tuple(unit for it in fragments for unit in it.reloadable),
    )


NOTHING = Fragment((), ())
"""Of a service that is not on this node."""
