"""From the mons' answers to `plan.ceph.seen`: the one place that knows their JSON. Pure.

Source: Ceph 18.2, `--format json` of each command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piston_iac.plan.ceph.seen import UNCOUNTED, Capacity, Cluster, Entity, Health, Osd, Pool, Rule

Json = Any
LOOK = (
    "quorum_status",
    "mgr dump",
    "osd dump",
    "osd tree",
    "osd metadata",
    "osd crush rule dump",
    "config dump",
    "auth ls",
    "health",
    "status",
    "df",
)
"""The commands of one look. `parse` takes their answers under these names, and `BORN`'s."""
BORN = "config-key get"


def parse(answers: Mapping[str, Json]) -> Cluster:
    """Read one look.

    Args:
        answers: the answer to each command of `LOOK`.
    Raises:
        ValueError: an answer has not the shape of this version.
    """
    try:
        quorum, osd_dump = answers["quorum_status"], answers["osd dump"]
        tree = answers["osd tree"]
        rules = {int(it["rule_id"]): _rule(it) for it in answers["osd crush rule dump"]}
        status = answers["status"]
        objects = {str(it["name"]): int(it["stats"]["objects"]) for it in answers["df"]["pools"]}
        return Cluster(
            fsid=str(quorum["monmap"]["fsid"]),
            born=str(answers[BORN] or ""),
            mons={str(mon["name"]): _address(mon) for mon in quorum["monmap"]["mons"]},
            quorum=tuple(quorum["quorum_names"]),
            mgrs=_mgrs(answers["mgr dump"]),
            osds=_osds(osd_dump, tree, answers["osd metadata"]),
            flags=tuple(sorted(osd_dump["flags_set"])),
            pools={str(it["pool_name"]): _pool(it, rules, objects) for it in osd_dump["pools"]},
            rules={rule.name: rule for rule in rules.values()},
            options={
                f"{_section(it)}/{it['name']}": str(it["value"])
                for it in answers["config dump"]
                # What mgr modules keep for themselves is no setting of the cluster.
                if not str(it["name"]).startswith("mgr/")
            },
            auth={
                str(it["entity"]): Entity(str(it["key"]), dict(it["caps"]))
                for it in answers["auth ls"]["auth_dump"]
            },
            health=_health(answers["health"]),
            capacity=_capacity(answers["df"]["stats"]),
            pgs={it["state_name"]: int(it["count"]) for it in status["pgmap"].get("pgs_by_state", [])},
            empty_hosts=tuple(
                str(it["name"]) for it in tree["nodes"] if it["type"] == "host" and not it.get("children")
            ),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"the mons' answer does not fit this version: {error!r}") from error


def _address(mon: Json) -> str:
    vectors = mon["public_addrs"]["addrvec"]
    return str(vectors[0]["addr"]).rpartition(":")[0]


def _mgrs(dump: Json) -> tuple[str, ...]:
    active = (str(dump["active_name"]),) if dump["available"] else ()
    return (*active, *(str(it["name"]) for it in dump["standbys"]))


def _osds(dump: Json, tree: Json, metadata: Json) -> dict[int, Osd]:
    disks = {int(it["id"]): it for it in metadata}
    hosts = {
        int(child): str(it["name"])
        for it in tree["nodes"]
        if it["type"] == "host"
        for child in it["children"]
    }
    classes = {int(it["id"]): str(it.get("device_class", "")) for it in tree["nodes"] if it["type"] == "osd"}
    found = {}
    for it in dump["osds"]:
        number = int(it["osd"])
        found[number] = Osd(
            number=number,
            uuid=str(it["uuid"]),
            up=bool(it["up"]),
            is_in=bool(it["in"]),
            fresh="new" in it["state"],
            destroyed="destroyed" in it["state"],
            host=hosts.get(number, ""),
            device_class=classes.get(number, ""),
            disk_class=str(disks.get(number, {}).get("default_device_class", "")),
            size_bytes=int(disks.get(number, {}).get("bluestore_bdev_size", 0)),
        )
    return found


def _pool(it: Json, rules: Mapping[int, Rule], objects: Mapping[str, int]) -> Pool:
    rule = rules.get(int(it["crush_rule"]))
    return Pool(
        name=str(it["pool_name"]),
        size=int(it["size"]),
        min_size=int(it["min_size"]),
        # What it is on its way to; the mgr gets there in small steps.
        pg_num=int(it["pg_num_target"]),
        rule=rule.name if rule else "",
        applications=tuple(sorted(it["application_metadata"])),
        quota_bytes=int(it["quota_max_bytes"]),
        autoscale=it["pg_autoscale_mode"] != "off",
        # One that was made a moment ago is not in that list yet: until it is, nobody calls it empty.
        objects=objects.get(str(it["pool_name"]), UNCOUNTED),
    )


def _rule(it: Json) -> Rule:
    """A plain rule is: take the root, choose one leaf in each of so many, emit."""
    steps = it["steps"]
    plain = [step["op"] for step in steps] in (
        ["take", "chooseleaf_firstn", "emit"],
        ["take", "choose_firstn", "emit"],
    )
    if not plain:
        return Rule(str(it["rule_name"]), "", "", plain=False)
    root, _, device_class = str(steps[0]["item_name"]).partition("~")
    return Rule(str(it["rule_name"]), str(steps[1]["type"]), device_class, plain=root == "default")


def _section(option: Json) -> str:
    mask = f"/{option['mask']}" if option.get("mask") else ""
    return f"{option['section']}{mask}"


def _health(it: Json) -> Health:
    checks = {name: str(check["summary"]["message"]) for name, check in sorted(it["checks"].items())}
    return Health(str(it["status"]), checks)


def _capacity(stats: Json) -> Capacity:
    return Capacity(int(stats["total_bytes"]), int(stats["total_used_raw_bytes"]))
