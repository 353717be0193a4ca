"""Objects: Ceph's gateway, which speaks Swift and S3, and asks Keystone who is calling.

All that it keeps is in one pool, apart by namespaces.
"""

from __future__ import annotations

import json

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.ceph.caps import RGW
from piston_iac.plan.ceph.layout import mon_addresses
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_service import DOMAIN, SERVICE_PROJECT, ApiService
from piston_iac.plan.fragment import NOTHING, Fragment
from piston_iac.plan.services import control_service
from piston_iac.site.schema import PoolName, Site
from piston_iac.trust.cephx import cephx_key, cluster_fsid

_NAME = "rgw"
_USER = "ceph"
_PORT = 8080
_KEYRING = "/etc/ceph/ceph.client.rgw.keyring"
_POOL = PoolName.OBJECTS.value
_STORES = (
    ("domain_root", "meta.root"),
    ("control_pool", "control"),
    ("gc_pool", "log.gc"),
    ("lc_pool", "log.lc"),
    ("log_pool", "log"),
    ("intent_log_pool", "log.intent"),
    ("usage_log_pool", "log.usage"),
    ("roles_pool", "meta.roles"),
    ("reshard_pool", "log.reshard"),
    ("user_keys_pool", "meta.users.keys"),
    ("user_email_pool", "meta.users.email"),
    ("user_swift_pool", "meta.users.swift"),
    ("user_uid_pool", "meta.users.uid"),
    ("otp_pool", "otp"),
    ("notif_pool", "log.notif"),
)


def fragment(site: Site, node: str) -> Fragment:
    """The gateway of one control host."""
    return control_service.fragment(site, node, SERVICE) if site.cloud else NOTHING


def zone() -> str:
    """Where the gateway keeps what, as `radosgw-admin zone set` reads it."""
    placement = {
        "index_pool": f"{_POOL}:index",
        "storage_classes": {"STANDARD": {"data_pool": f"{_POOL}:data"}},
        "data_extra_pool": f"{_POOL}:extra",
        "index_type": 0,
        "inline_data": True,
    }
    whole = {
        "id": "default",
        "name": "default",
        **{name: f"{_POOL}:{namespace}" for name, namespace in _STORES},
        "system_key": {"access_key": "", "secret_key": ""},
        "placement_pools": [{"key": "default-placement", "val": placement}],
        "realm_id": "",
    }
    return json.dumps(whole, indent=1) + "\n"


def _files(site: Site, _node: str) -> tuple[File, ...]:
    restart = SERVICE.units
    account = settings.account(site, _NAME)
    sections: dict[str, dict[str, object]] = {
        "global": {
            "fsid": cluster_fsid(site.seed, site.name),
            "mon_host": mon_addresses(site),
            "auth_client_required": "cephx",
            "log_to_file": "false",
            "log_to_stderr": "true",
            "err_to_stderr": "true",
        },
        RGW: {
            "keyring": _KEYRING,
            **dict.fromkeys(
                ("rgw_realm_root_pool", "rgw_zonegroup_root_pool", "rgw_zone_root_pool"), f"{_POOL}:root"
            ),
            "rgw_period_root_pool": f"{_POOL}:root",
            "rgw_frontends": f"beast endpoint={SERVICE.loopback}",
            "rgw_thread_pool_size": 32,
            "rgw_enable_usage_log": "false",
            "rgw_swift_account_in_url": "true",
            "rgw_swift_versioning_enabled": "true",
            "rgw_s3_auth_use_keystone": "true",
            "rgw_keystone_api_version": 3,
            "rgw_keystone_url": str(account["auth_url"]).removesuffix("/v3"),
            "rgw_keystone_admin_user": account["username"],
            "rgw_keystone_admin_password": account["password"],
            "rgw_keystone_admin_domain": DOMAIN,
            "rgw_keystone_admin_project": SERVICE_PROJECT,
            "rgw_keystone_accepted_roles": "admin, member",
            "rgw_keystone_accepted_admin_roles": "admin",
            "rgw_keystone_implicit_tenants": "true",
        },
    }
    key = f"[{RGW}]\n\tkey = {cephx_key(site.seed, RGW).get_secret_value()}\n"
    conf = settings.ini(sections)
    return (
        File(layout.RGW_CONF, conf, mode="0600", restart=restart, secret=True, owner=_USER),
        File(_KEYRING, key, mode="0600", restart=restart, secret=True, owner=_USER),
        File(layout.RGW_ZONE, zone(), restart=restart),
    )


SERVICE = ApiService(
    name=_NAME,
    type="object-store",
    port=_PORT,
    path="/swift/v1/AUTH_%(project_id)s",
    health="/swift/healthcheck",
    user=_USER,
    files=_files,
    daemons=(layout.RGW_UNIT,),
)
