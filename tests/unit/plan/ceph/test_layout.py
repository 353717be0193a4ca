"""Who hosts what: three mons or five, spread over failure domains, and unmoved by growth."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac import ceph_layout
from piston_iac.plan.ceph import layout
from piston_iac.plan.ceph.caps import CINDER, CINDER_BACKUP, DATABASES, EVACUATOR, GLANCE, NOVA, RGW
from piston_iac.plan.ceph.wanted import keys, wanted_cluster, wanted_pool
from piston_iac.plan.cloud.hosts import control_hosts
from piston_iac.plan.documents import node_document
from piston_iac.site.load import load_file
from piston_iac.site.schema import Ceph, DeviceClass, Pool, PoolName, Pools, Site

LAB = load_file(Path(__file__).parents[4] / "stacks" / "Pulumi.lab.yaml")


def site(*domains: str, mons: int | None = None) -> Site:
    """The lab's site with as many nodes as domains; node number i is in domains[i - 1]."""
    pattern = LAB.nodes["n1"]
    nodes = {
        f"n{i}": pattern.model_copy(
            update={
                "number": i,
                "failure_domain": domain,
                "disks": pattern.disks.model_copy(update={"osd": (f"n{i}-osd",)}),
            }
        )
        for i, domain in enumerate(domains, 1)
    }
    return LAB.model_copy(update={"nodes": nodes, "ceph": Ceph(mons=mons)})


@pytest.mark.parametrize(
    ("domains", "mons", "hosts"),
    [
        ("aaaaa", None, ("n1", "n2", "n3")),
        ("aabbcc", None, ("n1", "n3", "n5")),
        ("aaabb", None, ("n1", "n2", "n4")),
        ("abcdeab", None, ("n1", "n2", "n3", "n4", "n5")),
        ("abcdef", 3, ("n1", "n2", "n3")),
        ("aaaaaa", 5, ("n1", "n2", "n3", "n4", "n5")),
    ],
)
def test_mons_are_spread_over_failure_domains_first(
    domains: str, mons: int | None, hosts: tuple[str, ...]
) -> None:
    assert layout.mon_hosts(site(*domains, mons=mons)) == hosts
    assert layout.mgr_hosts(site(*domains, mons=mons)) == hosts[-2:]


def test_a_node_more_in_a_known_failure_domain_moves_nothing() -> None:
    before, after = site(*"aabbc"), site(*"aabbca")
    assert layout.mon_hosts(before) == layout.mon_hosts(after)
    for node in before.nodes:
        assert node_document(before, node) == node_document(after, node)


@pytest.mark.parametrize(
    ("domains", "over", "location"),
    [("aabb", "host", "root=default host=n2"), ("abc", "rack", "root=default rack=b host=n2")],
)
def test_copies_spread_over_racks_from_three_on(domains: str, over: str, location: str) -> None:
    assert layout.spread_over(site(*domains)) == over
    assert layout.crush_location(site(*domains), "n2") == location
    assert wanted_pool(site(*domains), PoolName.VMS).rule == f"piston-{over}"


def test_a_pool_may_be_kept_on_one_class_of_disks() -> None:
    fast = Ceph(pools=Pools(vms=Pool(device_class=DeviceClass.SSD, quota_gib=5)))
    pool = wanted_pool(LAB.model_copy(update={"ceph": fast}), PoolName.VMS)
    assert (pool.rule, pool.device_class, pool.quota_bytes) == ("piston-host-ssd", "ssd", 5 * 2**30)


def test_a_node_holds_the_keys_of_its_roles_and_no_other() -> None:
    secret = keys(LAB)
    for node in LAB.nodes:
        text = node_document(LAB, node).to_json()
        held = {name for name, key in secret.items() if key in text}
        own = {ceph_layout.osd_key_name(serial) for serial in LAB.nodes[node].disks.osd}
        mgr = {f"mgr.{node}"} if node in layout.mgr_hosts(LAB) else set()
        # Volumes and root disks are opened by the machines, on every node.
        services = {CINDER, NOVA}
        if node in control_hosts(LAB):
            services |= {GLANCE, DATABASES, CINDER_BACKUP, EVACUATOR, RGW}
        assert held == own | mgr | services
        mon = next((it for it in node_document(LAB, node).files if it.path == ceph_layout.MON_KEYRING), None)
        assert (mon is not None) == (node in layout.mon_hosts(LAB))


def test_no_document_makes_a_cluster() -> None:
    for node in LAB.nodes:
        document = node_document(LAB, node)
        assert not any(unit.startswith(("ceph-", "piston-osd")) for unit in document.units)
        assert all(service.path or service.disk for service in document.services)
        assert all("bootstrap" not in word for service in document.services for word in service.recover)


def test_the_cluster_id_follows_from_the_seed() -> None:
    assert wanted_cluster(LAB).fsid == wanted_cluster(LAB).fsid
    assert wanted_cluster(LAB).fsid != wanted_cluster(LAB.model_copy(update={"name": "other"})).fsid
