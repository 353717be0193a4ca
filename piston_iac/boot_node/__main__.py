"""`python3 -m piston_iac.boot_node`: the boot node's service, as its systemd unit starts it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from piston_iac.boot_node.boot_script import HTTP_PORT
from piston_iac.boot_node.clock import Chronyc, ClockReader
from piston_iac.boot_node.cloudkey_files import read_cloudkey
from piston_iac.boot_node.core import BootNode, Paths
from piston_iac.boot_node.management import take_address
from piston_iac.boot_node.server import Servers
from piston_iac.boot_node.services import Services, Systemd
from piston_iac.boot_node.timing import kernel_clock
from piston_iac.errors import PistonError

HTTPS_PORT = 9442
PATHS = Paths(
    data=Path("/var/lib/piston-bootd"),
    cloudkey=Path("/cloudkey"),
    run=Path("/run/piston-bootd"),
    chrony_conf=Path("/etc/chrony/chrony.conf"),
)
_log = logging.getLogger("piston-bootd")


async def serve(paths: Paths, services: Services, chrony: ClockReader) -> None:
    """Take the management address, start the services beside us and serve until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    cloudkey = read_cloudkey(paths.cloudkey)
    await take_address(cloudkey)
    boot_node = BootNode(paths, cloudkey, services, chrony, kernel_clock())
    servers = Servers(boot_node, HTTP_PORT, HTTPS_PORT)
    await servers.start()
    _log.info("serving site %s on %s", cloudkey.site, cloudkey.address)
    # Reading an image for its digest takes seconds: done now, the operator's first look finds it known.
    warm = asyncio.create_task(asyncio.to_thread(boot_node.releases.all))
    try:
        await boot_node.start_services()
        await stop.wait()
        await warm
    finally:
        await servers.stop()


def main() -> int:
    """Run the service with this machine's paths; the exit status is for systemd."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        asyncio.run(serve(PATHS, Systemd(), Chronyc()))
    except PistonError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
