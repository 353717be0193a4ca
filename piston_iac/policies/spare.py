"""The rule of spare room: when a node dies, can the others hold every object as often as before?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from piston_iac.policies.values import PRODUCTION, Storage

_GIB = 1024**3
# Ceph warns from here on (mon_osd_nearfull_ratio), and soon after stops to take writes.
_FULLEST = 0.85


def spare_capacity(environment: str, storage: Storage) -> list[str]:
    """In production the other nodes can hold all copies when one node dies.

    Disks have no sizes in a stack file: failure domains are counted. Once the cluster tells its capacity,
    the pools' quotas are compared with it, each OSD taken for as large as the others.

    Args:
        environment: `production` or `lab`.
        storage: the cluster storage.
    """
    if environment != PRODUCTION:
        return []
    found = _too_few_domains(storage)
    return found or _too_little_room(storage)


def _without(storage: Storage, node: str) -> Storage:
    return replace(storage, hosts=tuple(host for host in storage.hosts if host.name != node))


def _too_few_domains(storage: Storage) -> list[str]:
    found = []
    for spread_over in sorted({pool.spread_over for pool in storage.pools}):
        copies = max(pool.copies for pool in storage.pools if pool.spread_over == spread_over)
        for host in storage.hosts:
            left = _without(storage, host.name).weights(spread_over)
            if len(left) < copies:
                found.append(
                    f"without {host.name} {len(left)} {_plural(spread_over)} with OSDs are left, "
                    f"and {copies} copies need {copies}; {_more_domains(spread_over)}"
                )
                break
    return found


def _plural(spread_over: str) -> str:
    return "failure domains" if spread_over == "rack" else "nodes"


def _more_domains(spread_over: str) -> str:
    if spread_over == "rack":
        return "declare a second node in each failure domain, or a fourth failure domain"
    return "declare one more node with OSD disks"


def _too_little_room(storage: Storage) -> list[str]:
    osds = sum(host.osds for host in storage.hosts)
    quotas = [pool for pool in storage.pools if pool.quota_bytes]
    if not (storage.capacity_bytes and osds and quotas):
        return []
    per_osd = storage.capacity_bytes / osds
    promised = sum(pool.quota_bytes for pool in quotas)
    copies = max(pool.copies for pool in quotas)
    spread_over = quotas[0].spread_over
    rooms = {
        host.name: _FULLEST
        * per_osd
        * once_with_copies(_without(storage, host.name).weights(spread_over).values(), copies)
        for host in storage.hosts
    }
    worst = min(rooms, key=lambda name: rooms[name])
    if promised <= rooms[worst]:
        return []
    return [
        f"the quotas of the pools promise {promised / _GIB:.0f} GiB, and without {worst} there is room for "
        f"{rooms[worst] / _GIB:.0f} GiB in {copies} copies; lower `quotaGib`, or add OSD disks or nodes"
    ]


def once_with_copies(weights: Collection[int], copies: int) -> float:
    """How much fits, counted once, when each object has `copies` copies and no two in one place.

    The most D with sum(min(weight, D)) >= copies * D: a place holds at most one copy of everything. Exact
    for the best placement; CRUSH comes near it.

    Args:
        weights: room in each place, in any unit.
    Returns:
        In the same unit; 0 when there are fewer places than copies.
    """
    ordered = sorted(weights, reverse=True)
    if len(ordered) < copies:
        return 0.0
    # The largest places may be larger than anything that fits: they hold one copy of everything.
    return min(sum(ordered[full:]) / (copies - full) for full in range(copies))
