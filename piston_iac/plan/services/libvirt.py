"""libvirt on every node: it starts virtual machines and keeps what they print."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.ceph.caps import CINDER, NOVA
from piston_iac.plan.cloud.hosts import compute_hosts
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site
from piston_iac.trust import service_authority
from piston_iac.trust.cephx import cephx_key, cluster_fsid
from piston_iac.trust.service_authority import Kind

_ETC = "/etc/libvirt"
# nova-compute switches itself off for a while when libvirt goes away under it.
_RESTART = (layout.LIBVIRT_UNIT, layout.COMPUTE_UNIT)
_QEMU_PKI, _QEMU_USER = "/etc/pki/qemu", "libvirt-qemu"


def fragment(site: Site, node: str) -> Fragment:
    """Both daemons, the keys with which machines open their disks, and what nodes show each other."""
    if node not in compute_hosts(site):
        return NOTHING
    return Fragment(
        files=(
            File(f"{_ETC}/libvirtd.conf", _daemon(site, node), restart=_RESTART),
            File(f"{_ETC}/qemu.conf", _QEMU, restart=_RESTART),
            File(f"{_ETC}/virtlogd.conf", _LOGS, restart=(layout.VIRTLOG_UNIT,)),
            *(it for entity in (CINDER, NOVA) for it in _key(site, entity)),
            *_identity(site, node),
        ),
        units=(layout.VIRTLOG_UNIT, layout.LIBVIRT_UNIT),
        reloadable=(layout.VIRTLOG_UNIT,),
    )


def _key(site: Site, entity: str) -> Iterator[File]:
    """What libvirt gives to a machine that opens a disk in the cluster storage."""
    secret = f"{_ETC}/secrets/{secret_uuid(site, entity)}"
    key = cephx_key(site.seed, entity).get_secret_value()
    yield File(f"{secret}.xml", _secret(site, entity), mode="0600", restart=_RESTART)
    yield File(f"{secret}.base64", key, mode="0600", restart=_RESTART, secret=True)


def _identity(site: Site, node: str) -> Iterator[File]:
    """By which nodes know each other when they give each other machines: libvirt's, and QEMU's own.

    Source: libvirt's "TLS setup"; nova, `live_migration_with_native_tls`.
    """
    own = service_authority.identity(
        site.seed, site.name, Kind.MIGRATION, node, (migration_address(site, node),)
    )
    trusted = service_authority.authority(site.seed, site.name, Kind.MIGRATION)
    key = own.key_pem.get_secret_value()
    yield File("/etc/pki/CA/cacert.pem", trusted, restart=_RESTART)
    yield File(f"{_QEMU_PKI}/ca-cert.pem", trusted)
    for side in ("server", "client"):
        yield File(f"/etc/pki/libvirt/{side}cert.pem", own.certificate_pem, restart=_RESTART)
        path = f"/etc/pki/libvirt/private/{side}key.pem"
        yield File(path, key, mode="0600", restart=_RESTART, secret=True)
        yield File(f"{_QEMU_PKI}/{side}-cert.pem", own.certificate_pem)
        yield File(f"{_QEMU_PKI}/{side}-key.pem", key, mode="0600", secret=True, owner=_QEMU_USER)


def migration_address(site: Site, node: str) -> str:
    """Where other nodes give it machines: in the network of traffic between nodes."""
    return str(node_address(site, node, NetworkName.HOST))


def secret_uuid(site: Site, entity: str) -> str:
    """Under which libvirt keeps the key of a user of the cluster storage."""
    return str(uuid.uuid5(uuid.UUID(cluster_fsid(site.seed, site.name)), entity))


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
            # Other nodes come in with a certificate of their own authority, and with nothing else.
            "listen_tcp = 0",
            "listen_tls = 1",
            f'listen_addr = "{migration_address(site, node)}"',
            'auth_tls = "none"',
            "",
        )
    )


# The image has no AppArmor; mounts and control groups for each machine need more than a node in a
# namespace may do.
_QEMU = f"""user = "{_QEMU_USER}"
group = "kvm"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
stdio_handler = "logd"
default_tls_x509_cert_dir = "{_QEMU_PKI}"
default_tls_x509_verify = 1
migrate_tls_force = 1
"""
_LOGS = """max_size = 1048576
max_backups = 1
log_outputs = "3:stderr"
"""


def _secret(site: Site, entity: str) -> str:
    return (
        "<secret ephemeral='no' private='yes'>\n"
        f"  <uuid>{secret_uuid(site, entity)}</uuid>\n"
        f"  <usage type='ceph'><name>{entity}</name></usage>\n"
        "</secret>\n"
    )
