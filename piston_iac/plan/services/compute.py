"""Compute on every node: nova-compute, which has libvirt run the virtual machines.

It needs no database: it asks the conductors, by the message bus.
"""

from __future__ import annotations

import uuid

from piston_iac import ceph_layout
from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.ceph.caps import NOVA
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.hosts import compute_hosts
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import libvirt, nova
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import Cloud, Hypervisor, NetworkName, PoolName, RootDisks, ServiceName, Site
from piston_iac.trust.cephx import cephx_key, cluster_fsid

_STATE = "/var/lib/nova"
_IDENTITY = "/etc/nova/compute_id"
_KEYRING = f"/etc/ceph/ceph.{NOVA}.keyring"
# Of what an emulator can be: the least that every guest knows.
_EMULATED: dict[str, object] = {"cpu_mode": "custom", "cpu_models": "qemu64"}


def fragment(site: Site, node: str) -> Fragment:
    """Runs where the mirror is, which keeps the machines' disks; what is lost with it is lost."""
    if site.cloud is None or node not in compute_hosts(site):
        return NOTHING
    restart = (layout.COMPUTE_UNIT,)
    text = settings.ini(_sections(site, site.cloud, node))
    return Fragment(
        files=(
            File(layout.COMPUTE_CONF, text, mode="0600", restart=restart, secret=True),
            # The node is the same one after each boot, with or without its disks.
            File(_IDENTITY, f"{identity(site, node)}\n", restart=restart),
            File(_KEYRING, _keyring(site), mode="0600", restart=restart, secret=True),
        ),
        units=(),
        services=(
            Service(
                layout.COMPUTE,
                restart,
                path=layout.INSTANCES,
                recover=("mkdir", "-p", layout.INSTANCES),
            ),
        ),
    )


def _keyring(site: Site) -> str:
    return f"[{NOVA}]\n\tkey = {cephx_key(site.seed, NOVA).get_secret_value()}\n"


def identity(site: Site, node: str) -> str:
    """Nova's id of a node, a UUID."""
    return str(uuid.uuid5(uuid.UUID(cluster_fsid(site.seed, site.name)), f"compute/{node}"))


def _sections(site: Site, cloud: Cloud, node: str) -> settings.Sections:
    """nova-compute's settings on one node."""
    return settings.joined(
        settings.messages(site, node),
        {
            "DEFAULT": {
                **settings.logs(site, ServiceName.NOVA),
                "host": node,
                "my_ip": node_address(site, node, NetworkName.SERVICE),
                "state_path": _STATE,
                "instances_path": layout.INSTANCES,
                "compute_driver": "libvirt.LibvirtDriver",
                "initial_cpu_allocation_ratio": cloud.cpu_ratio,
                "initial_ram_allocation_ratio": cloud.memory_ratio,
                # After a power cut its machines are started again.
                "resume_guests_state_on_host_boot": "true",
            },
            "image_cache": {"subdirectory_name": layout.IMAGE_CACHE},
            "libvirt": {
                "virt_type": cloud.hypervisor.value,
                **(_EMULATED if cloud.hypervisor is Hypervisor.QEMU else {"cpu_mode": "host-model"}),
                "num_pcie_ports": 8,
                **_root_disks(site, cloud),
                **_migration(site, node),
            },
            # All nodes are told the same; which processor one has is found out when it starts machines.
            "workarounds": {"skip_cpu_compare_on_dest": "true"},
            "vnc": {"enabled": "false"},
            "os_vif_ovs": {"ovsdb_connection": f"unix:{layout.OVS_SOCKET}"},
            # Not where Nova's other parts have theirs: they are not root.
            "oslo_concurrency": {"lock_path": "/run/nova-compute"},
            "service_user": {"send_service_user_token": "true", **settings.account(site, nova.USER)},
        },
        nova.clients(site),
        # Where an image lies in the cluster storage a node reads it there, and not through the address that
        # all share. An image that Glance does not have there comes from Glance.
        {
            "glance": {
                "enable_rbd_download": "true",
                "rbd_user": NOVA.removeprefix("client."),
                "rbd_pool": PoolName.IMAGES.value,
                "rbd_ceph_conf": ceph_layout.CONF,
            }
        },
    )


def _root_disks(site: Site, cloud: Cloud) -> dict[str, object]:
    if cloud.root_disks is RootDisks.LOCAL:
        return {"images_type": "qcow2"}
    return {
        "images_type": "rbd",
        "images_rbd_pool": PoolName.VMS.value,
        "images_rbd_ceph_conf": ceph_layout.CONF,
        "rbd_user": NOVA.removeprefix("client."),
        "rbd_secret_uuid": libvirt.secret_uuid(site, NOVA),
    }


def _migration(site: Site, node: str) -> dict[str, object]:
    """How others give this node machines: encrypted, memory and disks alike."""
    return {
        "live_migration_scheme": "tls",
        "live_migration_with_native_tls": "true",
        "live_migration_inbound_addr": libvirt.migration_address(site, node),
        # A machine that changes its memory faster than it can be copied is stopped for the rest, seconds.
        "live_migration_timeout_action": "force_complete",
        "live_migration_completion_timeout": 300,
        "live_migration_permit_post_copy": "false",
    }
