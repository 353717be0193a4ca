"""What the cloud adds to node documents: on which nodes, from which databases, and for whom to read."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.micro_os.recipe import load_recipe
from piston_iac.node_document import File, NodeDocument, from_json
from piston_iac.plan.ceph.caps import CINDER, CLOUD_CLIENTS, NOVA
from piston_iac.plan.ceph.wanted import keys
from piston_iac.plan.documents import DATA_BRIDGE, node_document
from piston_iac.plan.services import chassis, libvirt, rgw
from piston_iac.plan.services.catalogue import api_services
from piston_iac.site.load import load_file
from piston_iac.site.schema import Cloud, Hypervisor, RootDisks
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import service_password

STACKS = Path(__file__).parents[4] / "stacks"
SITE = load_file(STACKS / "Pulumi.example.yaml")
BARE = SITE.model_copy(update={"cloud": None})
HOST, OTHER = "n1", "n5"
ON_EVERY_NODE = {
    layout.CHASSIS_UNIT,
    layout.METADATA_UNIT,
    layout.LIBVIRT_UNIT,
    layout.VIRTLOG_UNIT,
    layout.COMPUTE_UNIT,
}


def units(document: NodeDocument) -> set[str]:
    return {*document.units, *(unit for it in document.services for unit in it.units)}


def file_of(node: str, path: str) -> File:
    return next(it for it in node_document(SITE, node).files if it.path == path)


def options(node: str, path: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.read_string(file_of(node, path).content)
    return parser


@pytest.mark.parametrize("node", SITE.nodes)
def test_every_node_runs_machines_and_networks(node: str) -> None:
    document = node_document(SITE, node)
    assert units(document) >= ON_EVERY_NODE
    assert from_json(document.to_json()) == document


def test_a_site_without_it_has_nothing_of_it() -> None:
    for node in BARE.nodes:
        document = node_document(BARE, node)
        assert not units(document) & ON_EVERY_NODE
        assert not [it.path for it in document.files if re.search("nova|neutron|cinder|libvirt|rgw", it.path)]
        assert (document.networking.integration, document.networking.external_ids) == ("", ())
    assert not set(CLOUD_CLIENTS) & keys(BARE).keys()
    assert [it.name for it in api_services(BARE)] == ["keystone", "glance", "placement"]


def test_only_control_hosts_have_the_apis_and_their_daemons() -> None:
    daemons = {unit for service in api_services(SITE) for unit in service.units}
    assert daemons <= units(node_document(SITE, HOST))
    assert not daemons & units(node_document(SITE, OTHER))


def test_every_unit_is_of_the_image() -> None:
    image = {Path(it.target).name for it in load_recipe().files}
    ours = {it for it in units(node_document(SITE, HOST)) if it.startswith("piston-")}
    assert {re.sub("@.*[.]", "@.", it) for it in ours} <= image


def test_no_two_services_listen_on_one_port() -> None:
    services = api_services(SITE)
    assert len({it.port for it in services}) == len({it.loopback for it in services}) == len(services)


def test_other_nodes_hold_no_way_into_a_database_and_no_account_but_novas() -> None:
    own = [it for it in node_document(SITE, OTHER).files if it.secret]
    for service in api_services(SITE):
        for kind in ("database", "account"):
            password = service_password(SITE.seed, f"{kind}/{service.name}").get_secret_value()
            holders = {it.path for it in own if password in it.content}
            assert holders == (
                {layout.COMPUTE_CONF} if (kind, service.name) == ("account", "nova") else set()
            )
    assert not [it.path for it in own if "mysql" in it.content]


def test_the_switch_is_told_who_it_is_and_where_ovn_is() -> None:
    networking = node_document(SITE, OTHER).networking
    told = dict(networking.external_ids)
    assert networking.integration == told["ovn-bridge"] == chassis.INTEGRATION_BRIDGE
    assert told["hostname"] == OTHER
    assert told["ovn-encap-ip"] == "10.64.40.15"
    assert told["ovn-bridge-mappings"] == f"public:{DATA_BRIDGE}"
    assert told["ovn-remote"].count("tcp:") == 3


def test_packets_of_tenants_fit_into_the_tunnels() -> None:
    neutron = options(HOST, "/etc/neutron/plugins/ml2/ml2_conf.ini")
    assert neutron["ml2"]["path_mtu"] == str(SITE.networks.cloud.mtu)
    assert neutron["ml2"]["physical_network_mtus"] == f"public:{SITE.networks.public.mtu}"


def test_what_a_new_project_may_have_of_networks_is_in_neutrons_configuration() -> None:
    assert SITE.cloud
    quotas = options(HOST, "/etc/neutron/neutron.conf")["quotas"]
    assert quotas["quota_floatingip"] == str(SITE.cloud.quota.floating_ips)


def test_an_image_is_known_by_the_digest_that_a_release_gives_it() -> None:
    assert options(HOST, "/etc/glance/glance-api.conf")["DEFAULT"]["hashing_algorithm"] == "sha256"
    bare = {it.path: it.content for it in node_document(BARE, HOST).files}
    assert "hashing_algorithm" not in bare["/etc/glance/glance-api.conf"]


def test_nova_keeps_no_password_in_its_database() -> None:
    (program,) = [it for it in node_document(SITE, HOST).programs if it.name == "service-migrate-nova"]
    words = " ".join(program.command)
    steps = ("api_db sync", "map_cell0", "nova-manage db sync", layout.FILL, "nova_cells cell1")
    assert sorted(steps, key=words.index) == list(steps)
    assert "{username3}:{password3}@{hostname3}:{port3}//" in words
    assert "{hostname}:{port}/nova_cell0?{query}" in words
    secrets = [
        service_password(SITE.seed, it).get_secret_value() for it in ("database/nova", "rabbitmq/openstack")
    ]
    assert not [it for it in secrets if it in words]


def test_nova_has_three_databases_of_one_user() -> None:
    nova = options(HOST, "/etc/nova/nova.conf")
    assert [re.split("[/?]", nova[it]["connection"])[3] for it in ("database", "api_database")] == [
        "nova",
        "nova_api",
    ]
    assert "//nova:" in nova["api_database"]["connection"]


def test_disks_of_machines_and_their_images_are_on_the_mirror() -> None:
    compute = options(OTHER, layout.COMPUTE_CONF)
    assert compute["DEFAULT"]["instances_path"].startswith("/persist/")
    assert compute["image_cache"]["subdirectory_name"] == "/persist/images"
    (service,) = [it for it in node_document(SITE, OTHER).services if it.name == layout.COMPUTE]
    assert service.path == compute["DEFAULT"]["instances_path"]


def test_an_emulator_is_only_used_where_it_is_asked_for() -> None:
    assert options(OTHER, layout.COMPUTE_CONF)["libvirt"]["virt_type"] == "kvm"
    emulated = SITE.model_copy(update={"cloud": Cloud(hypervisor=Hypervisor.QEMU)})
    files = {it.path: it.content for it in node_document(emulated, OTHER).files}
    assert "virt_type = qemu\ncpu_mode = custom" in files[layout.COMPUTE_CONF]


def test_no_two_nodes_are_one_to_nova_or_libvirt() -> None:
    for path in ("/etc/nova/compute_id", "/etc/libvirt/libvirtd.conf"):
        assert len({file_of(node, path).content for node in SITE.nodes}) == len(SITE.nodes)


def test_the_message_bus_is_reached_by_every_member_and_named_after_the_node() -> None:
    for path in ("/etc/nova/nova.conf", "/etc/neutron/neutron.conf", "/etc/cinder/cinder.conf"):
        parsed = options(HOST, path)
        assert parsed["DEFAULT"]["transport_url"].count(":5672") == 3
        bus = parsed["oslo_messaging_rabbit"]
        assert (bus["rabbit_quorum_queue"], bus["heartbeat_in_pthread"]) == ("true", "false")
        assert (bus["hostname"], bus["rabbit_qos_prefetch_count"]) == (HOST, "10")


def test_volumes_are_opened_with_the_key_that_libvirt_keeps() -> None:
    cinder, uuid = options(HOST, "/etc/cinder/cinder.conf"), libvirt.secret_uuid(SITE, CINDER)
    assert cinder["ceph"]["rbd_secret_uuid"] == uuid
    key = file_of(OTHER, f"/etc/libvirt/secrets/{uuid}.base64")
    assert (key.content, key.mode, key.secret) == (
        cephx_key(SITE.seed, "client.cinder").get_secret_value(),
        "0600",
        True,
    )
    assert uuid in file_of(OTHER, f"/etc/libvirt/secrets/{uuid}.xml").content


def test_all_volume_services_are_one_and_share_locks() -> None:
    both = [options(node, "/etc/cinder/cinder.conf") for node in ("n1", "n2")]
    assert len({it["DEFAULT"]["cluster"] for it in both}) == 1
    assert len({it["coordination"]["backend_url"] for it in both}) == 1
    assert {it["DEFAULT"]["host"] for it in both} == {"n1", "n2"}


def test_the_object_store_keeps_all_in_its_pool() -> None:
    zone = json.loads(rgw.zone())
    pools = [value for name, value in zone.items() if name.endswith(("_pool", "_root"))]
    stores = zone["placement_pools"][0]["val"]
    pools += [stores["index_pool"], stores["data_extra_pool"]]
    pools.append(stores["storage_classes"]["STANDARD"]["data_pool"])
    assert {it.partition(":")[0] for it in pools} == {"objects"}
    assert len(set(pools)) == len(pools)


def test_a_changed_secret_restarts_what_reads_it() -> None:
    document = node_document(SITE, HOST)
    known = units(document)
    for file in document.files:
        if re.match("/etc/(nova|neutron|cinder|libvirt|openstack-dashboard|ceph/rgw)", file.path):
            if file.secret:
                assert file.restart, file.path
            assert set(file.restart) <= known, file.path


def test_the_dashboards_settings_are_a_python_module() -> None:
    found: dict[str, object] = {}
    exec(file_of(HOST, "/etc/openstack-dashboard/local_settings.py").content, found)  # noqa: S102 - ours
    assert found["OPENSTACK_KEYSTONE_URL"] == "https://10.64.20.10:5000/v3"
    assert found["DEBUG"] is False


def test_nodes_give_each_other_machines_by_certificates_of_their_own_authority() -> None:
    compute = options(OTHER, layout.COMPUTE_CONF)["libvirt"]
    assert (compute["live_migration_scheme"], compute["live_migration_with_native_tls"]) == ("tls", "true")
    daemon = file_of(OTHER, "/etc/libvirt/libvirtd.conf").content
    assert f'listen_addr = "{compute["live_migration_inbound_addr"]}"' in daemon
    assert "listen_tcp = 0" in daemon
    assert file_of(OTHER, "/etc/pki/CA/cacert.pem").content != file_of(HOST, layout.WEB_CA).content
    keys_of = {node: file_of(node, "/etc/pki/qemu/server-key.pem") for node in (HOST, OTHER)}
    assert keys_of[HOST].content != keys_of[OTHER].content
    assert all(it.secret and it.mode == "0600" for it in keys_of.values())


@pytest.mark.parametrize(("where", "images", "user"), [("local", "qcow2", None), ("ceph", "rbd", "nova")])
def test_root_disks_are_where_the_site_says(where: str, images: str, user: str | None) -> None:
    site = SITE.model_copy(update={"cloud": Cloud(root_disks=RootDisks(where))})
    files = {it.path: it.content for it in node_document(site, OTHER).files}
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(files[layout.COMPUTE_CONF])
    options_ = parser["libvirt"]
    assert (options_["images_type"], options_.get("rbd_user")) == (images, user)
    if user:
        key = files[f"/etc/libvirt/secrets/{options_['rbd_secret_uuid']}.base64"]
        assert key == cephx_key(SITE.seed, NOVA).get_secret_value()
