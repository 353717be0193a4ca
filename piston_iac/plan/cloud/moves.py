"""May these members be replaced by those? Pure."""

from __future__ import annotations

from collections.abc import Collection


def too_many_leave(before: Collection[str], after: Collection[str]) -> str:
    """Why not, in words; empty when enough stay: newcomers are voted in by a majority of who is there."""
    leaving = [host for host in before if host not in after]
    staying = len(before) - len(leaving)
    if not before or staying > len(before) // 2:
        return ""
    return (
        f"{', '.join(leaving)} would leave at once: let a majority of {', '.join(before)} stay, in each run"
    )


def any_leaves(before: Collection[str], after: Collection[str]) -> str:
    """Why a host cannot leave the control plane, in words; empty when none does."""
    leaving = [host for host in before if host not in after]
    if not leaving:
        return ""
    stay = ", ".join(before)
    return (
        f"{', '.join(leaving)} would leave the control plane; that cannot be done yet: keep hosts: [{stay}]"
    )
