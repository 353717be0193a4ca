"""The way to the control plane, and looks at it that resources share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from piston_iac.devices.control_plane import ControlPlaneDriver, Login, Tokens
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.dynamic_providers.access import Access
from piston_iac.dynamic_providers.api_waits import ApiWaits
from piston_iac.dynamic_providers.converging import Inputs
from piston_iac.dynamic_providers.shared_look import SharedLook
from piston_iac.node_report import NodeReport
from piston_iac.plan.cloud.catalogue import Identity
from piston_iac.trust.secret import Secret

_tokens: defaultdict[str, Tokens] = defaultdict(Tokens)
Reports = Mapping[str, NodeReport | None]
_report_looks: defaultdict[tuple[str, frozenset[str]], SharedLook[Reports]] = defaultdict(SharedLook)
_identity_looks: defaultdict[str, SharedLook[Identity]] = defaultdict(SharedLook)
_api_waits: defaultdict[str, ApiWaits] = defaultdict(ApiWaits)


class WithControlPlane(Inputs):
    """`hosts`: management address by control host. `access` is secret."""

    access: Access
    hosts: dict[str, str]
    boot_node_address: str


class WithAdministrator(WithControlPlane):
    """`admin_user`, `admin_password`: of the cloud."""

    admin_user: str
    admin_password: str

    def login(self) -> Login:
        """The administrator."""
        return Login(self.admin_user, Secret(self.admin_password))


def open_control_plane(
    inputs: WithControlPlane, others: Mapping[str, str] | None = None
) -> ControlPlaneDriver:
    """The driver. `others`: management address by node that is no control host and has a part in it."""
    identity = inputs.access.identity()

    def agents(addresses: Mapping[str, str]) -> dict[str, NodeAgentClient]:
        return {
            node: NodeAgentClient(address, node, inputs.access.ca_pem, identity)
            for node, address in addresses.items()
        }

    return ControlPlaneDriver(agents(inputs.hosts), agents(others or {}), _tokens[inputs.site])


def report_looks(inputs: WithControlPlane, others: Mapping[str, str]) -> SharedLook[Reports]:
    """Reports of the control hosts and of `others`: a node looks at all that it has for each."""
    return _report_looks[inputs.site, frozenset((*inputs.hosts, *others))]


def identity_looks(site: str) -> SharedLook[Identity]:
    """Looks at Keystone: services that are read at the same time share one."""
    return _identity_looks[site]


def api_waits(site: str) -> ApiWaits:
    """Who of the site's services waits for its API."""
    return _api_waits[site]
