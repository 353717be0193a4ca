"""Start the agent: who am I, where is my mirror, who signs me, then serve and work."""

from __future__ import annotations

import logging
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from piston_iac.node_agent.agent import Agent
from piston_iac.node_agent.apply import Hands
from piston_iac.node_agent.boot_arguments import COMMAND_LINE, parse
from piston_iac.node_agent.boot_copier import boot_copier
from piston_iac.node_agent.bootd import Bootd
from piston_iac.node_agent.converge import adopt_mirror
from piston_iac.node_agent.enrol import enrol
from piston_iac.node_agent.fence import Fence
from piston_iac.node_agent.identity import load_identity, store_identity
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.machine import boot_id, hardware_uuid
from piston_iac.node_agent.management import wait_for_address
from piston_iac.node_agent.report import Machine
from piston_iac.node_agent.server import PORT, make_server
from piston_iac.node_agent.units import PendingRestarts
from piston_iac.trust.tls import server_context

_log = logging.getLogger("piston-agent")

_RUN = Path("/run/piston")
_MIRROR = Path("/persist")
# /run is memory: an agent that is started again in the same boot is the same node.
_MEMORY = Path("/run")


def main() -> int:
    """Run until the process ends."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        boot = parse(COMMAND_LINE.read_text())
    except ValueError as error:
        _log.error("%s", error)
        return 1
    _RUN.mkdir(mode=0o700, exist_ok=True)
    journal = Journal(_RUN / "journal.jsonl", lambda: datetime.now(UTC))
    pending = PendingRestarts(_RUN / "restart")
    machine = Machine(hardware_uuid(), boot_id(_RUN / "boot_id"))
    address = wait_for_address(boot.mac, boot.address, journal, time.sleep)
    for fault in adopt_mirror(boot.mirror_label, _MIRROR, Hands(journal, pending), _log.info):
        _log.error("%s", fault)
    bootd = Bootd(boot.bootd)
    kept = load_identity(_MIRROR, boot.ca_digest) or load_identity(_MEMORY, boot.ca_digest)
    identity = kept or enrol(boot, machine, bootd, time.sleep)
    store_identity(_MEMORY, identity)
    copier = boot_copier(_MIRROR)
    agent = Agent(boot, machine, bootd, identity, journal, pending, _MIRROR, applied=copier.applied)
    context = server_context(identity.ca_pem, identity.tls, require_client=True)
    server = make_server(address, PORT, context, agent, Fence(_RUN / "gate-token"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=copier.run, daemon=True).start()
    _log.info("%s serves on %s:%d as %s", boot.node, address, PORT, "before" if kept else "newly enrolled")
    agent.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
