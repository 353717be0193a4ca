"""Images: Glance, which keeps them in the cluster storage."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.ceph.caps import GLANCE
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.cloud.hosts import members
from piston_iac.plan.fragment import Fragment
from piston_iac.plan.services import control_service
from piston_iac.site.schema import PoolName, ServiceName, Site
from piston_iac.trust.cephx import cephx_key

_USER = "glance"
_CONF = "/etc/glance/glance-api.conf"
_KEYRING = "/etc/ceph/ceph.client.glance.keyring"
_STATE = "/var/lib/glance"
_OF_A_CLOUD: dict[str, object] = {
    # Volumes are made of images inside the cluster storage, which takes no time.
    "show_image_direct_url": "true",
    # As the files of a release are named: so an image is known by what it holds.
    "hashing_algorithm": "sha256",
}


def fragment(site: Site, node: str) -> Fragment:
    """Glance of one node."""
    return control_service.fragment(site, node, SERVICE)


def _files(site: Site, node: str) -> tuple[File, ...]:
    restart = (layout.wsgi_unit(SERVICE.name),)
    sections: dict[str, dict[str, object]] = {
        "DEFAULT": {
            **settings.logs(site, ServiceName.GLANCE),
            "enabled_backends": "ceph:rbd",
            "worker_self_reference_url": f"https://{members(site)[node]}:{layout.GLANCE_PORT}",
            "enable_v2_api": "true",
            **(_OF_A_CLOUD if site.cloud else {}),
        },
        "glance_store": {"default_backend": "ceph"},
        "ceph": {
            "rbd_store_pool": PoolName.IMAGES.value,
            "rbd_store_user": _USER,
            "rbd_store_ceph_conf": "/etc/ceph/ceph.conf",
            "rbd_store_chunk_size": 8,
            # Else an image that is uploaded while the storage is away hangs for good.
            "rados_connect_timeout": 10,
        },
        "os_glance_staging_store": {"filesystem_store_datadir": f"{_STATE}/staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": f"{_STATE}/tasks"},
        "database": settings.database(site, "glance"),
        "paste_deploy": {"flavor": "keystone"},
        "oslo_concurrency": {"lock_path": f"{_STATE}/lock"},
        "oslo_policy": dict(settings.POLICY),
        "image_format": {"disk_formats": "raw,qcow2,iso"},
        **{name: dict(options) for name, options in settings.tokens(site, "glance").items()},
    }
    keyring = f"[{GLANCE}]\n\tkey = {cephx_key(site.seed, GLANCE).get_secret_value()}\n"
    return (
        File(_CONF, settings.ini(sections), mode="0600", restart=restart, secret=True, owner=_USER),
        settings.policy("glance", _USER),
        File(_KEYRING, keyring, mode="0600", restart=restart, secret=True, owner=_USER),
    )


SERVICE = ApiService(
    name="glance",
    type="image",
    port=layout.GLANCE_PORT,
    health="/healthcheck",
    asked_every_s=1,
    user=_USER,
    files=_files,
    wsgi=Wsgi("/usr/bin/glance-wsgi-api"),
    databases=("glance",),
    schema=(("glance-manage", "db_sync"),),
)
