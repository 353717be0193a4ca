"""Where an install can be cut short, by name, and what tells that a run has come there.

All that happens is read as lines: what the run says that it is about to do (its timeline), what the switches
and the agents noted, and what the machines print on their consoles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from piston_iac.lab.power import running
from piston_iac.lab.settings import Lab
from tests.lab.operator_shell import NODES


@dataclass(frozen=True)
class Place:
    """A place of an install. `line`: what happens there, a regular expression."""

    name: str
    line: str


PLACES = (
    Place("VLANs", r"switch data: create Interface vlan20"),
    Place("accounts of the BMCs", r"BMC of n\d: set our user"),
    Place("settings of the boot node", r"boot node: set what it serves"),
    Place("power-on", r"n[123]: start"),
    # Nodes that an earlier, killed run has started are not mon hosts: see test_killed_install.
    Place("boot, after power-on", r"console of n[123]: root image: .* verified"),
    Place("disk set-up", r"agent of n[123]: make local mirror"),
    Place("first mon", r"Ceph: n\d: makes the first mon"),
    Place("end of the permit", r"Ceph: the cluster is there: its permit is closed"),
    Place("mons that join", r"Ceph: mon of n\d joins"),
    Place("OSDs in the map", r"Ceph: OSDs in the cluster's map"),
    Place("OSDs on their disks", r"Ceph: makes OSD \d"),
    Place("pools", r"pool \w+: .*osd pool create"),
)


@dataclass
class _Tail:
    """The whole lines that were added to a file since the last look."""

    file: Path
    at: int = 0

    def skip(self) -> _Tail:
        """From here on only."""
        with suppress(OSError):
            self.at = self.file.stat().st_size
        return self

    def lines(self) -> list[str]:
        try:
            content = self.file.read_bytes()
        except OSError:
            return []
        # Shorter than it was: it was begun anew.
        fresh = content[self.at if self.at <= len(content) else 0 :]
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self.at = len(content) - len(fresh) + len(whole)
        return whole.decode(errors="replace").splitlines()


@dataclass
class Happenings:
    """What has happened since this was made, as lines that begin with a device's name."""

    lab: Lab
    _tails: dict[str, _Tail] = field(default_factory=dict)
    _journals: dict[str, tuple[int, _Tail]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tails["timeline"] = _Tail(self.lab.directory / "timeline.jsonl").skip()
        for switch in ("data", "mgmt"):
            self._tails[f"switch {switch}"] = _Tail(self.lab.home(switch) / "writes.log").skip()
        for node in NODES:
            self._tails[f"console of {node}"] = _Tail(self.lab.home(node) / "console.log").skip()
            tail = self._journal(node)
            if tail is not None:
                tail.skip()

    def new(self) -> Iterator[str]:
        """The lines since the last call."""
        for device, tail in self._tails.items():
            for line in tail.lines():
                if device == "timeline":
                    step = json.loads(line)
                    yield f"{step['device']}: {step['what']}"
                else:
                    # The switches' logs begin with the time.
                    yield f"{device}: {line.partition(' ')[2] if device.startswith('switch') else line}"
        for node in NODES:
            tail = self._journal(node)
            for line in tail.lines() if tail else ():
                yield f"agent of {node}: {json.loads(line)['what']}"

    def _journal(self, node: str) -> _Tail | None:
        """The journal of the node's system; each boot has one of its own."""
        init, tail = self._journals.get(node, (0, None))
        if tail is None or not Path(f"/proc/{init}").exists():
            found = running(self.lab, node).init
            if not found:
                return None
            tail = _Tail(Path(f"/proc/{found}/root/run/piston/journal.jsonl"))
            self._journals[node] = (found, tail)
        return tail

    def reach(self, place: Place) -> bool:
        """Whether one of the new lines tells of that place."""
        return any(re.match(place.line, line) for line in self.new())
