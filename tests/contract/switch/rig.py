"""A private Open vSwitch for the tests: real ovsdb-server and ovs-vswitchd, no kernel interfaces.

`--enable-dummy=override` keeps every port inside vswitchd. `L3Part` is a small stand-in for the part
of a switch that applies addresses and routes: it is a real OVSDB client and reports the digest.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ovs.db.idl
import ovs.poller

from piston_iac.devices.switch.l3_digest import l3_digest

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
PORTS = ("core", "n1-data", "n2-data")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


class Ovs:
    """One switch. `vsctl` is the independent witness: Open vSwitch's own tool on the unix socket."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.tcp = free_port()
        self.address = f"tcp:127.0.0.1:{self.tcp}"
        self.database = where / "conf.db"
        self._server: subprocess.Popen[bytes] | None = None
        self._vswitchd: subprocess.Popen[bytes] | None = None
        run("ovsdb-tool", "create", str(self.database), str(SCHEMA))

    def start(self) -> None:
        self.start_server()
        self.vsctl("--no-wait", "init")
        self.start_vswitchd()
        self.vsctl(
            "add-br", "sw", "--", "set", "Bridge", "sw", "datapath_type=netdev", "fail_mode=standalone"
        )
        for port in PORTS:
            self.vsctl("add-port", "sw", port, "tag=1", "--", "set", "Interface", port, "type=dummy")

    def start_server(self) -> None:
        self._server = self._spawn(
            "ovsdb-server",
            str(self.database),
            f"--remote=punix:{self.where}/db.sock",
            f"--remote=ptcp:{self.tcp}:127.0.0.1",
            f"--unixctl={self.where}/server.ctl",
        )
        self._wait_for(self.where / "db.sock")

    def start_vswitchd(self) -> None:
        self._vswitchd = self._spawn(
            "ovs-vswitchd",
            f"unix:{self.where}/db.sock",
            "--enable-dummy=override",
            "--disable-system",
            f"--unixctl={self.where}/vswitchd.ctl",
        )

    def stop_server(self) -> None:
        self._stop(self._server)
        (self.where / "db.sock").unlink(missing_ok=True)

    def freeze_server(self, frozen: bool) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def stop_vswitchd(self) -> None:
        self._stop(self._vswitchd)

    def stop(self) -> None:
        self.stop_vswitchd()
        self.stop_server()

    def vsctl(self, *arguments: str) -> str:
        return run("ovs-vsctl", "--timeout=10", f"--db=unix:{self.where}/db.sock", *arguments).strip()

    def transactions(self) -> int:
        return run("ovsdb-tool", "show-log", str(self.database)).count("record ")

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.where / f"{command[0]}.log").open("ab")
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @staticmethod
    def _stop(process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(10)

    @staticmethod
    def _wait_for(path: Path) -> None:
        for _ in range(200):
            if path.exists():
                return
            threading.Event().wait(0.02)
        raise TimeoutError(path)


class L3Part(threading.Thread):
    """Reports the digest of what the database asks for, as a switch that applies it would."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address = address
        self._over = threading.Event()

    def run(self) -> None:
        helper = ovs.db.idl.SchemaHelper(str(SCHEMA))
        for table, columns in (
            ("Open_vSwitch", ["external_ids"]),
            ("Bridge", ["name", "external_ids"]),
            ("Interface", ["name", "mtu_request", "external_ids"]),
        ):
            helper.register_columns(table, columns)
        idl = ovs.db.idl.Idl(self._address, helper)
        while not self._over.is_set():
            idl.run()
            self._report(idl)
            poller = ovs.poller.Poller()
            idl.wait(poller)
            poller.timer_wait(200)
            poller.block()
        idl.close()

    @staticmethod
    def _report(idl: ovs.db.idl.Idl) -> None:
        systems = list(idl.tables["Open_vSwitch"].rows.values())
        bridges = [row for row in idl.tables["Bridge"].rows.values() if row.name == "sw"]
        if not systems or not bridges:
            return
        svis = [row for row in idl.tables["Interface"].rows.values() if row.name.startswith("vlan")]
        routes = bridges[0].external_ids
        digest = l3_digest(
            {r.name: r.external_ids["ipv4-address"] for r in svis if "ipv4-address" in r.external_ids},
            {row.name: row.mtu_request[0] for row in svis if row.mtu_request},
            {key[len("route:") :]: hop for key, hop in routes.items() if key.startswith("route:")},
        )
        if systems[0].external_ids.get("l3-applied") == digest:
            return
        txn = ovs.db.idl.Transaction(idl)
        systems[0].setkey("external_ids", "l3-applied", digest)
        txn.commit_block()

    def stop(self) -> None:
        self._over.set()
        self.join(10)


@contextmanager
def l3_part(ovs_switch: Ovs) -> Iterator[None]:
    part = L3Part(ovs_switch.address)
    part.start()
    try:
        yield
    finally:
        part.stop()
