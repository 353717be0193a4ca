"""How a node gets its identity: from its mirror, or by enrolling while a deploy of it is under way."""

from __future__ import annotations

import logging
from collections.abc import Callable

from piston_iac.node_agent.boot_arguments import BootArguments
from piston_iac.node_agent.bootd import Bootd, BootdRefused, BootdUnreachable
from piston_iac.node_agent.identity import NodeIdentity
from piston_iac.node_agent.report import Machine
from piston_iac.trust.authority import Identity, new_request, node_peer_name
from piston_iac.trust.seal import new_seal_key

_log = logging.getLogger("piston-agent")

_POLL_S = 1.0


def enrol(
    boot: BootArguments, machine: Machine, bootd: Bootd, sleep: Callable[[float], None]
) -> NodeIdentity:
    """Ask each second until the boot node signs. Keys are made once and stay in memory.

    A node that nobody deploys waits here for good: that is its normal state, so there is no deadline.
    """
    csr_pem, key_pem = new_request(node_peer_name(boot.node))
    seal_private, seal_public = new_seal_key()
    request = {
        "node": boot.node,
        "mac": boot.mac,
        "hardware_uuid": machine.hardware_uuid,
        "boot_id": machine.boot_id,
        "csr_pem": csr_pem,
        "seal_key": seal_public.hex(),
    }
    said = ""
    while True:
        try:
            ca_pem = bootd.fetch_ca(boot.ca_digest)
            certificate_pem = bootd.enrol(ca_pem, request)
            return NodeIdentity(ca_pem, Identity(certificate_pem, key_pem), seal_private)
        except (BootdUnreachable, BootdRefused) as error:
            if str(error) != said:
                said = str(error)
                _log.warning("not enrolled yet: %s", said)
        sleep(_POLL_S)
