"""The next action that brings one node toward its document. Pure: a table of states, no I/O.

States, in the order of a first install: off -> booting -> enrolled -> applying -> settled. `failed`
and `foreign` end the attempt and say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from piston_iac.node_document import NodeDocument
from piston_iac.node_report import NodeReport
from piston_iac.plan.node_fields import seen_fields, wanted_fields


class Action(StrEnum):
    """What the driver does next."""

    START = "start"  # open the deploy window, boot from the network, power on
    ADMIT = "admit"  # open the deploy window alone: the machine is on and may still come by itself
    RESTART = "restart"  # as start, after power off: it has been silent for long
    PUBLISH = "publish"  # seal the document to the node's key and have the agent fetch it
    CONVERGE = "converge"  # have the agent apply the document it already has


@dataclass(frozen=True)
class Do:
    """Do this now."""

    action: Action


@dataclass(frozen=True)
class Wait:
    """Nothing to do but wait; `what` says for what."""

    what: str


@dataclass(frozen=True)
class Done:
    """The node is as wanted."""


@dataclass(frozen=True)
class Fail:
    """It cannot go on without the operator. `remedy` is empty where the cause says what to do."""

    cause: str
    remedy: str


Step = Do | Wait | Done | Fail


@dataclass(frozen=True)
class NodeObserved:
    """One look at the node from outside.

    `power_on`: from the BMC, or because the agent answers. `report`: from the agent, None when it gives
    no answer. `silent_s`: how long we have been looking without an answer, seconds.
    """

    power_on: bool
    report: NodeReport | None
    silent_s: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """What this attempt did so far.

    `started`: it powered the node on. `ours`: the machine was started by an earlier attempt of ours, so it
    may be restarted once it has been silent for `patience_s` seconds. `admitted`: its window is open.
    `published` and `converged`: what the agent was told.
    """

    started: bool = False
    admitted: bool = False
    patience_s: float = 60.0
    ours: bool = False
    published: bool = False
    converged: bool = False


def next_step(document: NodeDocument, observed: NodeObserved, attempt: Attempt) -> Step:
    """Choose the next action for one node.

    Args:
        document: what the node is to be told.
        observed: the latest look.
        attempt: what was done already.
    """
    if observed.report is not None and observed.power_on:
        return _with_agent(document, observed.report, attempt)
    return _without_agent(observed, attempt)


def _without_agent(observed: NodeObserved, attempt: Attempt) -> Step:
    if not observed.power_on:
        if attempt.started:
            return Fail(
                "the node was powered on and is off again", "look at its console and its power supply"
            )
        return Do(Action.START)
    if attempt.started:
        return Wait("the node to boot and enrol")
    if attempt.ours:
        return _silent(observed, attempt)
    return Fail(
        "the machine is powered on and runs something that is not ours",
        "Power it off if it may be installed, then run `pulumi up` again.",
    )


def _silent(observed: NodeObserved, attempt: Attempt) -> Step:
    """A machine of ours that is on and does not answer.

    It may be booting, or busy for a moment: it is restarted only after a patience as long as a boot.
    """
    if not attempt.admitted:
        return Do(Action.ADMIT)
    if observed.silent_s < attempt.patience_s:
        left_s = attempt.patience_s - observed.silent_s
        return Wait(f"its agent to answer, before it is restarted in {left_s:.0f} s")
    return Do(Action.RESTART)


def _with_agent(document: NodeDocument, report: NodeReport, attempt: Attempt) -> Step:
    if report.phase == "applying":
        return Wait(report.progress or "the node to apply its document")
    if report.document != document.digest():
        return _not_yet_applied(report, attempt)
    if report.phase == "failed":
        return _failed(report, attempt)
    fields = differing(document, report)
    if not fields:
        return Done()
    if "release" in fields:
        # It boots the right one by itself. When, is for the operator to say: its daemons are away meanwhile.
        return Fail(
            f"it runs release {report.release}, not {document.release}",
            "Power it off, one node at a time, then run `pulumi up`: it boots the right release.",
        )
    if fields == ("clock",):
        # Nothing is to be done for a clock but to wait until chrony has followed its servers a while.
        return Wait("the clock to be in step")
    if attempt.published or attempt.converged:
        return Wait(f"{', '.join(fields)} to be as wanted")
    return Do(Action.CONVERGE)


def _not_yet_applied(report: NodeReport, attempt: Attempt) -> Step:
    if not attempt.published:
        return Do(Action.PUBLISH)
    if report.phase == "failed":
        return _failed(report, attempt)
    return Wait("the node to take its document")


def _failed(report: NodeReport, attempt: Attempt) -> Step:
    if not attempt.published and not attempt.converged:
        return Do(Action.CONVERGE)
    # The agent's faults say themselves what to do about them.
    return Fail(report.fault or "the node agent failed", "")


def differing(document: NodeDocument, report: NodeReport) -> tuple[str, ...]:
    """Names of the top-level fields in which the node is not as wanted."""
    wanted, seen = wanted_fields(document), seen_fields(report)
    return tuple(name for name in wanted if name in seen and wanted[name] != seen[name])
