"""Compute: Nova's API, scheduler and conductor, and the metadata service that virtual machines ask.

What runs machines on every node is in `compute`.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File
from piston_iac.plan.cloud import agents, settings
from piston_iac.plan.cloud.api_service import ApiService, Wsgi
from piston_iac.plan.cloud.hosts import control_hosts, members
from piston_iac.plan.fragment import NOTHING, Fragment, joined
from piston_iac.plan.services import control_service
from piston_iac.site.schema import ServiceName, Site
from piston_iac.trust.derive import service_password

USER = "nova"
_CONF = "/etc/nova/nova.conf"
_STATE = "/var/lib/nova"
_DISCOVER_S = 30
# Nova keeps these, and fills them from its configuration each time: no password lies in the database.
_LOGIN = "{scheme}://{username}:{password}@{hostname}:{port}"
_CELL0, _CELL1 = (f"{_LOGIN}/{name}?{{query}}" for name in ("nova_cell0", "nova"))
_CELLS = "piston_iac.node_programs.cloud.nova_cells"


def fragment(site: Site, node: str) -> Fragment:
    """Nova of one control host."""
    if not site.cloud:
        return NOTHING
    return joined(*(control_service.fragment(site, node, service) for service in (SERVICE, METADATA)))


def metadata_secret(site: Site) -> str:
    """By which the metadata service knows that a question comes from a node's agent. Secret."""
    return service_password(site.seed, "nova/metadata").get_secret_value()


def clients(site: Site) -> settings.Sections:
    """The sections with which Nova asks the other services. It is everywhere the same user."""
    account = settings.account(site, USER)
    login = {name: value for name, value in account.items() if name != "region_name"}
    region = account["region_name"]
    return {
        "placement": account,
        "neutron": account,
        "cinder": {"catalog_info": "block-storage::publicURL", "os_region_name": region, **login},
        "glance": {"cafile": layout.WEB_CA, "region_name": region},
    }


def _files(site: Site, node: str) -> tuple[File, ...]:
    sections = settings.joined(
        settings.messages(site, node),
        {
            "DEFAULT": {
                **settings.logs(site, ServiceName.NOVA),
                "host": node,
                "my_ip": members(site)[node],
                "state_path": _STATE,
            },
            "api": {"auth_strategy": "keystone"},
            "api_database": settings.database(site, "nova_api", USER),
            "database": settings.database(site, "nova"),
            "cache": settings.cache(site),
            "conductor": {"workers": 1},
            # New nodes are taken up by themselves, this often, seconds.
            "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": _DISCOVER_S},
            "oslo_concurrency": {"lock_path": f"{_STATE}/lock"},
            "oslo_middleware": {"enable_proxy_headers_parsing": "true"},
            "oslo_policy": settings.POLICY,
        },
        clients(site),
        {
            "neutron": {
                "service_metadata_proxy": "true",
                "metadata_proxy_shared_secret": metadata_secret(site),
            }
        },
        settings.tokens(site, USER),
    )
    restart = (*SERVICE.units, *METADATA.units)
    conf = File(_CONF, settings.ini(sections), mode="0600", restart=restart, secret=True, owner=USER)
    return (conf, settings.policy("nova", USER))


def _transport(site: Site) -> str:
    """The message bus as a pattern of the configuration's own URL."""
    numbers = range(1, len(control_hosts(site)) + 1)
    places = (f"{{username{it}}}:{{password{it}}}@{{hostname{it}}}:{{port{it}}}" for it in numbers)
    return f"{{scheme}}://{','.join(places)}//"


SERVICE = ApiService(
    name="nova",
    type="compute",
    port=layout.NOVA_PORT,
    path="/v2.1",
    health="/",
    user=USER,
    files=_files,
    # It puts its waiting aside by itself, and bears no second thread.
    wsgi=Wsgi("/usr/bin/nova-api-wsgi", threads=1),
    daemons=(layout.daemon_unit("nova", "scheduler"), layout.daemon_unit("nova", "conductor")),
    databases=("nova", "nova_api", "nova_cell0"),
    schema=(
        ("nova-manage", "api_db", "sync"),
        ("nova-manage", "cell_v2", "map_cell0", "--database_connection", _CELL0),
        ("nova-manage", "db", "sync"),
    ),
    # Which control hosts have the message bus is the site's own.
    fill=lambda site: (("python3", "-m", _CELLS, layout.NOVA_CELL, _CELL1, _transport(site)),),
    agents=agents.COMPUTE,
)

METADATA = ApiService(
    name="nova-metadata",
    port=layout.METADATA_PORT,
    health="/",
    user=USER,
    files=lambda _site, _node: (),
    wsgi=Wsgi("/usr/bin/nova-metadata-wsgi", threads=1),
    has_account=False,
)
