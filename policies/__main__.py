"""The policy pack: hands the engine's resources to the rules and reports what they find.

The engine gives a pack the stack's configuration, so `piston:environment` is known here although no
resource carries it.
"""

from __future__ import annotations

from collections.abc import Callable

import pulumi
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
from rules import PRODUCTION, Props, enough_nodes, mirrored_local_disks, own_bmc_accounts, time_and_names

_OURS = "pulumi-python:dynamic/piston:"


def _on_each(kind: str, name: str, rule: Callable[[Props], list[str]]) -> Policy:
    """A policy that asks a rule about each resource of a kind."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == _OURS + kind:
            for violation in rule(args.props):
                report(violation, None)

    return ResourceValidationPolicy(name, _summary(rule), validate)


def _node_count(environment: str) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        nodes = [entry.name for entry in args.resources if entry.resource_type == _OURS + "BareMetalNode"]
        for violation in enough_nodes(environment, nodes):
            report(violation, None)

    return StackValidationPolicy("enough-nodes", _summary(enough_nodes), validate)


def _summary(rule: Callable[..., list[str]]) -> str:
    return (rule.__doc__ or "").partition("\n")[0]


PolicyPack(
    name="piston",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        _node_count(pulumi.Config("piston").get("environment") or PRODUCTION),
        _on_each("BareMetalNode", "mirrored-local-disks", mirrored_local_disks),
        _on_each("IpmiCredential", "own-bmc-accounts", own_bmc_accounts),
        _on_each("BootNode", "time-and-names", time_and_names),
    ],
)
