"""libvirt on every node: it starts virtual machines and keeps what they print."""

from __future__ import annotations

import uuid

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.ceph.caps import CINDER
from piston_iac.plan.cloud.hosts import compute_hosts
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.site.schema import Site
from piston_iac.trust.cephx import cephx_key, cluster_fsid

_ETC = "/etc/libvirt"


def fragment(site: Site, node: str) -> Fragment:
    """Both daemons, and the key with which machines open their volumes."""
    if node not in compute_hosts(site):
        return NOTHING
    restart = (layout.LIBVIRT_UNIT,)
    secret = f"{_ETC}/secrets/{secret_uuid(site)}"
    key = cephx_key(site.seed, CINDER).get_secret_value()
    return Fragment(
        files=(
            File(f"{_ETC}/libvirtd.conf", _daemon(site, node), restart=restart),
            File(f"{_ETC}/qemu.conf", _QEMU, restart=restart),
            File(f"{_ETC}/virtlogd.conf", _LOGS, restart=(layout.VIRTLOG_UNIT,)),
            File(f"{secret}.xml", _secret(site), mode="0600", restart=restart),
            File(f"{secret}.base64", key, mode="0600", restart=restart, secret=True),
        ),
        units=(layout.VIRTLOG_UNIT, layout.LIBVIRT_UNIT),
        reloadable=(layout.VIRTLOG_UNIT,),
    )


def secret_uuid(site: Site) -> str:
    """Under which libvirt keeps the key of the volumes."""
    return str(uuid.uuid5(uuid.UUID(cluster_fsid(site.seed, site.name)), CINDER))


def _daemon(site: Site, node: str) -> str:
    host = uuid.uuid5(uuid.UUID(cluster_fsid(site.seed, site.name)), f"libvirt/{node}")
    return "\n".join(
        (
            # Its socket is root's alone; nobody else may come in.
            'unix_sock_group = "root"',
            'unix_sock_rw_perms = "0700"',
            'auth_unix_rw = "none"',
            # A node is known by it: neither boards nor the image give each its own.
            f'host_uuid = "{host}"',
            'log_outputs = "3:stderr"',
            "",
        )
    )


# The image has no AppArmor; mounts and control groups for each machine need more than a node in a
# namespace may do.
_QEMU = """user = "libvirt-qemu"
group = "kvm"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
stdio_handler = "logd"
"""
_LOGS = """max_size = 1048576
max_backups = 1
log_outputs = "3:stderr"
"""


def _secret(site: Site) -> str:
    return (
        "<secret ephemeral='no' private='yes'>\n"
        f"  <uuid>{secret_uuid(site)}</uuid>\n"
        f"  <usage type='ceph'><name>{CINDER}</name></usage>\n"
        "</secret>\n"
    )
