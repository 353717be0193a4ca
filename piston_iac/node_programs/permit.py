"""Using up a permit of the boot node's: what may happen once in a cluster's life needs one."""

from __future__ import annotations

from pathlib import Path

from piston_iac.node_agent.boot_arguments import COMMAND_LINE, BootArguments, parse
from piston_iac.node_agent.bootd import Bootd, BootdRefused, BootdUnreachable
from piston_iac.node_agent.identity import load_identity
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

_IDENTITIES = (Path("/persist"), Path("/run"))


def redeem_permit(purpose: str, token: Secret) -> None:
    """Use this node's permit for a purpose up at the boot node.

    Raises:
        Fault: it does not count, or the boot node does not answer.
    """
    boot = boot_arguments()
    found = (load_identity(place, boot.ca_digest) for place in _IDENTITIES)
    identity = next((it for it in found if it), None)
    if identity is None:
        raise Fault("this node has no identity yet")
    try:
        Bootd(boot.bootd).use_permit(identity.ca_pem, identity.tls, purpose, token.get_secret_value())
    except (BootdUnreachable, BootdRefused) as error:
        raise Fault(f"the permit {purpose} does not count: {error}") from None


def boot_arguments() -> BootArguments:
    """How this node was booted.

    Raises:
        Fault: the kernel's command line is not that of a node.
    """
    try:
        return parse(COMMAND_LINE.read_text())
    except ValueError as error:
        raise Fault(str(error)) from None
