"""Preconditions: what the cloud would not survive is refused before any node is told of it.

Nodes come after it. It changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult, Resource

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.control_access import WithAdministrator, open_control_plane
from piston_iac.dynamic_providers.converging import Converging, Props, Seen
from piston_iac.errors import PistonError
from piston_iac.plan.cloud.moves import any_leaves, too_many_leave
from piston_iac.plan.cloud.root_disks import LOOK, if_a_node_died, left_behind
from piston_iac.site.schema import RootDisks


class PreconditionsInputs(WithAdministrator):
    """`control_hosts`, `ovn_hosts`: nodes that hold the control plane and OVN's databases.

    `root_disks`: where machines have theirs, None without a cloud.
    """

    control_hosts: tuple[str, ...]
    ovn_hosts: tuple[str, ...]
    root_disks: RootDisks | None = None


class PreconditionsProvider(Converging[PreconditionsInputs]):
    """Looks at what is to change, and at what the change would leave behind."""

    model = PreconditionsInputs
    secrets = frozenset({"access", "adminPassword"})
    untold = frozenset({"hosts", "controlHosts", "ovnHosts"})

    def name(self, inputs: PreconditionsInputs) -> str:
        """There is one a site."""
        return "preconditions"

    def impossible(self, olds: Props, news: Props) -> list[CheckFailure]:
        """Why the nodes may not be told; all causes at once."""
        causes = {
            # Database and queues would keep waiting for it.
            "controlHosts": any_leaves(olds.get("controlHosts", ()), news["controlHosts"]),
            # A majority of the members stays, or nobody can vote newcomers in.
            "ovnHosts": too_many_leave(olds.get("ovnHosts", ()), news["ovnHosts"]),
            "rootDisks": "; ".join(self._left_behind(olds.get("rootDisks"), news)),
        }
        return [CheckFailure(field, cause) for field, cause in causes.items() if cause]

    def _left_behind(self, before: str | None, news: Props) -> Iterator[str]:
        """Root disks stay where they are while machines have theirs there, which are asked for."""
        # Without a cloud there is no such field: the engine keeps no empty ones.
        if not before or before == news.get("rootDisks"):
            return
        inputs = self._parse(news)
        try:
            (answer,) = open_control_plane(inputs).ask(inputs.login(), (LOOK,), self._look(inputs))
        except PistonError as error:
            yield f"nobody tells which machines there are: {error}"
            return
        if cause := left_behind(RootDisks(before), answer):
            yield cause

    def read(self, id_: str, props: Props) -> ReadResult:
        """As any; and the plan says what becomes of machines whose node dies."""
        if root_disks := self._parse(props).root_disks:
            runtime.of_the_site(if_a_node_died(root_disks))
        return super().read(id_, props)

    def observe(self, inputs: PreconditionsInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Nothing: nodes, ControlPlane and OvnCentral tell what of it is so."""
        return Seen({})

    def converge(self, inputs: PreconditionsInputs, bound: Mapping[str, Any]) -> None:
        """Nothing: those that come after it do."""

    def remove(self, inputs: PreconditionsInputs) -> None:
        """Nothing is there to remove."""


class Preconditions(Resource, module="piston", name="Preconditions"):
    """What must hold before nodes are told anything."""

    def __init__(self, name: str, inputs: PreconditionsInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(PreconditionsProvider(), name, PreconditionsProvider.sealed(inputs), opts)
