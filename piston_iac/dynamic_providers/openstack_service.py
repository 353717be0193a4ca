"""OpenStackService: one service's databases, account, place in the catalogue, and its API.

Its files and units are the nodes' documents'; this is what is there once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.control_access import (
    Reports,
    identity_looks,
    open_control_plane,
    report_looks,
)
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.service_deploy import ServiceDeploy
from piston_iac.dynamic_providers.service_inputs import OpenStackServiceInputs
from piston_iac.errors import DeviceRefused
from piston_iac.plan.cloud import catalogue
from piston_iac.plan.cloud.agents import seen_agents, silent_nodes
from piston_iac.plan.cloud.api_call import OK
from piston_iac.plan.cloud.catalogue import LOOK, Identity
from piston_iac.plan.cloud.health import seen_apis
from piston_iac.plan.cloud.units import seen_units, stopped_units
from piston_iac.plan.services.catalogue import agents_of


class OpenStackServiceProvider(Converging[OpenStackServiceInputs]):
    """Observes and converges one service."""

    model = OpenStackServiceInputs
    secrets = frozenset({"access", "adminPassword", "databasePassword", "accounts"})
    untold = frozenset({"hosts", "nodes", "ports", "accounts"})

    def name(self, inputs: OpenStackServiceInputs) -> str:
        """`service/glance`."""
        return f"service/{inputs.service}"

    def observe(self, inputs: OpenStackServiceInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Keystone's records and the answers of every place: one look serves all services of the site."""
        driver = open_control_plane(inputs, inputs.nodes)
        looks = identity_looks(inputs.site)
        seen = looks.take(lambda: _identity(inputs, driver, tuple(inputs.ports), deadline))
        shared = report_looks(inputs, inputs.nodes)
        return _seen(inputs, seen, shared.take(lambda: driver.node_reports(deadline)), bound)

    def observe_alone(
        self, inputs: OpenStackServiceInputs, bound: Mapping[str, Any], deadline: Deadline
    ) -> Seen:
        """The same of this service alone: at a first start the others give no answer yet."""
        driver = open_control_plane(inputs, inputs.nodes)
        own = _identity(inputs, driver, (inputs.service,), deadline)
        return _seen(inputs, own, driver.node_reports(deadline), bound)

    def converge(self, inputs: OpenStackServiceInputs, bound: Mapping[str, Any]) -> None:
        """Bring it about."""
        migrates = bool(bound.get("schemaRelease") != inputs.schema_release or bound.get("fault"))
        ServiceDeploy(inputs, open_control_plane(inputs, inputs.nodes), migrates).run()

    def remove(self, inputs: OpenStackServiceInputs) -> None:
        """Nothing is deleted: its database is the users' data."""
        runtime.info_once(f"the database of {inputs.service} stays; a later `pulumi up` adopts it")


def _identity(
    inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, services: Collection[str], deadline: Deadline
) -> Identity:
    """Keystone's records, and what those services' APIs and accounts and agents are like."""
    agents = {name: look.call for name in services if (look := agents_of(name))}
    logins = {name: it for name, it in inputs.passwords().items() if name in services}
    ports = {name: it for name, it in inputs.ports.items() if name in services}
    seen = driver.identity(inputs.login(), logins, ports, (*LOOK, *agents.values()), deadline)
    records, told = seen.answers[: len(LOOK)], seen.answers[len(LOOK) :]
    return replace(seen, answers=records, agents=dict(zip(agents, told, strict=True)))


def _seen(inputs: OpenStackServiceInputs, seen: Identity, reports: Reports, bound: Mapping[str, Any]) -> Seen:
    silent, stopped = silent_nodes(reports), stopped_units(inputs.node_services(), reports)
    # What a unit that does not run keeps from answering is told once: by the unit.
    untold = silent | set(stopped)
    api = seen_apis(seen.apis.get(inputs.service, {}), untold, bound.get("api", {}))
    units = seen_units(inputs.units, stopped, silent, bound.get("units", {}))
    agents = _agents(inputs, seen, untold, bound)
    return Seen({**_fields(inputs, seen), "api": api, "units": units, **agents})


def _agents(
    inputs: OpenStackServiceInputs, seen: Identity, silent: set[str], bound: Mapping[str, Any]
) -> dict[str, Any]:
    """The field of its agents; none while its API does not tell, which the field of its API says."""
    look, answer = agents_of(inputs.service), seen.agents.get(inputs.service)
    if look is None or answer is None or answer.code != OK:
        return {}
    wanted = look.wanted(inputs.hosts, inputs.nodes)
    return {"agents": seen_agents(wanted, look.read(answer.body), silent, bound.get("agents", {}))}


def _fields(inputs: OpenStackServiceInputs, seen: Identity) -> dict[str, Any]:
    if not inputs.type:
        return {}
    entry = inputs.entry()
    try:
        records = catalogue.records(seen.answers)
    except ValueError as error:
        remedy = "See the units of Keystone on the control hosts."
        raise DeviceRefused("Keystone", "read its records", str(error), remedy) from None
    return catalogue.seen_fields(entry, records, seen.logins.get(entry.account))


class OpenStackService(Resource, module="piston", name="OpenStackService"):
    """One service of OpenStack."""

    def __init__(
        self, name: str, inputs: OpenStackServiceInputs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(OpenStackServiceProvider(), name, OpenStackServiceProvider.sealed(inputs), opts)
