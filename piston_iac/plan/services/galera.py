"""The database: MariaDB with Galera on every control host, each a full copy.

Its data is on the local mirror. Statements go to one member, chosen by the balancer, so that no two writes
ever conflict; another one takes over when it dies.
"""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.cloud.hosts import control_hosts, members
from piston_iac.plan.cloud.settings import ini
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_RETRY_S = 10.0
_PROVIDER = (
    "gcache.size=64M",
    # A member that is silent this long is taken for dead: until then nobody's commit ends.
    "evs.keepalive_period=PT0.5S",
    "evs.suspect_timeout=PT2S",
    "evs.inactive_timeout=PT4S",
)


def fragment(site: Site, node: str) -> Fragment:
    """Server and its check, where the member's data is."""
    if node not in control_hosts(site):
        return Fragment((), ())
    restart = (layout.GALERA_UNIT,)
    recover = ("python3", "-m", "piston_iac.node_programs.cloud.galera", "recover")
    check = f"ADDRESS={members(site)[node]}\n"
    return Fragment(
        files=(
            File(layout.GALERA_CONF, _conf(site, node), restart=restart),
            File("/etc/piston/galera-check.env", check, restart=(layout.GALERA_CHECK_UNIT,)),
        ),
        units=(layout.GALERA_CHECK_UNIT,),
        services=(
            Service(
                layout.GALERA,
                (layout.GALERA_UNIT,),
                path=layout.GALERA_READY,
                recover=recover,
                retry_s=_RETRY_S,
                health=f"http://{members(site)[node]}:{layout.GALERA_CHECK_PORT}/",
            ),
        ),
    )


def _conf(site: Site, node: str) -> str:
    own = members(site)[node]
    server: dict[str, object] = {
        "user": layout.GALERA_USER,
        "datadir": layout.GALERA_DATA,
        "socket": layout.GALERA_SOCKET,
        "pid_file": "/run/piston-galera/pid",
        "bind_address": own,
        "port": layout.DATABASE_PORT,
        "skip_name_resolve": "ON",
        "max_connections": 800,
        "default_storage_engine": "InnoDB",
        "character_set_server": "utf8mb3",
        "collation_server": "utf8mb3_general_ci",
        "binlog_format": "ROW",
        "innodb_autoinc_lock_mode": 2,
        # A commit is on this disk before it is told: the others have it only in memory.
        "innodb_flush_log_at_trx_commit": 1,
        "innodb_buffer_pool_size": "128M",
        "innodb_log_file_size": "48M",
        "performance_schema": "OFF",
        "wsrep_on": "ON",
        "wsrep_provider": "/usr/lib/galera/libgalera_smm.so",
        "wsrep_cluster_name": f"piston-{site.name}",
        "wsrep_cluster_address": f"gcomm://{','.join(members(site).values())}",
        "wsrep_node_address": own,
        "wsrep_node_name": node,
        # Copies while statements go on. Its user comes in by the socket, so it has no password.
        "wsrep_sst_method": "mariabackup",
        "wsrep_sst_auth": f"{layout.GALERA_USER}:",
        "wsrep_provider_options": f'"{";".join(_PROVIDER)}"',
    }
    client = {"socket": layout.GALERA_SOCKET}
    return ini({"client": client, "mariadbd": server, "mariabackup": {"datadir": layout.GALERA_DATA}})
