"""What may two sites not have in common? One machine belongs to one site. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from piston_iac.site.faults import Problem, Where, path_text
from piston_iac.site.schema import Site


def machines_of_one_site(sites: Mapping[str, Site]) -> Iterator[tuple[str, Problem]]:
    """A copied stack file would have two sites fight over the same machines.

    Args:
        sites: by name.
    Returns:
        The later site's name and the problem: its first card that another site has, once for both.
    """
    owners: dict[str, tuple[str, Where]] = {}
    for name, site in sites.items():
        told: set[str] = set()
        for path, mac in _cards(site):
            owner, there = owners.setdefault(mac, (name, path))
            if owner != name and owner not in told:
                told.add(owner)
                cause = f"is {mac}, which site {owner} has already ({path_text(there)})"
                yield name, Problem(path, cause, "leave each machine to one site")


def _cards(site: Site) -> Iterator[tuple[Where, str]]:
    yield ("bootNode", "mac"), site.boot_node.mac
    for name, node in site.nodes.items():
        for card, mac in (("bmc", node.bmc.mac), ("boot", node.boot.mac), ("data", node.data.mac)):
            yield ("nodes", name, card, "mac"), mac
