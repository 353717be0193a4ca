"""Backups of the database, made all the time by one control host, and the programs that bring them back."""

from __future__ import annotations

import json

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Program, Service
from piston_iac.plan.ceph.caps import DATABASES
from piston_iac.plan.cloud.hosts import control_hosts
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site
from piston_iac.trust.cephx import cephx_key

_SETTINGS = {
    "round_s": 10.0,
    # A full copy four times a day: what a restore has to run of logs stays short.
    "chain_s": 6 * 3600.0,
    "keep_s": 7 * 86400.0,
    "lock_s": 30,
    "retry_s": 60.0,
    "yield_s": 60.0,
    "defer_s": 60.0,
}
_LOOK_S, _STEP_S, _STAGE_S = 60.0, 240.0, 3600.0


def fragment(site: Site, node: str) -> Fragment:
    """The maker of backups runs where the database's data is."""
    if node not in control_hosts(site):
        return Fragment((), ())
    restart = (layout.BACKUP_UNIT,)
    keyring = f"[{DATABASES}]\n\tkey = {cephx_key(site.seed, DATABASES).get_secret_value()}\n"
    conf = json.dumps(_SETTINGS, indent=1, sort_keys=True) + "\n"
    return Fragment(
        files=(
            File(layout.BACKUP_CONF, conf, restart=restart),
            File(
                layout.BACKUP_KEYRING,
                keyring,
                mode="0600",
                restart=restart,
                secret=True,
                owner=layout.GALERA_USER,
            ),
        ),
        units=(),
        services=(Service(layout.BACKUP, (layout.BACKUP_UNIT,), path=layout.GALERA_READY),),
        programs=(
            _program(layout.RESTORE_LIST, "list", writes=False, limit_s=_LOOK_S),
            _program(layout.RESTORE_LOOK, "look", writes=False, limit_s=_LOOK_S),
            _program(layout.RESTORE_STAGE_PROGRAM, "stage", writes=True, limit_s=_STAGE_S),
            _program(layout.RESTORE_PARK, "park", writes=True, limit_s=_STEP_S),
            _program(layout.RESTORE_INSTALL, "install", writes=True, limit_s=_STEP_S),
            _program(layout.RESTORE_RELEASE, "release", writes=True, limit_s=_STEP_S),
        ),
    )


def _program(name: str, verb: str, *, writes: bool, limit_s: float) -> Program:
    command = ("python3", "-m", "piston_iac.node_programs.cloud.restore", verb)
    return Program(name, command, writes, limit_s)
