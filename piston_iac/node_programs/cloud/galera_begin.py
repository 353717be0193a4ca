"""Which member of a database that runs nowhere begins it again? Pure: made of what their disks say.

Galera itself begins again only when the members that are there are exactly those of its last view. With one
that left before, and came back too, or whose power went before its disk knew that it had left, it would wait
for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

_MEMBER = re.compile(r"^member:\s*(\S+)", re.MULTILINE)
_OWN = re.compile(r"^my_uuid:\s*(\S+)", re.MULTILINE)
_VIEW = re.compile(r"^view_id:\s*\d+\s+\S+\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class View:
    """The last primary component that a member was in: its number, who was in it, and who it is itself.

    Number 0: it left in order, or was in none.
    """

    number: int = 0
    own: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """What a member that does not run knows. `position`: `<cluster uuid>:<number of its last write>`, empty
    for no data.
    """

    position: str
    view: View

    @property
    def cluster(self) -> str:
        """Id of the history of its data."""
        return self.position.rpartition(":")[0]

    @property
    def writes(self) -> int:
        """Number of its last write; -1 for none that is known."""
        number = self.position.rpartition(":")[2]
        return int(number) if number.lstrip("-").isdigit() else -1


def parse_view(gvwstate: str) -> View:
    """Read Galera's gvwstate.dat: there while a member is in a primary component, and after its death."""
    own, number = _OWN.search(gvwstate), _VIEW.search(gvwstate)
    if own is None or number is None:
        return View()
    members = tuple(sorted(_lasting(it) for it in _MEMBER.findall(gvwstate)))
    return View(int(number[1]), _lasting(own[1]), members)


def _lasting(uuid: str) -> str:
    """A member's id without the part that counts its starts."""
    parts = uuid.split("-")
    return "-".join((*parts[:3], *parts[4:]))


def to_json(member: Member) -> str:
    """For its peers."""
    return json.dumps(asdict(member))


def parse_member(text: str) -> Member:
    """What `to_json` made.

    Raises:
        ValueError, KeyError, TypeError: it is something else.
    """
    raw = json.loads(text)
    view = raw["view"]
    return Member(str(raw["position"]), View(int(view["number"]), str(view["own"]), tuple(view["members"])))


def beginner(members: Mapping[str, Member | None]) -> tuple[str, tuple[str, ...]]:
    """Who begins, and for whom it is waited when nobody does.

    Whatever was committed had reached every member of the last view, if not each one's disk. So it is enough
    that all of these are here; or that all members are. The one that has most begins; of several, the first.

    Args:
        members: all of them by name; None for one that gives no answer.
    """
    here = {name: it for name, it in members.items() if it is not None}
    absent = tuple(name for name in members if name not in here)
    with_data = {name: it for name, it in here.items() if it.writes >= 0}
    if not with_data or len({it.cluster for it in with_data.values()}) > 1:
        return "", absent
    last = max(here.values(), key=lambda it: it.view.number).view
    known = {it.view.own for it in here.values()}
    if absent and (not last.number or not set(last.members) <= known):
        return "", absent
    return min(with_data, key=lambda name: (-with_data[name].writes, name)), ()


def as_they_were(members: Mapping[str, Member | None]) -> bool:
    """Whether all members are here, and each was last in one view of all of them.

    Then Galera itself begins again when they start, and nobody has to copy anything. With fewer it could be
    disturbed: by one that comes while it begins.
    """
    here = [it for it in members.values() if it is not None]
    views = {it.view.members for it in here}
    return len(here) == len(members) and len(views) == 1 and set(views.pop()) == {it.view.own for it in here}
