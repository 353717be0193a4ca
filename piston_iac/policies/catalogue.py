"""The names of all policies, in the order in which they are told, and which are only advice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from piston_iac.policies.bmc import own_bmc_accounts
from piston_iac.policies.ceph import flash_for_ceph, odd_mons, three_copies, two_copies_to_write
from piston_iac.policies.nodes import enough_nodes, mirrored_local_disks, separate_networks, time_and_names
from piston_iac.policies.spare import spare_capacity


@dataclass(frozen=True)
class Policy:
    """A rule with its name. `advice`: it is told and stops nothing."""

    name: str
    rule: Callable[..., list[str]]
    advice: bool = False

    def summary(self) -> str:
        """What it demands, in a line."""
        return (self.rule.__doc__ or "").partition("\n")[0]


POLICIES = (
    Policy("enough-nodes", enough_nodes),
    Policy("three-copies", three_copies),
    Policy("two-copies-to-write", two_copies_to_write),
    Policy("odd-mons", odd_mons),
    Policy("mirrored-local-disks", mirrored_local_disks),
    Policy("flash-for-ceph", flash_for_ceph, advice=True),
    Policy("own-bmc-accounts", own_bmc_accounts),
    Policy("separate-networks", separate_networks),
    Policy("time-and-names", time_and_names),
    Policy("spare-capacity", spare_capacity),
)
