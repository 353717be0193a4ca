"""Pools: wanted and seen fields, and the commands that make a pool or bring it to what is wanted. Pure."""

from __future__ import annotations

from typing import Any

from piston_iac.plan.ceph.actions import Command
from piston_iac.plan.ceph.seen import Cluster, Pool
from piston_iac.plan.ceph.wanted import WantedPool

Fields = dict[str, Any]
_ANY = "any"


def wanted_fields(wanted: WantedPool) -> Fields:
    """The fields of a pool that is as wanted."""
    return {
        "exists": True,
        "size": wanted.size,
        "minSize": wanted.min_size,
        "pgNum": wanted.pg_num,
        "autoscale": False,
        "quotaBytes": wanted.quota_bytes,
        "applications": [wanted.application],
        "rule": {
            "name": wanted.rule,
            "spreadOver": wanted.spread_over,
            "deviceClass": wanted.device_class or _ANY,
        },
    }


def seen_fields(wanted: WantedPool, cluster: Cluster) -> Fields:
    """The same fields as they are; of a pool that is not there only that."""
    pool = cluster.pools.get(wanted.name)
    if pool is None:
        return {"exists": False}
    return {
        "exists": True,
        "size": pool.size,
        "minSize": pool.min_size,
        "pgNum": pool.pg_num,
        "autoscale": pool.autoscale,
        "quotaBytes": pool.quota_bytes,
        "applications": list(pool.applications),
        "rule": _rule_fields(pool, cluster),
    }


def _rule_fields(pool: Pool, cluster: Cluster) -> Fields:
    rule = cluster.rules.get(pool.rule)
    if rule is None or not rule.plain:
        return {"name": pool.rule, "spreadOver": "in its own way", "deviceClass": "in its own way"}
    return {"name": rule.name, "spreadOver": rule.spread_over, "deviceClass": rule.device_class or _ANY}


def refusal(wanted: WantedPool, cluster: Cluster) -> str:
    """Why the pool cannot be made as wanted; empty when it can."""
    rule = cluster.rules.get(wanted.rule)
    if rule is not None and not _fits(wanted, cluster):
        return f"the CRUSH rule {wanted.rule} is there and says something else"
    classes = {osd.device_class for osd in cluster.osds.values()}
    if wanted.device_class and wanted.device_class not in classes:
        return (
            f"no OSD has device class {wanted.device_class}; there are {', '.join(sorted(classes)) or 'none'}"
        )
    return ""


def _fits(wanted: WantedPool, cluster: Cluster) -> bool:
    rule = cluster.rules[wanted.rule]
    return rule.plain and (rule.spread_over, rule.device_class) == (wanted.spread_over, wanted.device_class)


def commands(wanted: WantedPool, cluster: Cluster) -> tuple[Command, ...]:
    """What to send, in order; nothing when the pool is as wanted. Data moves, none is ever deleted."""
    needed: list[Command] = []
    if wanted.rule not in cluster.rules:
        rule: Command = {"prefix": "osd crush rule create-replicated", "name": wanted.rule, "root": "default"}
        rule["type"] = wanted.spread_over
        needed.append({**rule, "class": wanted.device_class} if wanted.device_class else rule)
    pool = cluster.pools.get(wanted.name)
    if pool is None:
        create: Command = {
            "prefix": "osd pool create",
            "pool": wanted.name,
            "pg_num": wanted.pg_num,
            "pgp_num": wanted.pg_num,
            "pool_type": "replicated",
            "rule": wanted.rule,
            "size": wanted.size,
            "autoscale_mode": "off",
        }
        return (*needed, create, *_settings(wanted, None))
    return (*needed, *_settings(wanted, pool))


def _settings(wanted: WantedPool, pool: Pool | None) -> list[Command]:
    """Settings that differ. `pool` None: a new one, whose min_size, quota and application are not set yet."""
    quota: Command = {"prefix": "osd pool set-quota", "pool": wanted.name, "field": "max_bytes"}
    quota["val"] = str(wanted.quota_bytes)
    differs = (pool.quota_bytes if pool else 0) != wanted.quota_bytes
    return [
        *(
            {"prefix": "osd pool set", "pool": wanted.name, "var": it, "val": v}
            for it, v in _values(wanted, pool)
        ),
        *([quota] if differs else []),
        *_applications(wanted, pool.applications if pool else ()),
    ]


def _values(wanted: WantedPool, pool: Pool | None) -> list[tuple[str, str]]:
    if pool is None:
        return [("size", str(wanted.size)), ("min_size", str(wanted.min_size))]
    pairs: list[tuple[str, object, object]] = [
        ("size", pool.size, wanted.size),
        ("min_size", pool.min_size, wanted.min_size),
        ("pg_autoscale_mode", "on" if pool.autoscale else "off", "off"),
        ("crush_rule", pool.rule, wanted.rule),
        ("pg_num", pool.pg_num, wanted.pg_num),
        ("pgp_num", pool.pg_num, wanted.pg_num),
    ]
    return [(name, str(value)) for name, seen, value in pairs if seen != value]


def _applications(wanted: WantedPool, seen: tuple[str, ...]) -> list[Command]:
    """One application a pool: the others are taken from it, which touches no data."""

    def change(verb: str, application: str) -> Command:
        command: Command = {"prefix": f"osd pool application {verb}", "pool": wanted.name}
        return {**command, "app": application, "yes_i_really_mean_it": True}

    missing = [] if wanted.application in seen else [change("enable", wanted.application)]
    return [*missing, *(change("disable", it) for it in seen if it != wanted.application)]
