"""What is in the cluster and was not made by us: pools, and users with keys. Pure.

A user is removed, as the plan says before: a key can be made again. A pool is removed only when nothing is
in it; with data in it, it stays until the operator decides. What `piston:ceph.kept` names is let be.
"""

from __future__ import annotations

from piston_iac.plan.ceph.actions import Change, Command, Fail, Step, Wait
from piston_iac.plan.ceph.caps import caps_text
from piston_iac.plan.ceph.seen import UNCOUNTED, Cluster
from piston_iac.plan.ceph.wanted import WantedCluster
from piston_iac.site.schema import PoolName

# Ceph makes these itself: the mgr its pool, each new cluster the keys that nobody gets.
_OWN_POOLS = frozenset({".mgr", *(name.value for name in PoolName)})
_OWN_USERS = ("client.admin", "client.bootstrap-", "mon.", "mgr.", "osd.")
_MAY_DELETE: Command = {"prefix": "config set", "who": "mon", "name": "mon_allow_pool_delete"}


def stranger_fields(wanted: WantedCluster, cluster: Cluster) -> dict[str, str]:
    """What was not made by us, by name, with what one wants to know of it: `pool scratch`: `empty`."""
    users = {name: caps_text(cluster.auth[name].caps) or "may do nothing" for name in _users(wanted, cluster)}
    return {f"pool {name}": _content(cluster, name) for name in _pools(wanted, cluster)} | {
        f"user {name}": caps for name, caps in users.items()
    }


def taking_strangers_out(wanted: WantedCluster, cluster: Cluster) -> Step | None:
    """The next step toward a cluster of ours alone; None when it is."""
    users = _users(wanted, cluster)
    if users:
        removals: tuple[Command, ...] = tuple({"prefix": "auth rm", "entity": name} for name in users)
        return Change(f"remove {', '.join(users)}", removals)
    pools = _pools(wanted, cluster)
    empty = [name for name in pools if cluster.pools[name].objects == 0]
    if empty:
        return Change(f"remove the empty pool {empty[0]}", _deletion(empty[0]))
    uncounted = [name for name in pools if cluster.pools[name].objects == UNCOUNTED]
    if uncounted:
        return Wait(f"the objects of pool {uncounted[0]} to be counted")
    if pools:
        held = ", ".join(f"{name} ({_content(cluster, name)})" for name in pools)
        return Fail(
            f"pools that the stack file does not know hold data: {held}",
            "To keep them, name them in `piston:ceph.kept`. If the data may go, empty them, "
            "then run `pulumi up` again.",
        )
    return None


def _pools(wanted: WantedCluster, cluster: Cluster) -> list[str]:
    return sorted(set(cluster.pools) - _OWN_POOLS - set(wanted.kept))


def _users(wanted: WantedCluster, cluster: Cluster) -> list[str]:
    return sorted(
        name
        for name in cluster.auth
        if not name.startswith(_OWN_USERS) and name not in wanted.clients() and name not in wanted.kept
    )


def _content(cluster: Cluster, pool: str) -> str:
    objects = cluster.pools[pool].objects
    if objects == UNCOUNTED:
        return "not counted yet"
    return f"{objects} objects" if objects else "empty"


def _deletion(pool: str) -> tuple[Command, ...]:
    """The mons refuse to delete a pool unless they are told just before that it may be."""
    return (
        {**_MAY_DELETE, "value": "true"},
        {"prefix": "osd pool delete", "pool": pool, "pool2": pool, "yes_i_really_really_mean_it": True},
        {"prefix": "config rm", "who": "mon", "name": "mon_allow_pool_delete"},
    )
