"""Documents and reports come over whole, and those of another release are told apart."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from piston_iac import node_report
from piston_iac.node_document import SCHEMA, File, LocalMirror, Program, Service, from_json
from piston_iac.node_report import Clock, Disk, InterfaceState, MirrorState, NodeReport
from tests.unit.node_agent.documents import LABEL, document

WHOLE = document(
    files=(File("/etc/a", "ä\n", "0600", ("a.service",), secret=True, owner="ceph"),),
    mirror=LocalMirror(LABEL, "btrfs-raid10", ("d1", "d2"), "/persist", wipe=("d2",)),
    osd_disks=("d5",),
    time_servers=("10.30.10.5",),
    services=(
        Service("mon", ("mon.service",), path="/persist/mon.ready", recover=("recover", "mon")),
        Service("osd", ("osd@d5.service",), disk="d5", marker="osd:f/u/"),
    ),
    programs=(Program("look", ("python3", "-m", "look"), writes=False, limit_s=30.0),),
)
REPORT = NodeReport(
    node="n1",
    boot_id="b",
    hardware_uuid="u",
    seal_key="",
    release="r",
    image_digest="i",
    document=WHOLE.digest(),
    phase="settled",
    progress="",
    fault="",
    files={"/etc/a": "0"},
    units={},
    disks=(Disk("d5", 1, "osd:f/u/7", True),),
    mirror=MirrorState("degraded", LABEL, "raid10", ("d1",), ("d2",)),
    gateway="",
    interfaces=(InterfaceState("service", 20, "", 1500, True),),
    clock=Clock(True, 0.0, ("10.30.10.5",)),
    writes=1,
    services={"mon": "running", "osd": "absent"},
)


def test_a_document_comes_over_whole() -> None:
    again = from_json(WHOLE.to_json())
    assert again == WHOLE
    assert again.digest() == WHOLE.digest()


def test_every_part_counts_for_the_digest() -> None:
    (file,), (mon, osd), (look,) = WHOLE.files, WHOLE.services, WHOLE.programs
    others = (
        replace(WHOLE, files=(replace(file, owner="root"),)),
        replace(WHOLE, services=(replace(mon, recover=()), osd)),
        replace(WHOLE, programs=(replace(look, writes=True),)),
    )
    assert len({it.digest() for it in (WHOLE, *others)}) == 4


def edited(**changes: object) -> str:
    return json.dumps({**json.loads(WHOLE.to_json()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        edited(schema=SCHEMA + 1),
        edited(surprise=1),
        edited(services=[{"name": "mon", "units": []}]),
        edited(programs=[{"name": "look", "command": [], "writes": False, "shell": True}]),
        "{}",
        "",
    ],
)
def test_a_document_of_another_release_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


def test_a_report_comes_over_whole() -> None:
    assert node_report.from_dict(json.loads(json.dumps(REPORT.to_dict()))) == REPORT


def test_a_report_with_a_field_that_is_not_known_is_of_another_release() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        node_report.from_dict({**REPORT.to_dict(), "surprise": 1})
