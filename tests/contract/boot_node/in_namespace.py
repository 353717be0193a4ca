"""Run inside a network namespace: the whole service with a real dnsmasq, one call of the driver, or a node
that looks for its management address.

python -m tests.contract.boot_node.in_namespace serve|put-settings DIRECTORY
python -m tests.contract.boot_node.in_namespace take-address DIRECTORY MAC ADDRESS/LENGTH
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from piston_iac.boot_node.__main__ import serve
from piston_iac.boot_node.core import Paths
from piston_iac.boot_node.services import CHRONY, DNSMASQ
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.management import wait_for_address
from tests.contract.boot_node.rig import CA_PEM, OPERATOR, SteadyClock, soon


class Processes:
    """dnsmasq as a process of ours, started as its systemd unit starts it; chrony only noted."""

    def __init__(self, conf: Path) -> None:
        self._conf = conf
        self._dnsmasq: asyncio.subprocess.Process | None = None

    async def restart(self, unit: str) -> None:
        if unit == DNSMASQ:
            await self.stop()
            # Dies with us, however we die.
            self._dnsmasq = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL"),
                *("dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={self._conf}"),
            )

    async def states(self) -> dict[str, str]:
        alive = self._dnsmasq is not None and self._dnsmasq.returncode is None
        return {DNSMASQ: "active" if alive else "inactive", CHRONY: "active"}

    async def stop(self) -> None:
        if self._dnsmasq is not None and self._dnsmasq.returncode is None:
            self._dnsmasq.terminate()
            await self._dnsmasq.wait()


async def serve_until_told(root: Path) -> None:
    paths = Paths(root / "data", root / "cloudkey", root / "run", root / "chrony.conf")
    services = Processes(paths.dnsmasq_conf)
    try:
        await serve(paths, services, SteadyClock())
    finally:
        await services.stop()


def put_settings(root: Path) -> None:
    settings = json.loads((root / "settings.json").read_text())
    client = BootNodeClient(settings["address"], CA_PEM, OPERATOR)
    client.put_settings(settings, soon())
    print(client.observe(soon()).services)


def take_address(root: Path, mac: str, given: str) -> None:
    journal = Journal(root / "journal.jsonl", lambda: datetime.now(UTC))
    address = wait_for_address(mac, given, journal, time.sleep)
    print(address, [entry["what"] for entry in journal.entries()])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    what, directory = sys.argv[1], Path(sys.argv[2])
    if what == "serve":
        asyncio.run(serve_until_told(directory))
    elif what == "take-address":
        take_address(directory, sys.argv[3], sys.argv[4])
    else:
        put_settings(directory)
