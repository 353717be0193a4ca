"""What the control plane adds to node documents: where, with which secrets, and nothing twice."""

from __future__ import annotations

from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.plan.ceph.layout import mon_hosts
from piston_iac.plan.cloud.hosts import control_hosts, virtual_address
from piston_iac.plan.documents import node_document
from piston_iac.plan.services.balancer import haproxy_conf, keepalived_conf
from piston_iac.site.load import load_file
from piston_iac.site.schema import Cloud, ControlPlane, Site

STACKS = Path(__file__).parents[4] / "stacks"
SITE = load_file(STACKS / "Pulumi.example.yaml")


def with_control_plane(section: ControlPlane | None) -> Site:
    return SITE.model_copy(update={"control_plane": section, "cloud": None})


def test_three_hosts_over_failure_domains_by_number() -> None:
    assert control_hosts(SITE) == ("n1", "n2", "n3")
    assert len(control_hosts(with_control_plane(ControlPlane()))) == 3
    assert control_hosts(with_control_plane(None)) == ()


def test_the_address_is_below_the_first_node_when_it_is_left_out() -> None:
    assert str(virtual_address(with_control_plane(ControlPlane()))) == "10.64.20.10"


def test_only_control_hosts_run_it() -> None:
    site = with_control_plane(SITE.control_plane)
    host, other = node_document(site, "n1"), node_document(site, "n5")
    names = {it.name for it in host.services}
    assert {layout.GALERA, layout.RABBITMQ, layout.OVN, "keystone", "glance", "placement"} <= names
    assert not names & {it.name for it in other.services if not it.name.startswith("ceph-")}
    assert layout.LOOK not in {it.name for it in other.programs}


def test_infrastructure_hosts_hold_ovn_and_one_without_disks_holds_nothing_else() -> None:
    disks = SITE.nodes["n5"].disks.model_copy(update={"osd": ()})
    bare = SITE.nodes["n5"].model_copy(update={"disks": disks})
    section = ControlPlane(infrastructure_hosts=("n3", "n4", "n5"))
    site = with_control_plane(section).model_copy(
        update={"nodes": {**SITE.nodes, "n5": bare}, "cloud": Cloud()}
    )

    def services(node: str) -> set[str]:
        return {it.name for it in node_document(site, node).services}

    assert layout.OVN not in services("n1")
    assert layout.OVN in services("n3") & services("n4")
    assert services("n5") == {layout.OVN}
    assert layout.COMPUTE in services("n4")
    assert layout.CHASSIS_UNIT not in node_document(site, "n5").units
    assert control_hosts(site) == ("n1", "n2", "n3")
    assert "n5" not in mon_hosts(site)
    assert (
        "OWN=10.64.20.15\n"
        in {it.path: it.content for it in node_document(site, "n5").files}[layout.OVN_ENVIRONMENT]
    )


def test_a_site_without_it_has_nothing_of_it() -> None:
    document = node_document(with_control_plane(None), "n1")
    assert all(it.name.startswith("ceph-") for it in document.services)
    assert not [it.path for it in document.files if "piston/web" in it.path or "keystone" in it.path]


def test_whatever_holds_a_secret_is_for_its_reader_alone() -> None:
    words = ("password =", "PRIVATE KEY", "mysql", "pass =", "rabbit://", "key = ", "SECRET_KEY", "_secret =")
    for node in SITE.nodes:
        for file in node_document(SITE, node).files:
            if any(word in file.content for word in words):
                assert file.secret or file.path == layout.GALERA_CONF, file.path
                assert file.mode == "0600" or not file.secret, file.path


def test_the_virtual_address_may_come_and_go_on_control_hosts_alone() -> None:
    def virtual(node: str) -> set[str]:
        interfaces = node_document(SITE, node).networking.interfaces
        return {address for it in interfaces for address in it.virtual}

    assert virtual("n1") == {"10.64.20.10/32"}
    assert virtual("n5") == set()


def test_the_database_takes_less_memory_in_a_lab() -> None:
    def most(site: Site) -> str:
        (file,) = [it for it in node_document(site, "n1").files if it.path == layout.GALERA_ENVIRONMENT]
        assert file.restart == (layout.GALERA_UNIT,)
        return file.content

    assert most(SITE) == "BUFFER_POOL_MOST_MIB=16384\n"
    assert most(SITE.model_copy(update={"environment": "lab"})) == "BUFFER_POOL_MOST_MIB=128\n"


def test_one_database_takes_statements_and_the_others_stand_by() -> None:
    servers = [line for line in haproxy_conf(SITE, "n2").splitlines() if ":3306 check" in line]
    assert [line.endswith(" backup") for line in servers] == [False, True, True]


def test_the_balancer_of_each_host_takes_its_own_services_from_the_loopback() -> None:
    text = haproxy_conf(SITE, "n2")
    assert "bind 10.64.20.12:5000 ssl" in text
    assert "server here 127.0.0.1:5000" in text
    assert "bind 10.64.20.10:5000 transparent ssl" in text


def test_a_balancer_asks_its_own_services_and_the_other_balancers() -> None:
    text = haproxy_conf(SITE, "n2")
    own = text[text.index("listen keystone-here") :].split("\n\n")[0]
    assert "option httpchk GET /v3" in own
    assert own.rstrip().endswith("check inter 1s")
    assert "bind 10.64.20.12:9201\n" in text
    assert "return status 200 if { path /keystone } { nbsrv(keystone-here) gt 0 }" in text
    asked = [line for line in text.splitlines() if "server n3 10.64.20.13:5000" in line]
    # Without `check-ssl`, a check at another port is a plain one.
    assert [line.endswith("check inter 1s port 9201") for line in asked] == [True]


def test_the_first_host_is_the_first_to_hold_the_address() -> None:
    assert "priority 150" in keepalived_conf(SITE, "n1")
    assert "priority 148" in keepalived_conf(SITE, "n3")
    assert "unicast_src_ip 10.64.20.13" in keepalived_conf(SITE, "n3")
