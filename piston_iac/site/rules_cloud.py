"""Has the cloud what it stands on, and do its sizes fit together? Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from piston_iac import cloud_layout as layout
from piston_iac.site.faults import Problem
from piston_iac.site.rules_networks import Networks
from piston_iac.site.schema import UNLIMITED, Cloud, NetworkName


def on_a_control_plane(cloud: Cloud, declared: Collection[str]) -> Iterator[Problem]:
    """Its services keep their data in the control plane's database, and are reached at its address."""
    if "controlPlane" not in declared:
        cause = "needs a control plane, and the site has none"
        yield Problem(("cloud",), cause, "add piston:controlPlane: {} or remove piston:cloud")


def has_floating_range(cloud: Cloud, networks: Networks) -> Iterator[Problem]:
    """Routers and virtual machines have their public addresses of it."""
    public = networks.get(NetworkName.PUBLIC)
    if public and public.floating is None:
        cause = "is missing: routers and virtual machines of the cloud have their public addresses of it"
        fix = f"add a part of {public.cidr} that nothing else uses, or remove piston:cloud"
        yield Problem(("networks", "public", "floating"), cause, fix)


def flavors_leave_the_check_its_own(cloud: Cloud) -> Iterator[Problem]:
    """The cloud checks itself with a flavor that nobody else sets."""
    if layout.CHECK_FLAVOR in cloud.flavors:
        cause = "is the flavor that the cloud checks itself with"
        yield Problem(("cloud", "flavors", layout.CHECK_FLAVOR), cause, "take another name, or leave it out")


def flavors_fit_into_the_quota(cloud: Cloud) -> Iterator[Problem]:
    """What every project is offered, a new project can start."""
    for name, flavor in cloud.flavors.items():
        if not flavor.public:
            continue
        sizes = (
            ("vcpus", flavor.vcpus, "cores", cloud.quota.cores),
            ("ramMib", flavor.ram_mib, "ramMib", cloud.quota.ram_mib),
        )
        for setting, size, quota, limit in sizes:
            if UNLIMITED < limit < size:
                cause = f"is {size}, and a new project may have {limit} (cloud.quota.{quota})"
                fix = "make it smaller, raise the quota, or set public: false"
                yield Problem(("cloud", "flavors", name, setting), cause, fix)


RULES: tuple[Callable[..., Iterable[Problem]], ...] = (
    on_a_control_plane,
    has_floating_range,
    flavors_leave_the_check_its_own,
    flavors_fit_into_the_quota,
)
