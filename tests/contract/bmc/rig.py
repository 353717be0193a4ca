"""BMCs for the tests: real ipmi_sim processes (OpenIPMI) on loopback, with a chassis of one file.

`tool` is the independent witness: ipmitool against the same BMC.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

GUID = "9d000000-0000-4000-8000-000000000001"
FACTORY = ("ADMIN", "ADMIN")

# The chassis: power and boot device are files, and every request is one line of a log.
_HOOK = """#!/bin/sh
cd "$1" || exit 1
shift
operation=$1
shift
echo "$operation $*" >> chassis.log
if [ "$operation" = get ]; then
    for name in "$@"; do echo "$name:$(cat "$name" 2>/dev/null || echo 0)"; done
else
    while [ $# -gt 1 ]; do
        [ "$1" = power ] && [ -e stuck ] || echo "$2" > "$1"
        shift 2
    done
fi
"""

_LAN = """name "sim"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid {guid}
  endlan
  chassis_control "{hook} {where}"
  sol "tcp:localhost:{serial}" 115200
  user 1 false "" "" user 10
  user 2 true "{user}" "{password}" admin 10
  user 3 false "" "" admin 10
  user 4 false "" "" admin 10
"""

_EMULATOR = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serial(threading.Thread):
    """The system's serial port: the BMC connects to it over TCP."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._connection: socket.socket | None = None
        self._connected = threading.Event()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._connection, _ = self._listener.accept()
                self._connected.set()
                while self._connection.recv(1024):
                    pass
                self._connected.clear()

    def print(self, text: str) -> None:
        """What the system prints."""
        assert self._connected.wait(10)
        assert self._connection is not None
        self._connection.sendall(text.encode())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._listener.close()


class Bmc:
    """One simulated BMC with its chassis."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.port = free_udp_port()
        self.serial = Serial()
        self._process: subprocess.Popen[bytes] | None = None
        (where / "state").mkdir(parents=True)
        (where / "boot").write_text("none\n")
        hook = where / "chassis.sh"
        hook.write_text(_HOOK)
        hook.chmod(0o755)
        lan = _LAN.format(
            port=self.port,
            guid=GUID.replace("-", ""),
            hook=hook,
            where=where,
            serial=self.serial.port,
            user=FACTORY[0],
            password=FACTORY[1],
        )
        (where / "lan.conf").write_text(lan)
        (where / "sim.emu").write_text(_EMULATOR)

    def start(self) -> None:
        if self.serial.ident is None:
            self.serial.start()
        log = (self.where / "sim.log").open("ab")
        command = ["ipmi_sim", "-c", "lan.conf", "-f", "sim.emu", "-s", "state", "-n"]
        self._process = subprocess.Popen(
            command, cwd=self.where, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.stop()
        self.serial.close()

    def tool(self, user: str, password: str, *arguments: str, check: bool = True) -> str:
        command = ["ipmitool", "-I", "lanplus", "-C", "3", "-N", "1", "-R", "2", "-H", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", user, "-E", *arguments]
        environment = {**os.environ, "IPMI_PASSWORD": password}
        done = subprocess.run(
            command, env=environment, check=check, capture_output=True, text=True, timeout=30
        )
        return done.stdout if check else done.stdout + done.stderr

    def chassis_log(self) -> list[str]:
        path = self.where / "chassis.log"
        return path.read_text().splitlines() if path.exists() else []

    def _wait_until_it_answers(self) -> None:
        """An RMCP presence ping (ASF 2.0, section 3.2.4.2) until the BMC answers."""
        ping = bytes.fromhex("0600ff06000011be8000ff00")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.05)
            probe.connect(("127.0.0.1", self.port))
            for _ in range(200):
                try:
                    probe.send(ping)
                    probe.recv(1024)
                except OSError:
                    threading.Event().wait(0.02)
                else:
                    return
        raise TimeoutError(f"ipmi_sim does not answer on port {self.port}")


class Relay(threading.Thread):
    """Datagrams between a client and a BMC, counted by kind and, where told, lost.

    `lose` is asked for each datagram from the client: its number from 0 and its bytes.
    """

    def __init__(
        self, bmc_port: int, lose: Callable[[int, bytes], bool] = lambda _number, _data: False
    ) -> None:
        super().__init__(daemon=True)
        self._bmc = ("127.0.0.1", bmc_port)
        self._lose = lose
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self.port = int(self._front.getsockname()[1])
        self.kinds: list[int] = []
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._front, *self._backs.values()], [], [], 0.1)
            for source in ready:
                if source is self._front:
                    self._from_client()
                else:
                    client = next(peer for peer, back in self._backs.items() if back is source)
                    with contextlib.suppress(OSError):
                        self._front.sendto(source.recv(4096), client)

    def _from_client(self) -> None:
        data, client = self._front.recvfrom(4096)
        number = len(self.kinds)
        self.kinds.append(data[5] & 0x3F if data[4] == 6 else -1)
        if self._lose(number, data):
            return
        if client not in self._backs:
            self._backs[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._backs[client].sendto(data, self._bmc)

    def close(self) -> None:
        self._over.set()
        self.join(5)
        for one in (self._front, *self._backs.values()):
            one.close()
