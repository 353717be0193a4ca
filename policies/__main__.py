"""The policy pack: hands the engine's resources to the rules in `piston_iac.policies`, tells what they find.

A rule of one resource is asked before that resource is touched, a rule of many once all are planned.
The engine gives a pack the stack's configuration: `piston:environment` and the failure domains of nodes
are known here although no resource carries them.
"""

from __future__ import annotations

from collections.abc import Callable

import of_resources
import pulumi
from of_resources import Props, Resource
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from piston_iac.policies.bmc import own_bmc_accounts
from piston_iac.policies.catalogue import POLICIES
from piston_iac.policies.ceph import flash_for_ceph, odd_mons, three_copies, two_copies_to_write
from piston_iac.policies.nodes import enough_nodes, mirrored_local_disks, separate_networks, time_and_names
from piston_iac.policies.spare import spare_capacity
from piston_iac.policies.values import PRODUCTION, BmcAccounts

_OURS = "pulumi-python:dynamic/piston:"
_CONFIG = pulumi.Config("piston")
# A stack file that does not say is production, the stricter one.
_ENVIRONMENT = _CONFIG.get("environment") or PRODUCTION
_DOMAINS = {name: node["failureDomain"] for name, node in (_CONFIG.get_object("nodes") or {}).items()}

# The BMCs of this run, by node: no two may share a password.
_seen: dict[str, BmcAccounts] = {}


def _bmc_accounts(credential: Props) -> list[str]:
    accounts = of_resources.accounts(credential)
    others = [other for node, other in _seen.items() if node != accounts.node]
    _seen[accounts.node] = accounts
    return own_bmc_accounts(accounts, others)


_ON_EACH: dict[str, tuple[str, Callable[[Props], list[str]]]] = {
    "three-copies": ("CephPool", lambda props: three_copies(of_resources.pool(props))),
    "two-copies-to-write": ("CephPool", lambda props: two_copies_to_write(of_resources.pool(props))),
    "odd-mons": ("CephCluster", lambda props: odd_mons(of_resources.mons(props))),
    "mirrored-local-disks": (
        "BareMetalNode",
        lambda props: mirrored_local_disks(of_resources.local_disks(props)),
    ),
    "own-bmc-accounts": ("IpmiCredential", _bmc_accounts),
    "time-and-names": ("BootNode", lambda props: time_and_names(of_resources.served(props))),
}

_ON_ALL: dict[str, Callable[[list[Resource]], list[str]]] = {
    "enough-nodes": lambda all_: enough_nodes(_ENVIRONMENT, of_resources.nodes(all_)),
    "flash-for-ceph": lambda all_: flash_for_ceph(_ENVIRONMENT, of_resources.pools(all_)),
    "separate-networks": lambda all_: separate_networks(of_resources.subnets(all_)),
    "spare-capacity": lambda all_: spare_capacity(_ENVIRONMENT, of_resources.storage(all_, _DOMAINS)),
}


def _on_each(
    name: str, summary: str, level: EnforcementLevel, kind: str, rule: Callable[[Props], list[str]]
) -> Policy:
    """A policy that asks a rule about each resource of a kind."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == _OURS + kind:
            for violation in rule(args.props):
                report(violation, None)

    return ResourceValidationPolicy(name, summary, validate, level)


def _on_all(
    name: str, summary: str, level: EnforcementLevel, rule: Callable[[list[Resource]], list[str]]
) -> Policy:
    """A policy that asks a rule about all our resources at once."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        ours = [
            Resource(entry.resource_type.removeprefix(_OURS), entry.name, entry.props)
            for entry in args.resources
            if entry.resource_type.startswith(_OURS)
        ]
        for violation in rule(ours):
            report(violation, None)

    return StackValidationPolicy(name, summary, validate, level)


def _policies() -> list[Policy]:
    made: list[Policy] = []
    for policy in POLICIES:
        name, summary = policy.name, policy.summary()
        level = EnforcementLevel.ADVISORY if policy.advice else EnforcementLevel.MANDATORY
        if name in _ON_EACH:
            made.append(_on_each(name, summary, level, *_ON_EACH[name]))
        else:
            made.append(_on_all(name, summary, level, _ON_ALL[name]))
    return made


PolicyPack(name="piston", enforcement_level=EnforcementLevel.MANDATORY, policies=_policies())
