"""The database: MariaDB with Galera on every control host, each a full copy.

Its data is on the local mirror. Statements go to one member, chosen by the balancer, so that no two writes
ever conflict; another one takes over when it dies.
"""

from __future__ import annotations

from collections.abc import Mapping

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.cloud.hosts import control_hosts, members
from piston_iac.plan.cloud.settings import ini
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site

_RETRY_S = 10.0
_BUFFER_POOL_MOST_MIB = 16384
# All nodes of a lab share the memory of one machine.
_BUFFER_POOL_MOST_IN_LAB_MIB = 128
_PROVIDER = (
    "gcache.size=64M",
    # A member that is silent this long is taken for dead: until then nobody's commit ends.
    "evs.keepalive_period=PT0.5S",
    "evs.suspect_timeout=PT2S",
    "evs.inactive_timeout=PT4S",
    # As a member with data starts; see `galera_start` for others.
    f"{layout.GALERA_WEIGHT}=1",
)


# Most of a young database is zeros, and a packet costs more than its bytes.
_COPIES: dict[str, object] = {"compressor": "gzip -1", "decompressor": "gzip -dc"}

FORMAT: dict[str, object] = {
    "default_storage_engine": "InnoDB",
    "character_set_server": "utf8mb3",
    "collation_server": "utf8mb3_general_ci",
}
"""What becomes part of the data, and so is the same where the image's empty database is made."""

# What the others wrote is in them too: each member's logs tell the whole story.
_BINARY_LOGS: dict[str, object] = {
    "log_bin": f"{layout.GALERA_DATA}/{layout.GALERA_BINLOG}",
    "log_slave_updates": "ON",
    # They are for backups alone, and no chain of backups outlasts a start of the server: what a crash takes
    # from their end is not missed.
    "sync_binlog": 0,
    "max_binlog_size": "64M",
    "max_binlog_total_size": "1G",
    "binlog_expire_logs_seconds": 86400,
    # Else they are kept until a replica reads them, and there is none.
    "slave_connections_needed_for_purge": 0,
}


def fragment(site: Site, node: str) -> Fragment:
    """Server and its check, where the member's data is."""
    if node not in control_hosts(site):
        return Fragment((), ())
    restart = (layout.GALERA_UNIT,)
    recover = ("python3", "-m", "piston_iac.node_programs.cloud.galera", "recover")
    check = f"ADDRESS={members(site)[node]}\n"
    most_mib = _BUFFER_POOL_MOST_IN_LAB_MIB if site.environment == "lab" else _BUFFER_POOL_MOST_MIB
    memory = f"{layout.GALERA_MOST_MIB}={most_mib}\n"
    return Fragment(
        files=(
            File(layout.GALERA_CONF, server_conf(site.name, node, members(site)), restart=restart),
            File(layout.GALERA_ENVIRONMENT, memory, restart=restart),
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


def server_conf(site: str, node: str, addresses: Mapping[str, str]) -> str:
    """The server's settings on one host. `addresses`: of all members by node."""
    own = addresses[node]
    server: dict[str, object] = {
        "user": layout.GALERA_USER,
        "datadir": layout.GALERA_DATA,
        "socket": layout.GALERA_SOCKET,
        "pid_file": layout.GALERA_PID,
        "bind_address": own,
        "port": layout.DATABASE_PORT,
        "skip_name_resolve": "ON",
        "max_connections": 800,
        **FORMAT,
        "binlog_format": "ROW",
        **_BINARY_LOGS,
        "innodb_autoinc_lock_mode": 2,
        # A commit is on this disk before it is told: the others have it only in memory. With 1, and binary
        # logs on, the server would count on those for that: only the first half of a commit was seen flushed.
        "innodb_flush_log_at_trx_commit": 3,
        "innodb_log_file_size": "48M",
        # From 11.6.2 on a statement that meets a row which another one has changed since fails with 1020 and
        # takes its transaction along. OpenStack retries deadlocks and knows nothing of that (launchpad, nova
        # 2116186): machines that moved could not be removed, and ended in ERROR.
        "innodb_snapshot_isolation": "OFF",
        "performance_schema": "OFF",
        "wsrep_on": "ON",
        "wsrep_provider": "/usr/lib/galera/libgalera_smm.so",
        "wsrep_cluster_name": f"piston-{site}",
        "wsrep_cluster_address": f"gcomm://{','.join(addresses.values())}",
        "wsrep_node_address": own,
        "wsrep_node_name": node,
        # Copies while statements go on. Its user comes in by the socket, so it has no password.
        "wsrep_sst_method": "mariabackup",
        "wsrep_sst_auth": f"{layout.GALERA_USER}:",
        "wsrep_provider_options": f'"{";".join(_PROVIDER)}"',
    }
    client = {"socket": layout.GALERA_SOCKET}
    copied = {"datadir": layout.GALERA_DATA}
    return ini({"client": client, "mariadbd": server, "mariabackup": copied, "sst": _COPIES})
