"""OpenStackService: one service's databases, account, place in the catalogue, and its API.

Its files and units are the nodes' documents'; this is what is there once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource
from pydantic import Field

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.agents_deploy import AgentsDeploy
from piston_iac.dynamic_providers.control_access import (
    WithAdministrator,
    identity_looks,
    open_control_plane,
)
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, Unreachable
from piston_iac.plan.cloud import catalogue
from piston_iac.plan.cloud.agents import seen_agents, silent_nodes
from piston_iac.plan.cloud.api_call import OK, Call
from piston_iac.plan.cloud.catalogue import LOOK, Identity, Records, WantedEntry
from piston_iac.plan.cloud.health import seen_apis, working
from piston_iac.plan.cloud.member_service import STOPPED
from piston_iac.plan.services.catalogue import agents_of
from piston_iac.trust.secret import Secret

_ACTION_S = 300.0
_DEPLOY_S = 600.0
# At a first start schemas of all services are made at once, and then all of them begin.
_SETTLE_S = 240.0
_POLL_S = 2.0
_LOOK_S = 10.0
_KEYSTONE = "keystone"


class OpenStackServiceInputs(WithAdministrator):
    """How it is reached, its secrets, and the fields that are compared.

    `accounts`: password by account of every service, because
    one look serves them all; `apis`: port and health path of every service. `service`, `type`, `url`,
    `region`: the entry of this one; without `type` it has none. `databases`: of which the first one bears the
    name of their user; none: it needs none. `schema_release`: the one whose schema they are to have.
    `nodes`: management address by node that runs machines, where the service has agents on those; `agents`:
    state by agent.
    """

    service: str
    type: str
    url: str
    region: str
    databases: tuple[str, ...] = ()
    database_password: str
    accounts: dict[str, str]
    ports: dict[str, tuple[int, str]]
    schema_release: str
    catalogue: str = ""
    endpoints: dict[str, str] = Field(default_factory=dict)
    account: dict[str, Any] = Field(default_factory=dict)
    api: dict[str, str]
    nodes: dict[str, str] = Field(default_factory=dict)
    agents: dict[str, str] = Field(default_factory=dict)

    def entry(self) -> WantedEntry:
        """The place in the catalogue."""
        account = self.service if self.service in self.accounts else ""
        return WantedEntry(self.service, self.type, self.url, self.region, account)

    def passwords(self) -> dict[str, Secret]:
        """Password by account."""
        return {name: Secret(password) for name, password in self.accounts.items()}


class OpenStackServiceProvider(Converging[OpenStackServiceInputs]):
    """Observes and converges one service."""

    model = OpenStackServiceInputs
    secrets = frozenset({"access", "adminPassword", "databasePassword", "accounts"})
    untold = frozenset({"hosts", "nodes", "ports", "accounts"})

    def name(self, inputs: OpenStackServiceInputs) -> str:
        """`service/glance`."""
        return f"service/{inputs.service}"

    def observe(self, inputs: OpenStackServiceInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """Keystone's records and the answers of every place."""
        driver = open_control_plane(inputs, inputs.nodes)
        looks = identity_looks(inputs.site)
        seen = looks.take(lambda: _identity(inputs, driver, deadline))
        silent = silent_nodes(driver.node_reports(deadline))
        api = seen_apis(seen.apis.get(inputs.service, {}), silent, bound.get("api", {}))
        return Seen({**_fields(inputs, seen), "api": api, **_agents(inputs, seen, silent, bound)})

    def converge(self, inputs: OpenStackServiceInputs, bound: Mapping[str, Any]) -> None:
        """Database, schema, administrator, account, catalogue; then its API has to answer, and its agents."""
        driver = open_control_plane(inputs, inputs.nodes)
        deadline = Deadline.after(_DEPLOY_S, runtime.CANCELLED)
        if inputs.service != _KEYSTONE:
            # First of all: its daemons begin with its schema, and end when they cannot log in.
            self._enter(inputs, driver, deadline)
        if inputs.databases and (bound.get("schemaRelease") != inputs.schema_release or bound.get("fault")):
            self._database(inputs, driver, deadline)
        settle = Deadline.after(_SETTLE_S, runtime.CANCELLED)
        started: set[str] = set()
        while True:
            away = self._start(inputs, driver, started, deadline)
            waits_for = self._step(inputs, driver, away, deadline)
            if not waits_for:
                break
            self._wait(inputs, waits_for, settle)
        if look := agents_of(inputs.service):
            wanted = look.wanted(inputs.hosts, inputs.nodes)
            AgentsDeploy(driver, inputs.login(), inputs.service, look, tuple(wanted)).run()
        identity_looks(inputs.site).changed()

    def _enter(self, inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, deadline: Deadline) -> None:
        """Its account and its place in the catalogue."""
        settle = Deadline.after(_SETTLE_S, runtime.CANCELLED)
        while why := self._records(inputs, driver, deadline)[0]:
            self._wait(inputs, why, settle)

    def _database(
        self, inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, deadline: Deadline
    ) -> None:
        settle = Deadline.after(_SETTLE_S, runtime.CANCELLED)
        while not (host := _working_host(driver, deadline)):
            self._wait(inputs, "a member of the database to work", settle)
        doing(inputs.service, f"{', '.join(inputs.databases)} on {host}")
        arguments = {"names": list(inputs.databases), "password": inputs.database_password}
        driver.run(host, layout.DATABASE, arguments, deadline)
        purpose = (
            f"schema-{inputs.service}-{inputs.schema_release}".lower().replace(".", "-").replace("_", "-")
        )
        boot_node = BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, inputs.access.identity())
        known = boot_node.observe(deadline).permits.get(purpose)
        if known and known.state == "finished":
            return
        doing(inputs.service, f"schema of release {inputs.schema_release} on {host}")
        permit = boot_node.issue_permit(purpose, host, deadline, instead_of=known.node if known else "")
        migration = {"purpose": purpose, "permit": permit}
        driver.run(host, layout.migrate_program(inputs.service), migration, deadline)
        if inputs.service == _KEYSTONE:
            first = {"password": inputs.admin_password, "url": inputs.url, "region": inputs.region}
            driver.run(host, layout.KEYSTONE_FIRST, first, deadline)
        boot_node.finish_permit(purpose, deadline)

    def _start(
        self,
        inputs: OpenStackServiceInputs,
        driver: ControlPlaneDriver,
        started: set[str],
        deadline: Deadline,
    ) -> set[str]:
        """Have hosts start it that have it and do not run it, once each; returns the hosts that are away."""
        reports = driver.reports(deadline.within(_LOOK_S))
        for host, report in reports.items():
            if report and report.services.get(inputs.service) == STOPPED and host not in started:
                doing(inputs.service, f"start it on {host}")
                driver.apply(host, deadline)
                started.add(host)
        return {host for host, it in reports.items() if it is None or it.uplink != "up"}

    def _step(
        self,
        inputs: OpenStackServiceInputs,
        driver: ControlPlaneDriver,
        away: set[str],
        deadline: Deadline,
    ) -> str:
        """One look and the calls that it asks for; returns what is still waited for, empty for nothing."""
        why, places = self._records(inputs, driver, deadline)
        if why:
            return why
        # A host that is away keeps nobody from having the service.
        silent = [place for place, code in places.items() if not working(code) and place not in away]
        return f"its API at {', '.join(silent)}" if silent else ""

    def _records(
        self, inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, deadline: Deadline
    ) -> tuple[str, Mapping[str, int]]:
        """Have Keystone know it: what is waited for, empty for nothing; and its API's status by place."""
        try:
            seen = _own_identity(inputs, driver, deadline)
            records = catalogue.records(seen.answers)
        except (Unreachable, ValueError) as error:
            return " ".join(str(error).split()), {}
        needed = _needed(inputs, seen, records)
        if needed:
            doing(inputs.service, ", ".join(f"{it.method} {it.path}" for it in needed))
            driver.change(inputs.login(), needed, deadline)
            identity_looks(inputs.site).changed()
            return "Keystone to take it up", {}
        return "", seen.apis.get(inputs.service, {})

    def _wait(self, inputs: OpenStackServiceInputs, what: str, deadline: Deadline) -> None:
        look_at = "See its unit's journal on the control hosts"
        Waiting(inputs.service, "become ready", look_at, _POLL_S).pause(what, deadline)

    def remove(self, inputs: OpenStackServiceInputs) -> None:
        """Nothing is deleted: its database is the users' data."""
        runtime.info_once(f"the database of {inputs.service} stays; a later `pulumi up` adopts it")


def _identity(inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, deadline: Deadline) -> Identity:
    """Keystone's records, and the agents of every service of the site: one look serves them all."""
    agents = {name: look.call for name in inputs.ports if (look := agents_of(name))}
    calls = (*LOOK, *agents.values())
    seen = driver.identity(inputs.login(), inputs.passwords(), inputs.ports, calls, deadline)
    records, told = seen.answers[: len(LOOK)], seen.answers[len(LOOK) :]
    return replace(seen, answers=records, agents=dict(zip(agents, told, strict=True)))


def _own_identity(inputs: OpenStackServiceInputs, driver: ControlPlaneDriver, deadline: Deadline) -> Identity:
    """Keystone's records, this service's account and API alone: at a first start many services wait for
    theirs, on machines that have enough to do.
    """
    logins = {name: it for name, it in inputs.passwords().items() if name == inputs.service}
    ports = {name: it for name, it in inputs.ports.items() if name == inputs.service}
    return driver.identity(inputs.login(), logins, ports, LOOK, deadline)


def _agents(
    inputs: OpenStackServiceInputs, seen: Identity, silent: set[str], bound: Mapping[str, Any]
) -> dict[str, Any]:
    """The field of its agents; none while its API does not tell, which the field of its API says."""
    look, answer = agents_of(inputs.service), seen.agents.get(inputs.service)
    if look is None or answer is None or answer.code != OK:
        return {}
    wanted = look.wanted(inputs.hosts, inputs.nodes)
    return {"agents": seen_agents(wanted, look.read(answer.body), silent, bound.get("agents", {}))}


def _needed(inputs: OpenStackServiceInputs, seen: Identity, records: Records) -> list[Call]:
    if not inputs.type:
        return []
    entry = inputs.entry()
    password = inputs.accounts.get(inputs.service, "")
    return catalogue.calls(entry, records, seen.logins.get(entry.account, True), password)


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


def _working_host(driver: ControlPlaneDriver, deadline: Deadline) -> str:
    """The first control host whose database takes statements; empty for none."""
    looks = driver.looks(driver.reports(deadline), deadline)
    for host, look in looks.items():
        if look and look.database.usable:
            return host
    return ""


class OpenStackService(Resource, module="piston", name="OpenStackService"):
    """One service of OpenStack."""

    def __init__(
        self, name: str, inputs: OpenStackServiceInputs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(OpenStackServiceProvider(), name, OpenStackServiceProvider.sealed(inputs), opts)
