"""A round of drifts: foreign hands at work, what a plan says, what `up` does, and the plan after that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.cloud import Cloud
from tests.lab.cloud_drifts import CloudDrift, inject, missed
from tests.lab.operator_shell import Result


@dataclass
class Played:
    """One round."""

    name: str
    drifts: Mapping[str, CloudDrift]
    plan: Result
    repair: Result
    after: Result

    def check_told(self) -> None:
        """Each drift is one line of the plan, and nothing else is."""
        assert self.plan.code == 0, self.plan.text
        told = self.plan.told()
        assert missed(self.drifts, told) == [], self.plan.text
        assert sum(map(len, told.values())) == len(self.drifts), self.plan.text

    def check_mended(self) -> None:
        """`up` mends all of it, and the plan after that is clean."""
        assert self.repair.code == 0, self.repair.text
        assert self.after.is_clean(), f"{self.repair.text}\n{self.after.text}"
        print(f"{self.name}: plan {self.plan.seconds:.1f} s, up {self.repair.seconds:.0f} s")


def play(cloud: Cloud, name: str, drifts: Mapping[str, CloudDrift]) -> Played:
    """All drifts of a round at once."""
    cloud.ca_file()
    for drift in drifts.values():
        inject(cloud, drift)
    plan = cloud.preview()
    repair = cloud.up()
    return Played(name, drifts, plan, repair, cloud.preview())
