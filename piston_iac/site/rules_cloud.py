"""Has the cloud what it stands on? Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from piston_iac.site.faults import Problem
from piston_iac.site.schema import Cloud


def on_a_control_plane(cloud: Cloud, declared: Collection[str]) -> Iterator[Problem]:
    """Its services keep their data in the control plane's database, and are reached at its address."""
    if "controlPlane" not in declared:
        cause = "needs a control plane, and the site has none"
        yield Problem(("cloud",), cause, "add piston:controlPlane: {} or remove piston:cloud")


RULES: tuple[Callable[..., Iterable[Problem]], ...] = (on_a_control_plane,)
