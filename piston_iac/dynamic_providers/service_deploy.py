"""Brings one service about: account and place in the catalogue, databases and schema, its API, its agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.agents_deploy import AgentsDeploy
from piston_iac.dynamic_providers.control_access import api_waits, identity_looks
from piston_iac.dynamic_providers.service_inputs import OpenStackServiceInputs
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import Unreachable
from piston_iac.plan.cloud import catalogue
from piston_iac.plan.cloud.agents import silent_nodes
from piston_iac.plan.cloud.api_call import Call
from piston_iac.plan.cloud.catalogue import LOOK, Identity
from piston_iac.plan.cloud.health import ADDRESS, working
from piston_iac.plan.cloud.units import stopped_units
from piston_iac.plan.services.catalogue import agents_of

_DEPLOY_S = 600.0
# At a first start all services begin at once.
_SETTLE_S = 240.0
_POLL_S = 3.0
# A node's report costs it a quarter of a second of a processor, and at a first start all services ask.
# What ends by itself is started again by its node.
_LOOKS_A_REPORT = 10
_LOOK_S = 10.0
_KEYSTONE = "keystone"


@dataclass
class ServiceDeploy:
    """One attempt. `migrates`: its databases may not be there, or not with this release's schema."""

    inputs: OpenStackServiceInputs
    driver: ControlPlaneDriver
    migrates: bool
    deadline: Deadline = field(default_factory=lambda: Deadline.after(_DEPLOY_S, runtime.CANCELLED))

    def run(self) -> None:
        """Converge it.

        Raises:
            PistonError: one line with what was waited for or refused, and what to do.
        """
        if self.inputs.service != _KEYSTONE:
            # First of all: its daemons begin with its schema, and end when they cannot log in.
            self._enter()
        if self.inputs.databases and self.migrates:
            self._database()
        self._answer()
        if self.inputs.service == _KEYSTONE:
            self._enter()
        if look := agents_of(self.inputs.service):
            wanted = tuple(look.wanted(self.inputs.hosts, self.inputs.nodes))
            AgentsDeploy(self.driver, self.inputs.login(), self.inputs.service, look, wanted).run()
        identity_looks(self.inputs.site).changed()

    def _enter(self) -> None:
        """Its account and its place in the catalogue, where it has one."""
        if not self.inputs.type:
            return
        settle, before = self._settle(), list[Call]()
        while True:
            try:
                needed = self._needed(self._look())
                if not needed:
                    return
                again, before = needed == before, needed
                doing(self.inputs.service, ", ".join(f"{it.method} {it.path}" for it in needed))
                self.driver.change(self.inputs.login(), needed, self.deadline)
                identity_looks(self.inputs.site).changed()
                why = "Keystone to take it up"
            except (Unreachable, ValueError) as error:
                again, why = True, " ".join(str(error).split())
            # What was just made is what the next calls refer to: only what does not help is waited for.
            if again:
                self._wait(why, settle)

    def _database(self) -> None:
        """Its databases, and their schema: once, by permit."""
        inputs, settle = self.inputs, self._settle()
        while not (host := self._working_host()):
            self._wait("a member of the database to work", settle)
        doing(inputs.service, f"{', '.join(inputs.databases)} on {host}")
        arguments = {"names": list(inputs.databases), "password": inputs.database_password}
        self.driver.run(host, layout.DATABASE, arguments, self.deadline)
        purpose = (
            f"schema-{inputs.service}-{inputs.schema_release}".lower().replace(".", "-").replace("_", "-")
        )
        boot_node = BootNodeClient(inputs.boot_node_address, inputs.access.ca_pem, inputs.access.identity())
        known = boot_node.observe(self.deadline).permits.get(purpose)
        if known and known.state == "finished":
            return
        doing(inputs.service, f"schema of release {inputs.schema_release} on {host}")
        before = known.node if known else ""
        permit = boot_node.issue_permit(purpose, host, self.deadline, instead_of=before)
        migration = {"purpose": purpose, "permit": permit}
        self.driver.run(host, layout.migrate_program(inputs.service), migration, self.deadline)
        if inputs.service == _KEYSTONE:
            first = {"password": inputs.admin_password, "url": inputs.url, "region": inputs.region}
            self.driver.run(host, layout.KEYSTONE_FIRST, first, self.deadline)
        boot_node.finish_permit(purpose, self.deadline)

    def _answer(self) -> None:
        """Its API answers at the virtual address and on every host that is there."""
        settle, started, away = self._settle(), set[str](), set[str]()
        for look in count():
            if look % _LOOKS_A_REPORT == 0:
                away = self._start(started)
            # A host that is away keeps nobody from having the service.
            silent = [place for place, code in self._places().items() if not working(code)]
            if all(place in away for place in silent):
                api_waits(self.inputs.site).done(self.inputs.service)
                return
            self._wait(f"its API at {', '.join(silent)}", settle)

    def _start(self, started: set[str]) -> set[str]:
        """Have nodes start it that have it and do not run it, once each; returns the nodes that are away."""
        reports = self.driver.node_reports(self.deadline.within(_LOOK_S))
        for node in stopped_units(self.inputs.node_services(), reports).keys() - started:
            doing(self.inputs.service, f"start it on {node}")
            self.driver.apply(node, self.deadline)
            started.add(node)
        return silent_nodes(reports)

    def _places(self) -> Mapping[str, int]:
        """Its API's status by place. Nobody logs in for it: at a first start many services wait."""
        inputs = self.inputs
        own = inputs.ports[inputs.service]
        try:
            return api_waits(inputs.site).places(
                inputs.service, own, lambda apis: self.driver.health(inputs.login(), apis, self.deadline)
            )
        except Unreachable:
            return {ADDRESS: 0}

    def _look(self) -> Identity:
        """Keystone's records, and whether this service's account works."""
        inputs = self.inputs
        logins = {name: it for name, it in inputs.passwords().items() if name == inputs.service}
        return self.driver.identity(inputs.login(), logins, {}, LOOK, self.deadline)

    def _needed(self, seen: Identity) -> list[Call]:
        records = catalogue.records(seen.answers)
        entry = self.inputs.entry()
        password = self.inputs.accounts.get(self.inputs.service, "")
        return catalogue.calls(entry, records, seen.logins.get(entry.account, True), password)

    def _working_host(self) -> str:
        """The first control host whose database takes statements; empty for none."""
        looks = self.driver.looks(self.driver.reports(self.deadline), self.deadline)
        return next((host for host, look in looks.items() if look and look.database.usable), "")

    def _settle(self) -> Deadline:
        return Deadline.after(_SETTLE_S, runtime.CANCELLED)

    def _wait(self, what: str, deadline: Deadline) -> None:
        look_at = "See its unit's journal on the control hosts"
        Waiting(self.inputs.service, "become ready", look_at, _POLL_S).pause(what, deadline)
