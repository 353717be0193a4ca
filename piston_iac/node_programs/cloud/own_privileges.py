"""Runs a program of OpenStack with the privileges that it has, and no helpers for more:
`python3 -m piston_iac.node_programs.cloud.own_privileges PROGRAM ARGUMENT...`.

Helpers are processes as large as the program itself, started by sudo. Here programs of every node are root
already, and those of volumes need nothing that their own user may not do: the calls are made where they are
wanted. Source: oslo.privsep, `set_client_mode`.
"""

from __future__ import annotations

import importlib
import os
import sys

_BRICK = "os_brick.privileged.default"
_CINDER = ("cinder.privsep.sys_admin_pctxt", _BRICK)
# By program: where its `main` is, and its contexts of privileged calls.
PROGRAMS = {
    "cinder-backup": ("cinder.cmd.backup", _CINDER),
    "cinder-scheduler": ("cinder.cmd.scheduler", _CINDER),
    "cinder-volume": ("cinder.cmd.volume", _CINDER),
    "nova-compute": (
        "nova.cmd.compute",
        (
            "nova.privsep.sys_admin_pctxt",
            _BRICK,
            "vif_plug_ovs.privsep.vif_plug",
            "vif_plug_linux_bridge.privsep.vif_plug",
        ),
    ),
    "neutron-ovn-metadata-agent": (
        "neutron.cmd.agents.ovn_metadata",
        tuple(
            f"neutron.privileged.{it}"
            for it in ("default", "ovs_vsctl_cmd", "namespace_cmd", "conntrack_cmd", "link_cmd")
        ),
    ),
}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if not arguments or arguments[0] not in PROGRAMS:
        print(f"usage: own_privileges {'|'.join(PROGRAMS)} ARGUMENT...", file=sys.stderr)
        return 2
    place, contexts = PROGRAMS[arguments[0]]
    # What it starts imports nothing of ours.
    os.environ.pop("PYTHONPATH", None)
    sys.argv = [f"/usr/bin/{arguments[0]}", *arguments[1:]]
    program = importlib.import_module(place)
    for name in contexts:
        module, _, context = name.rpartition(".")
        getattr(importlib.import_module(module), context).set_client_mode(False)
    return int(program.main() or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
