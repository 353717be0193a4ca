"""What an OpenStackService is given."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from piston_iac.dynamic_providers.control_access import WithAdministrator
from piston_iac.plan.cloud.catalogue import WantedEntry
from piston_iac.plan.services.catalogue import agents_of
from piston_iac.trust.secret import Secret


class OpenStackServiceInputs(WithAdministrator):
    """How it is reached, its secrets, and the fields that are compared.

    `accounts`: password by account of every service, because one look serves them all; `ports`: port and
    health path of every service. `service`, `type`, `url`, `region`: the entry of this one; without `type` it
    has none. `databases`: of which the first one bears the name of their user; none: it needs none.
    `schema_release`: the one whose schema they are to have.
    `nodes`: management address by node that runs machines, where the service has agents on those; `agents`:
    state by agent; `units`: by node, whether all that it has of the service runs.
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
    units: dict[str, str]

    def entry(self) -> WantedEntry:
        """The place in the catalogue."""
        account = self.service if self.service in self.accounts else ""
        return WantedEntry(self.service, self.type, self.url, self.region, account)

    def node_services(self) -> tuple[str, ...]:
        """What nodes' documents call it: on control hosts, and on nodes that run machines."""
        look = agents_of(self.service)
        return (self.service, *(look.compute if look else ()))

    def passwords(self) -> dict[str, Secret]:
        """Password by account."""
        return {name: Secret(password) for name, password in self.accounts.items()}
