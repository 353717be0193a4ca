"""The state table of a node: what is done next in each situation."""

from dataclasses import replace

import pytest

from piston_iac.node_document import File, Interface, LocalMirror, Networking, NodeDocument
from piston_iac.node_report import Clock, InterfaceState, MirrorState, NodeReport
from piston_iac.plan.node_steps import (
    Action,
    Attempt,
    Do,
    Done,
    Fail,
    NodeObserved,
    Step,
    Wait,
    differing,
    next_step,
)

DOCUMENT = NodeDocument(
    site="lab",
    node="n1",
    release="2026.11",
    hostname="n1",
    files=(File("/etc/hosts", "x"),),
    units=("chrony.service",),
    networking=Networking(
        "br-data", "52:54:00:0b:00:01", (Interface("service", 20, "10.30.20.11/24", 1500),), ""
    ),
    mirror=LocalMirror("piston:lab:n1", "btrfs-raid10", ("a", "b", "c", "d"), "/persist"),
    osd_disks=("e",),
    image_cache_bytes=1,
    time_servers=("10.30.10.5",),
)
READY = NodeReport(
    node="n1",
    boot_id="b",
    hardware_uuid="u",
    seal_key="",
    release="2026.11",
    image_digest="",
    document=DOCUMENT.digest(),
    phase="settled",
    progress="",
    fault="",
    files={"/etc/hosts": DOCUMENT.files[0].digest()},
    units={"chrony.service": "active"},
    disks=(),
    mirror=MirrorState("healthy", "piston:lab:n1", "raid10", ("d", "c", "b", "a")),
    gateway="",
    interfaces=(InterfaceState("service", 20, "10.30.20.11/24", 1500, True),),
    clock=Clock(True, 0.0, ("10.30.10.5",)),
    writes=0,
    uplink="up",
)
OFF = NodeObserved(power_on=False, report=None)
SILENT = NodeObserved(power_on=True, report=None)
SILENT_59, SILENT_60 = replace(SILENT, silent_s=59.0), replace(SILENT, silent_s=60.0)
WAITED = Attempt(ours=True, admitted=True, patience_s=60.0)
FRESH = replace(READY, document="", phase="waiting")
STOPPED = replace(READY, units={"chrony.service": "inactive"})
SKEWED = replace(READY, clock=Clock(False, 3.0, ()))
BROKEN = replace(READY, phase="failed", fault="disk a carries ext4")


def seen(report: NodeReport) -> NodeObserved:
    return NodeObserved(power_on=True, report=report)


STARTED, PUBLISHED, CONVERGED = Attempt(started=True), Attempt(published=True), Attempt(converged=True)


@pytest.mark.parametrize(
    ("observed", "attempt", "step"),
    [
        (OFF, Attempt(), Do(Action.START)),
        (SILENT, STARTED, Wait("the node to boot and enrol")),
        (SILENT, Attempt(ours=True), Do(Action.ADMIT)),
        (SILENT_59, WAITED, Wait("its agent to answer, before it is restarted in 1 s")),
        (SILENT_60, WAITED, Do(Action.RESTART)),
        (seen(FRESH), Attempt(), Do(Action.PUBLISH)),
        (seen(FRESH), PUBLISHED, Wait("the node to take its document")),
        (seen(replace(FRESH, phase="applying", progress="mirror")), PUBLISHED, Wait("mirror")),
        (seen(READY), Attempt(), Done()),
        (seen(STOPPED), Attempt(), Do(Action.CONVERGE)),
        (seen(STOPPED), CONVERGED, Wait("units to be as wanted")),
        (seen(SKEWED), Attempt(), Wait("the clock to be in step")),
        (seen(BROKEN), Attempt(), Do(Action.CONVERGE)),
        (seen(replace(READY, document="older")), Attempt(), Do(Action.PUBLISH)),
    ],
)
def test_next_step(observed: NodeObserved, attempt: Attempt, step: Step) -> None:
    assert next_step(DOCUMENT, observed, attempt) == step


@pytest.mark.parametrize(
    ("observed", "attempt", "words"),
    [
        (SILENT, Attempt(), "not ours"),
        (OFF, STARTED, "off again"),
        (seen(BROKEN), CONVERGED, "disk a carries ext4"),
        (seen(replace(BROKEN, document="")), PUBLISHED, "disk a carries ext4"),
        (seen(replace(READY, release="2026.10")), Attempt(), "it runs release 2026.10, not 2026.11"),
    ],
)
def test_it_ends_with_a_cause(observed: NodeObserved, attempt: Attempt, words: str) -> None:
    step = next_step(DOCUMENT, observed, attempt)
    assert isinstance(step, Fail)
    assert words in step.cause


def test_a_machine_that_is_not_ours_is_never_power_cycled() -> None:
    assert not isinstance(next_step(DOCUMENT, SILENT, Attempt()), Do)


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (replace(READY, files={"/etc/hosts": ""}), "files"),
        (replace(READY, mirror=replace(READY.mirror, state="degraded")), "mirror"),
        (replace(READY, gateway="10.30.20.1"), "gateway"),
        (replace(READY, release="2026.10"), "release"),
        (replace(READY, interfaces=()), "interfaces"),
        (replace(READY, strangers=("miner.service",)), "strangers"),
        (replace(READY, flows=("priority=1 actions=drop",)), "flows"),
        (replace(READY, image_cache_bytes=1 << 31), "imageCacheGib"),
        (replace(READY, switch_settings={"hostname": "n9"}), "switchSettings"),
    ],
)
def test_each_field_counts(report: NodeReport, field: str) -> None:
    assert differing(DOCUMENT, report) == (field,)
    assert differing(DOCUMENT, READY) == ()


def test_a_stopped_time_daemon_is_one_difference() -> None:
    stopped = replace(STOPPED, clock=Clock(False, 0.0, ()))
    assert differing(DOCUMENT, stopped) == ("units",)
