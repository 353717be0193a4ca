"""Rules of the cluster storage: copies, mons, disks. Each returns its violations, `<cause>; <fix>`."""

from __future__ import annotations

from collections.abc import Sequence

from piston_iac.policies.values import PRODUCTION, Pool

_COPIES = 3
_MIN_COPIES = 2
_APART = ("host", "rack")
_FEWEST_MONS = 3
_FLASH = ("ssd", "nvme")


def three_copies(pool: Pool) -> list[str]:
    """Every object is there three times, on different hosts or in different racks."""
    found = []
    if pool.copies < _COPIES:
        found.append(
            f"pool {pool.name} keeps {pool.copies} copies, two may be lost at once; keep {_COPIES} (size)"
        )
    if pool.spread_over not in _APART:
        found.append(
            f"pool {pool.name} spreads its copies over {pool.spread_over}, so that one host may hold all; "
            "spread them over host or rack (CRUSH rule)"
        )
    return found


def two_copies_to_write(pool: Pool) -> list[str]:
    """No write counts as done while one copy alone has it, and the loss of one host stops no write."""
    if pool.min_copies < _MIN_COPIES:
        return [
            f"pool {pool.name} takes writes with {pool.min_copies} copy left, which one more fault loses; "
            f"set min_size to {_MIN_COPIES}"
        ]
    if pool.min_copies >= pool.copies:
        return [
            f"pool {pool.name} needs all its {pool.copies} copies to write: one lost host stops it; "
            f"set min_size to {_MIN_COPIES}"
        ]
    return []


def odd_mons(mons: Sequence[str]) -> list[str]:
    """An odd number of mons, three or more: an even one survives no more losses than one less.

    Args:
        mons: the nodes that run one.
    """
    if len(mons) >= _FEWEST_MONS and len(mons) % 2:
        return []
    return [
        f"{len(mons)} mons ({', '.join(mons) or 'none'}) are no odd number from {_FEWEST_MONS} on; "
        "leave `mons` out of `piston:ceph`, or write 3 or 5"
    ]


def flash_for_ceph(environment: str, pools: Sequence[Pool]) -> list[str]:
    """In production pools lie on SSDs: a VM waits for every write of three disks.

    Args:
        environment: `production` or `lab`.
        pools: all of them.
    """
    slow = sorted(f"{pool.name} ({pool.device_class})" for pool in pools if pool.device_class not in _FLASH)
    if environment != PRODUCTION or not slow:
        return []
    return [
        f"pools that may lie on hard disks: {', '.join(slow)}; "
        "write deviceClass: ssd or nvme under `piston:ceph.pools`"
    ]
