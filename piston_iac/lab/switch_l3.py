"""The L3 part of a switch: puts what its database says into the kernel of its namespace.

Open vSwitch in user space forwards frames only. Addresses of VLAN interfaces and static routes are
this program's work, as they are the routing daemon's in a real switch. It reports what is in force
as `l3-applied`, and it writes one line per configuration change that it sees into `writes.log`: the
switch's own count of writes.

Runs in the switch's namespace: `python -m piston_iac.lab.switch_l3 <directory of the switch>`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ovs.db.idl
import ovs.poller

from piston_iac.devices.switch.l3_digest import l3_digest
from piston_iac.errors import PistonError
from piston_iac.lab.run import run

_SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
_APPLIED = "l3-applied"
_ROUTE = "route:"
_RETRY_MS = 500
# Configuration only: what Open vSwitch itself writes (status, statistics) is in other columns.
_COLUMNS = {
    "Open_vSwitch": ("bridges", "external_ids"),
    "Bridge": ("name", "ports", "external_ids"),
    "Port": ("name", "tag", "trunks", "vlan_mode", "interfaces", "external_ids"),
    "Interface": ("name", "type", "mtu_request", "external_ids"),
}
_COUNTED = {
    "Bridge": ("external_ids",),
    "Port": ("tag", "trunks", "vlan_mode", "external_ids"),
    "Interface": ("type", "mtu_request", "external_ids"),
}


@dataclass(frozen=True)
class L3:
    """One L3 configuration: keys are VLAN interfaces and destinations. MTU in bytes."""

    addresses: dict[str, str] = field(default_factory=dict)
    mtus: dict[str, int] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """What `l3-applied` says when this is in force."""
        return l3_digest(self.addresses, self.mtus, self.routes)


def is_svi(name: str) -> bool:
    """True for the interface of a VLAN: `vlan20`."""
    return name.startswith("vlan") and name[4:].isdigit()


def address_changes(wanted: str, present: list[str]) -> list[list[str]]:
    """Arguments of `ip addr` that leave exactly the wanted address. Pure."""
    removals = [["del", address] for address in present if address != wanted]
    return removals + ([["add", wanted]] if wanted and wanted not in present else [])


def route_changes(wanted: dict[str, str], present: dict[str, str]) -> list[list[str]]:
    """Arguments of `ip route` that leave exactly the wanted static routes. Pure."""
    removals = [["del", to, "proto", "static"] for to in present if to not in wanted]
    return removals + [
        ["replace", to, "via", via, "proto", "static"] for to, via in wanted.items() if present.get(to) != via
    ]


class _Watcher(ovs.db.idl.Idl):  # type: ignore[misc]  # the library has no types
    """A replica of the switch's database that writes down each change of configuration."""

    def __init__(self, remote: str, schema: ovs.db.idl.SchemaHelper, log: Path) -> None:
        super().__init__(remote, schema)
        self._log = log
        self.complete = False

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        """Called by the library for each row that changed; `updates` holds the old values."""
        if not self.complete or row._table.name not in _COUNTED:
            return
        what = _describe(event, row, updates)
        if what:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            with self._log.open("a") as log:
                log.write(f"{at} {what}\n")


def _describe(event: str, row: Any, updates: Any) -> str:
    table = row._table.name
    if event == "create" and table != "Bridge" and not is_svi(row.name):
        return ""  # A cable of a new machine was plugged in: hardware, not configuration.
    if event in ("create", "delete"):
        return f"{event} {table} {row.name}"
    changed = [column for column in _COUNTED[table] if updates is not None and column in updates._data]
    values = ", ".join(f"{column}={getattr(row, column)}" for column in changed)
    return f"update {table} {row.name}: {values}" if changed else ""


def _wanted(idl: Any) -> L3:
    svis = [row for row in idl.tables["Interface"].rows.values() if is_svi(row.name)]
    bridges = list(idl.tables["Bridge"].rows.values())
    return L3(
        {row.name: row.external_ids["ipv4-address"] for row in svis if "ipv4-address" in row.external_ids},
        {row.name: row.mtu_request[0] for row in svis if row.mtu_request},
        {
            key.removeprefix(_ROUTE): via
            for bridge in bridges
            for key, via in bridge.external_ids.items()
            if key.startswith(_ROUTE)
        },
    )


def _present() -> tuple[dict[str, list[str]], dict[str, int], dict[str, str]]:
    """Addresses and MTU of all VLAN interfaces in the kernel, and the static routes."""
    links = [it for it in json.loads(run(["ip", "-j", "-4", "addr"])) if is_svi(it["ifname"])]
    every = [it for it in json.loads(run(["ip", "-j", "link"])) if is_svi(it["ifname"])]
    routes = json.loads(run(["ip", "-j", "-4", "route", "show", "proto", "static"]) or "[]")
    addresses: dict[str, list[str]] = {it["ifname"]: [] for it in every}
    for link in links:
        addresses[link["ifname"]] = [f"{it['local']}/{it['prefixlen']}" for it in link["addr_info"]]
    return (
        addresses,
        {it["ifname"]: it["mtu"] for it in every if "UP" in it["flags"]},
        {"0.0.0.0/0" if it["dst"] == "default" else it["dst"]: it.get("gateway", "") for it in routes},
    )


def apply(wanted: L3) -> bool:
    """Bring the kernel to the wanted configuration. True when all of it is in force."""
    addresses, up_mtus, _ = _present()
    for name, present in addresses.items():
        if name not in up_mtus:
            # The kernel would leave checksums to a card that is none: see network.checksums_in_software.
            run(["ethtool", "-K", name, "tx", "off"])
            run(["ip", "link", "set", name, "up"])
        for change in address_changes(wanted.addresses.get(name, ""), present):
            run(["ip", "addr", *change, "dev", name])
    # After the addresses: the kernel drops routes whose next hop they made reachable.
    for change in route_changes(wanted.routes, _present()[2]):
        run(["ip", "route", *change])
    return in_force(wanted)


def in_force(wanted: L3) -> bool:
    """True when the kernel has exactly the wanted configuration."""
    addresses, mtus, routes = _present()
    seen = {name: present[0] for name, present in addresses.items() if len(present) == 1}
    named = {name: mtus.get(name, 0) for name in wanted.mtus}
    return seen == wanted.addresses and named == wanted.mtus and routes == wanted.routes


def _report(idl: Any, digest: str) -> None:
    system = next(iter(idl.tables["Open_vSwitch"].rows.values()))
    if system.external_ids.get(_APPLIED) == digest:
        return
    transaction = ovs.db.idl.Transaction(idl)
    system.setkey("external_ids", _APPLIED, digest)
    transaction.commit_block()


def _step(idl: Any) -> bool:
    wanted = _wanted(idl)
    try:
        done = apply(wanted)
    except PistonError as error:
        # An interface that vswitchd has not made yet, a next hop not reachable yet: try again.
        print(f"{datetime.now(UTC).isoformat()} {error}", flush=True)
        return False
    if done:
        _report(idl, wanted.digest())
    return done


def serve(home: Path) -> None:
    """Follow the database in `home` until killed."""
    schema = ovs.db.idl.SchemaHelper(str(_SCHEMA))
    for table, columns in _COLUMNS.items():
        schema.register_columns(table, list(columns))
    idl = _Watcher(f"unix:{home}/db.sock", schema, home / "writes.log")
    seen, done = -1, True
    while True:
        idl.run()
        if idl.has_ever_connected() and (idl.change_seqno != seen or not done):
            seen = idl.change_seqno
            if not idl.complete:
                # From here on every change is counted; `up` waits for the file.
                idl.complete = True
                (home / "writes.log").touch()
            done = _step(idl)
        poller = ovs.poller.Poller()
        idl.wait(poller)
        if not done:
            poller.timer_wait(_RETRY_MS)
        if idl.change_seqno != seen:
            poller.immediate_wake()
        poller.block()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
