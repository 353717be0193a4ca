"""Cluster storage: configuration, keys and daemons of each node.

One whole ceph.conf. What a node holds of keys is what its daemons need (decision 0009).
"""

from __future__ import annotations

from piston_iac import ceph_layout as layout
from piston_iac.node_document import File, Program, Service
from piston_iac.plan.ceph.caps import MGR, MON
from piston_iac.plan.ceph.layout import MIN_COPIES, crush_location, mgr_hosts, mon_addresses, mon_hosts
from piston_iac.plan.fragment import Fragment
from piston_iac.site.addresses import node_address
from piston_iac.site.rules_ceph import COPIES
from piston_iac.site.schema import NetworkName, Site
from piston_iac.trust.cephx import cephx_key, cluster_fsid

_OWNER = "ceph"
_MIB = 1024**2
# Below this, OSDs share a machine with much else: small tables and few threads.
_SMALL_OSD_MIB = 1024
_MODULE = "piston_iac.node_programs"
_CALL_S, _MAKE_S, _CLI_S = 60.0, 180.0, 300.0
# It reads the maps of every OSD of a node, one after the other.
_COLLECT_S = 900.0


def fragment(site: Site, node: str) -> Fragment:
    """Daemons start where their data is; a mon that has none asks the others for it."""
    conf = _conf(site, node)
    serials = site.nodes[node].disks.osd
    restart = (
        *((layout.mon_unit(node),) if node in mon_hosts(site) else ()),
        *((layout.mgr_unit(node),) if node in mgr_hosts(site) else ()),
        *map(layout.osd_unit, serials),
    )
    files = [File(layout.CONF, conf, restart=restart)]
    services = []
    programs = [
        _program(layout.CALL_LOOK, "ceph_call", "look", writes=False),
        _program(layout.CALL_CHANGE, "ceph_call", "change", writes=True),
        # What is typed there may change things, and is counted as a write in any case.
        Program(layout.CLI, ("python3", "-m", f"{_MODULE}.ceph_cli"), writes=True, limit_s=_CLI_S),
        _program(layout.OSD_MAKE, "ceph_osd", "make", writes=True, limit_s=_MAKE_S),
        _program(layout.OSD_RETIRE, "ceph_osd", "retire", writes=True),
        _program(layout.STOP, "ceph_stop", "all", writes=True),
        _program(layout.MON_COLLECT, "mon_rebuild", "collect", writes=True, limit_s=_COLLECT_S),
    ]
    if node in mon_hosts(site):
        files.append(_keyring(layout.MON_KEYRING, MON, cephx_key(site.seed, MON).get_secret_value()))
        services.append(
            Service(
                "ceph-mon",
                (layout.mon_unit(node),),
                path=layout.mon_ready(node),
                recover=_command("ceph_mon", "recover"),
            )
        )
        programs.append(_program(layout.MON_BOOTSTRAP, "ceph_mon", "bootstrap", writes=True, limit_s=_MAKE_S))
        programs.append(_program(layout.MON_LEAVE, "ceph_mon", "leave", writes=True))
        programs.append(_program(layout.MON_INSTALL, "mon_rebuild", "install", writes=True, limit_s=_MAKE_S))
    if node in mgr_hosts(site):
        entity = f"{MGR}.{node}"
        files.append(_keyring(layout.MGR_KEYRING, entity, cephx_key(site.seed, entity).get_secret_value()))
        # A mgr keeps nothing: it runs wherever there is a mon that knows its key.
        services.append(Service("ceph-mgr", (layout.mgr_unit(node),), path=layout.mon_ready(node)))
    for serial in serials:
        key = cephx_key(site.seed, layout.osd_key_name(serial)).get_secret_value()
        files.append(File(layout.osd_key_file(serial), f"{key}\n", mode="0600", secret=True))
        marker = f"osd:{cluster_fsid(site.seed, site.name)}/"
        services.append(
            Service(layout.osd_service(serial), (layout.osd_unit(serial),), disk=serial, marker=marker)
        )
    return Fragment(tuple(files), units=(), services=tuple(services), programs=tuple(programs))


def _command(module: str, verb: str) -> tuple[str, ...]:
    return ("python3", "-m", f"{_MODULE}.{module}", verb)


def _program(name: str, module: str, verb: str, *, writes: bool, limit_s: float = _CALL_S) -> Program:
    return Program(name, _command(module, verb), writes, limit_s)


def _keyring(path: str, entity: str, key: str) -> File:
    return File(path, f"[{entity}]\n\tkey = {key}\n", mode="0600", secret=True, owner=_OWNER)


def _conf(site: Site, node: str) -> str:
    """ceph.conf of one node. What several kinds of daemons read has to be global."""
    public, cluster = site.networks.get(NetworkName.SERVICE), site.networks.get(NetworkName.HOST)
    sections: dict[str, dict[str, object]] = {
        "global": {
            "fsid": cluster_fsid(site.seed, site.name),
            "mon_host": mon_addresses(site),
            "public_network": public.cidr,
            "cluster_network": cluster.cidr,
            "public_addr": node_address(site, node, NetworkName.SERVICE),
            "cluster_addr": node_address(site, node, NetworkName.HOST),
            "crush_location": crush_location(site, node),
            "ms_bind_msgr1": "false",
            "auth_cluster_required": "cephx",
            "auth_service_required": "cephx",
            "auth_client_required": "cephx",
            "auth_allow_insecure_global_id_reclaim": "false",
            "log_to_file": "false",
            "log_to_stderr": "true",
            "err_to_stderr": "true",
            "mon_cluster_log_to_file": "false",
            "debug_rocksdb": "1/5",
            "osd_pool_default_size": COPIES,
            "osd_pool_default_min_size": MIN_COPIES,
            "osd_pool_default_pg_autoscale_mode": "off",
            # A dead node is noticed after this many seconds of silence: writes wait as long. Mons judge by
            # the same figure, so it stands here.
            "osd_heartbeat_interval": 2,
            "osd_heartbeat_grace": 6,
            "mon_osd_adjust_heartbeat_grace": "false",
            # A mon that is dead is left out after twice this; until then no map is agreed on, and without a
            # map nobody turns away from the dead node's OSD.
            "mon_lease": 2,
            # Whoever talks to the dead mon hears nothing and learns of no new map: seen to stall a client for
            # 28 s with Ceph's own 10 and 30.
            "mon_client_ping_interval": 2,
            "mon_client_ping_timeout": 5,
            "mon_mgr_beacon_grace": 10,
        },
        "mon": {
            "mon_data": f"{layout.MON_ROOT}/$cluster-$id",
            "mon_osd_min_down_reporters": 2,
            # Each mon that joins costs an election, and this long without a quorum.
            "mon_election_timeout": 2,
            "mgr_initial_modules": "iostat",
            "mon_osd_down_out_interval": 600,
            # The store shares the local mirror with VM disks, which may fill it.
            "mon_data_avail_warn": 10,
            "mon_data_avail_crit": 3,
        },
        "mgr": {"keyring": layout.MGR_KEYRING},
        "osd": {
            "osd_memory_target": site.ceph.osd_memory_mib * _MIB,
            "osd_mclock_skip_benchmark": "true",
            # It would need a key that may change the class of every OSD: the run sets it.
            "osd_class_update_on_start": "false",
        },
    }
    if site.ceph.osd_memory_mib < _SMALL_OSD_MIB:
        for section, options in _SMALL.items():
            sections[section] |= options
    blocks = [
        f"[{name}]\n" + "".join(f"{option} = {value}\n" for option, value in options.items())
        for name, options in sections.items()
    ]
    return "\n".join(blocks)


_SMALL: dict[str, dict[str, object]] = {
    "mon": {
        "mon_memory_target": 256 * _MIB,
        "mon_rocksdb_options": "write_buffer_size=8388608,compression=kNoCompression,"
        "level_compaction_dynamic_level_bytes=true",
    },
    "osd": {
        "osd_memory_target_autotune": "false",
        "osd_memory_cache_min": 32 * _MIB,
        "bluestore_cache_autotune": "false",
        "bluestore_cache_size": 32 * _MIB,
        "bluestore_rocksdb_options": "compression=kLZ4Compression,max_write_buffer_number=4,"
        "min_write_buffer_number_to_merge=1,write_buffer_size=8388608,max_background_jobs=2,"
        "level0_file_num_compaction_trigger=4",
        "osd_op_num_shards": 2,
        "osd_op_num_threads_per_shard": 1,
        "osd_max_pg_log_entries": 500,
        "osd_min_pg_log_entries": 100,
        "bdev_enable_discard": "false",
    },
}
