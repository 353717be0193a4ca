"""Is the data of a service here?"""

from __future__ import annotations

import pytest

from piston_iac.node_agent.services import here, judge
from piston_iac.node_document import Service
from tests.unit.node_agent.documents import disk, document

FSID, UUID = "5b1c7a8e-0000-4000-8000-000000000001", "0d5f0c55-0000-4000-8000-000000000002"
OSD = Service("osd", ("osd.service",), disk="d1", marker=f"osd:{FSID}/{UUID}/")
DOCUMENT = document(services=(OSD,))


@pytest.mark.parametrize(
    ("marker", "is_here"),
    [
        (f"osd:{FSID}/{UUID}/7", True),
        (f"osd:/{UUID}/", False),
        (f"osd:{UUID}/{UUID}/7", False),
        ("blank", False),
        ("unreadable", False),
    ],
)
def test_an_osd_is_its_disk_s_marker(marker: str, is_here: bool) -> None:
    found = here(DOCUMENT, (disk("d1", marker), disk("d2", f"osd:{FSID}/{UUID}/7")))
    assert found == ({"osd"} if is_here else frozenset())


def test_a_pulled_disk_takes_its_service_away() -> None:
    assert here(DOCUMENT, ()) == frozenset()
    assert judge(DOCUMENT, frozenset(), {"osd.service": "active"}) == {"osd": "absent"}
