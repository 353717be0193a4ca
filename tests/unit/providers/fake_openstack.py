"""The driver of a control plane whose programs ask a cloud in memory: all else of it is the product's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.plan.cloud import defaults
from piston_iac.plan.cloud.api_call import Answer, Call
from tests.unit.plan.cloud.fake_cloud import FakeCloud


class FakeOpenStack(ControlPlaneDriver):
    """`away`: for so many looks to come a service does not work; `lost`: so many changes reach nobody."""

    def __init__(self, cloud: FakeCloud) -> None:
        super().__init__({})
        self.cloud = cloud
        self.away: dict[int, int] = {}
        self.lost = 0

    def _ask(self, program: str, login: Any, project: str, calls: Sequence[Call], *_: object) -> Any:
        assert (login.user, project) == ("admin", "admin")
        if program == layout.API_CHANGE:
            self.lost -= 1
            if self.lost >= 0:
                return _raw((Answer(503, {}),))
            return _raw(self.cloud.change(calls))
        self.cloud.broken = {port for port, looks in self.away.items() if looks > 0}
        self.away = {port: looks - 1 for port, looks in self.away.items()}
        return _raw(self.cloud.ask(calls))


def cloud_with(wanted: defaults.WantedDefaults) -> FakeCloud:
    """A cloud with all that is wanted of it."""
    cloud, asked = FakeCloud(), defaults.look(wanted.admin)
    while needed := defaults.calls(wanted, defaults.records(asked, cloud.ask(asked))):
        for calls in needed.values():
            cloud.change(calls)
    return cloud


def _raw(answers: Sequence[Answer]) -> dict[str, Any]:
    return {"answers": [{"code": it.code, "body": it.body} for it in answers]}
