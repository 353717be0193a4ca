"""CloudCheck: the proof that the cloud works, from a machine on each node to a login at the dashboard.

It runs when what it has to show is another one than what it showed last, or that is long ago. A look at it
starts nothing: it reads what the last one left in Keystone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.check_run import DEVICE, CheckRun
from piston_iac.dynamic_providers.control_access import WithAdministrator, open_control_plane
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused
from piston_iac.plan.cloud.api_call import Answer
from piston_iac.plan.cloud.check import record
from piston_iac.plan.cloud.check.nodes import late
from piston_iac.plan.cloud.check.seen import COMPUTE_LOOK, PROJECT_LOOK, computes

_LOOK_S = 40.0
# Each node takes its turn with a change.
_NODES_S, _REPORTS_S = 900.0, 7.0
_WAITING = Waiting(DEVICE, "check itself", "See the lines of the nodes it names", poll_s=2.0)
_REMEDY = "See the lines of Keystone and Nova."


class CloudCheckInputs(WithAdministrator):
    """Who checks, and the fields that are compared.

    `digest`: of all that a check depends on; `nodes`: those that have to run machines; `max_age_h`: how old
    a check may be, hours. `others`: management address by node that is no control host; `documents`: SHA-256
    of what each node has to be told before it is checked.
    """

    max_age_h: float
    others: dict[str, str]
    documents: dict[str, str]
    digest: str
    age: str
    nodes: dict[str, str]


class CloudCheckProvider(Converging[CloudCheckInputs]):
    """Reads the last check, and runs one."""

    model = CloudCheckInputs
    secrets = frozenset({"access", "adminPassword"})
    untold = frozenset({"hosts", "others", "documents"})

    def name(self, inputs: CloudCheckInputs) -> str:
        """There is one a site."""
        return "cloud-check"

    def observe(self, inputs: CloudCheckInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """What the last one left."""
        driver = open_control_plane(inputs)
        try:
            kept, computes = driver.ask(inputs.login(), (PROJECT_LOOK, COMPUTE_LOOK), deadline)
            last, states = record.read(kept), _states(inputs, computes)
        except ValueError as error:
            raise DeviceRefused(DEVICE, "read its last check", str(error), _REMEDY) from None
        fields = record.seen_fields(last, states, inputs.max_age_h, time.time())
        return Seen(fields, {"report": record.told(last)})

    def converge(self, inputs: CloudCheckInputs, bound: Mapping[str, Any]) -> None:
        """Run one, and keep that it passed."""
        driver = open_control_plane(inputs, inputs.others)
        _await_nodes(inputs, driver)
        hosts, away = _hosts(inputs, driver)
        for host, state in away.items():
            runtime.warn(f"the check leaves out {host}: its nova-compute is {state}")
        run = CheckRun(driver, inputs.login(), hosts)
        run.run()
        run.keep(record.Record(inputs.digest, time.time(), hosts, run.seconds))

    def remove(self, inputs: CloudCheckInputs) -> None:
        """It has left nothing but its record, which is the project's."""

    def outlook(self, inputs: CloudCheckInputs, deadline: Deadline) -> list[str]:
        """What it will do."""
        return [f"a machine on each of {', '.join(inputs.nodes)}, and what machines need"]


def _await_nodes(inputs: CloudCheckInputs, driver: ControlPlaneDriver) -> None:
    """Until all that answer have applied what they are told."""
    limit = Deadline.after(_NODES_S, runtime.CANCELLED)
    while True:
        reports = driver.node_reports(Deadline.after(_REPORTS_S, runtime.CANCELLED))
        waits = late(inputs.documents, reports, runtime.given_up())
        if not waits:
            return
        _WAITING.pause(", ".join(waits), limit)


def _hosts(inputs: CloudCheckInputs, driver: ControlPlaneDriver) -> tuple[list[str], dict[str, str]]:
    """The nodes that take machines now, and why the others do not."""
    limit = Deadline.after(_LOOK_S, runtime.CANCELLED)
    (answer,) = driver.ask(inputs.login(), (COMPUTE_LOOK,), limit)
    try:
        states = _states(inputs, answer)
    except ValueError as error:
        raise DeviceRefused(DEVICE, "ask which nodes take machines", str(error), _REMEDY) from None
    hosts = [host for host, state in states.items() if state == record.UP]
    if not hosts:
        raise DeviceRefused(DEVICE, "check itself", "no node takes machines", _REMEDY)
    return hosts, {host: state for host, state in states.items() if state != record.UP}


def _states(inputs: CloudCheckInputs, answer: Answer) -> dict[str, str]:
    """Of every node that is to run machines."""
    known = computes(answer)
    return {host: known.get(host, "unknown to Nova") for host in inputs.nodes}


class CloudCheck(Resource, module="piston", name="CloudCheck"):
    """The proof that the cloud works."""

    def __init__(self, name: str, inputs: CloudCheckInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(CloudCheckProvider(), name, CloudCheckProvider.sealed(inputs), opts)
