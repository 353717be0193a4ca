"""Volumes: Cinder, which keeps them and their backups in the cluster storage.

The volume services of all control hosts are one: any of them does what is to be done to a volume.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.ceph.caps import CINDER, CINDER_BACKUP
from piston_iac.plan.cloud import agents, settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.cloud.hosts import members
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import control_service, libvirt
from piston_iac.site.schema import PoolName, ServiceName, Site
from piston_iac.trust.cephx import cephx_key

_USER = "cinder"
_CONF = "/etc/cinder/cinder.conf"
_STATE = "/var/lib/cinder"
_CEPH_CONF = "/etc/ceph/ceph.conf"
_BACKEND = "ceph"
# On the local mirror, made by the unit: images are larger than memory.
_CONVERSION = "/persist/cinder"


def fragment(site: Site, node: str) -> Fragment:
    """Cinder of one control host."""
    return control_service.fragment(site, node, SERVICE) if site.cloud else NOTHING


def _files(site: Site, node: str) -> tuple[File, ...]:
    sections = settings.joined(
        settings.messages(site, node),
        {
            "DEFAULT": {
                **settings.logs(site, ServiceName.CINDER),
                "host": node,
                "my_ip": members(site)[node],
                "cluster": site.name,
                "auth_strategy": "keystone",
                "state_path": _STATE,
                "image_conversion_dir": _CONVERSION,
                "enabled_backends": _BACKEND,
                "default_volume_type": "__DEFAULT__",
                "glance_catalog_info": "image::publicURL",
                "glance_ca_certificates_file": layout.WEB_CA,
                **_backup(),
            },
            _BACKEND: _volumes(site),
            # All statements go to one member of the database, so a lock there is everybody's.
            "coordination": {
                "backend_url": f"mysql://{settings.database_login(site, _USER)}/{_USER}",
            },
            "database": settings.database(site, "cinder"),
            "nova": {"interface": "public", **settings.account(site, _USER)},
            "oslo_concurrency": {"lock_path": f"{_STATE}/lock"},
            "oslo_middleware": {"enable_proxy_headers_parsing": "true"},
            "oslo_policy": settings.POLICY,
        },
        settings.tokens(site, _USER),
    )
    conf = File(_CONF, settings.ini(sections), mode="0600", restart=SERVICE.units, secret=True, owner=_USER)
    keyrings = (_keyring(site, CINDER), _keyring(site, CINDER_BACKUP))
    return (conf, settings.policy("cinder", _USER), *keyrings)


def _volumes(site: Site) -> dict[str, object]:
    return {
        "volume_driver": "cinder.volume.drivers.rbd.RBDDriver",
        "volume_backend_name": _BACKEND,
        "rbd_pool": PoolName.VOLUMES.value,
        "rbd_user": CINDER.removeprefix("client."),
        "rbd_ceph_conf": _CEPH_CONF,
        "rbd_secret_uuid": libvirt.secret_uuid(site, CINDER),
        "rbd_flatten_volume_from_snapshot": "false",
        "report_discard_supported": "true",
        # It is Cinder's alone: what is free need not be counted image by image.
        "rbd_exclusive_cinder_pool": "true",
        "rados_connect_timeout": 10,
    }


def _backup() -> dict[str, object]:
    return {
        "backup_driver": "cinder.backup.drivers.ceph.CephBackupDriver",
        "backup_ceph_conf": _CEPH_CONF,
        "backup_ceph_user": CINDER_BACKUP.removeprefix("client."),
        "backup_ceph_pool": PoolName.BACKUPS.value,
        "backup_workers": 1,
    }


def _keyring(site: Site, entity: str) -> File:
    text = f"[{entity}]\n\tkey = {cephx_key(site.seed, entity).get_secret_value()}\n"
    path = f"/etc/ceph/ceph.{entity}.keyring"
    return File(path, text, mode="0600", restart=SERVICE.daemons, secret=True, owner=_USER)


SERVICE = ApiService(
    name="cinder",
    type="block-storage",
    port=layout.CINDER_PORT,
    path="/v3",
    health="/healthcheck",
    user=_USER,
    files=_files,
    wsgi=Wsgi("/usr/bin/cinder-wsgi", threads=1),
    daemons=tuple(layout.daemon_unit("cinder", it) for it in ("scheduler", "volume", "backup")),
    databases=("cinder",),
    schema=(("cinder-manage", "db", "sync"),),
    agents=agents.VOLUME,
)
