"""What first contact bound stays bound, whatever a later look says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.converging import Converging, Inputs, Seen


class Bound(Converging[Inputs]):
    """A thing with a birth mark, which it may lose."""

    model = Inputs
    pinned = frozenset({"born"})
    mark = "first"

    def observe(self, inputs: Inputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        return Seen({}, {"born": self.mark})

    def converge(self, inputs: Inputs, bound: Mapping[str, Any]) -> None:
        pass

    def remove(self, inputs: Inputs) -> None:
        pass

    def name(self, inputs: Inputs) -> str:
        return "thing"


def test_a_lost_mark_does_not_unbind() -> None:
    provider = Bound()
    made = provider.create({"site": "lab"}).outs
    assert made
    assert made["born"] == "first"
    provider.mark = ""
    read = provider.read("lab/thing", made).outs
    assert read
    assert read["born"] == "first"
    provider.mark = "second"
    assert provider.update("lab/thing", made, {"site": "lab"}).outs["born"] == "first"


def test_nothing_is_bound_before_there_is_something_to_bind() -> None:
    provider = Bound()
    provider.mark = ""
    made = provider.create({"site": "lab"}).outs
    provider.mark = "first"
    assert provider.read("lab/thing", made).outs["born"] == "first"
