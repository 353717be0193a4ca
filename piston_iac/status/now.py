"""Why is a node as it is, and what to do? One line of each. Pure.

The causes are in the order in which one hides the others: a machine that is off has no agent, an agent behind
a wrong VLAN gives no report.
"""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.program.declared import bmc_name
from piston_iac.status.model import SILENT, UNKNOWN, Node, Resource, Status, Verdict

_UP = "`pulumi up` repairs it."
_AGAIN = "Remove that cause, then run `pulumi up`."


@dataclass(frozen=True)
class Now:
    """`remedy` is empty when there is nothing to do."""

    cause: str
    remedy: str

    def line(self) -> str:
        """As the last line of a timeline."""
        return f"now: {self.cause.rstrip('.')}." + (f" {self.remedy}" if self.remedy else "")


@dataclass(frozen=True)
class BootView:
    """What the boot node knows of the node. `answers` false: it was not to be asked."""

    answers: bool
    enrolled: bool = False
    window_s: float = 0.0
    document: bool = False


def now(status: Status, name: str, ports: frozenset[str], boot: BootView) -> Now:
    """The cause, and what to do.

    Args:
        status: of the site; only this node's resources need to have been asked.
        ports: names of the resources of its switch ports.
        boot: the boot node's view.
    """
    node = next(it for it in status.nodes if it.name == name)
    rows = {row.name: row for row in status.resources}
    own, bmc = rows[name], rows[bmc_name(name)]
    wrong_ports = [rows[port] for port in sorted(ports) if rows[port].verdict is not Verdict.RIGHT]
    if own.verdict is Verdict.FAULT:
        return Now(own.reason, own.remedy or _AGAIN)
    if node.phase == SILENT:
        return _silent(node, own, bmc, wrong_ports, boot)
    return _answering(node, own, [bmc, *wrong_ports], boot)


def _silent(node: Node, own: Resource, bmc: Resource, ports: list[Resource], boot: BootView) -> Now:
    if node.power == "off":
        return Now("it is powered off", "`pulumi up` switches it on and boots it.")
    if ports:
        return Now(f"its agent gives no answer, and {_told(ports[0])}", _remedy(ports[0]))
    if node.power == UNKNOWN:
        return Now(
            f"neither its agent nor its BMC lets us see it: {bmc.reason or own.reason}",
            bmc.remedy or "Check the machine's power and the cables of its BMC and boot card.",
        )
    if not boot.answers:
        return Now(
            "it is powered on, but neither its agent nor the boot node gives an answer",
            "Check the boot node first: a node without an image of its own cannot boot.",
        )
    if boot.window_s > 0:
        return Now(
            f"it is powered on and has not {'answered' if boot.enrolled else 'enrolled'} yet; "
            f"the boot node waits for it for {boot.window_s:.0f} s more",
            "Wait, or look at its console.",
        )
    if not boot.enrolled:
        return Now("it is powered on and was never enrolled", "`pulumi up` installs it.")
    return Now(
        "it is powered on, but its agent gives no answer",
        "Look at its console and its boot cable; `pulumi up` restarts a node that does not answer.",
    )


def _answering(node: Node, own: Resource, others: list[Resource], boot: BootView) -> Now:
    if node.phase == "failed":
        return Now(node.fault or "its agent failed to apply its document", _AGAIN)
    if node.phase == "applying":
        return Now(f"its agent works: {node.progress or 'it applies its document'}", "Wait.")
    if node.phase == "waiting":
        known = "there is one at the boot node" if boot.document else "there is none at the boot node"
        return Now(f"its agent waits for a document, and {known}", "`pulumi up` gives it one.")
    wrong = [row for row in (own, *others) if row.verdict is not Verdict.RIGHT]
    if not wrong:
        return Now("it is as wanted", "")
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Now(f"it runs, but {_told(wrong[0])}{more}", _remedy(wrong[0]))


def _told(row: Resource) -> str:
    """What is wrong with a resource, in a few words."""
    if row.reason:
        return f"{row.device}: {row.reason}"
    if not row.differences:
        return f"{row.name} could not be seen"
    shown = ", ".join(f"{one.field} is {one.seen}, wanted {one.wanted}" for one in row.differences[:2])
    rest = len(row.differences) - 2
    more = f" and {rest} more field{'' if rest == 1 else 's'}" if rest > 0 else ""
    return f"{row.name}: {shown}{more}"


def _remedy(row: Resource) -> str:
    return row.remedy or _UP
