"""CloudDefaults: what every project finds in the cloud, made by the platform.

The public network, flavors, the platform's image, quotas, and the project in which the cloud checks itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import Resource

from piston_iac.deadline import Deadline
from piston_iac.devices.control_plane import ControlPlaneDriver
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.control_access import WithAdministrator, open_control_plane
from piston_iac.dynamic_providers.converging import Converging, Seen
from piston_iac.dynamic_providers.timeline import doing
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, Unreachable
from piston_iac.plan.cloud import defaults
from piston_iac.plan.cloud.api_call import CONFLICT, Call
from piston_iac.plan.cloud.default_flavors import WantedFlavor
from piston_iac.plan.cloud.default_network import WantedNetwork
from piston_iac.plan.cloud.defaults import Records, WantedDefaults

DEVICE = "cloud defaults"
_REMEDY = "See the journals of that service's units on the control hosts."
_WAITING = Waiting(DEVICE, "become ready", _REMEDY.rstrip("."), poll_s=1.0)
# An image goes into the cluster storage before its call is answered.
_DEPLOY_S = 420.0
_SETTLE_S = 120.0
# So often the same calls are sent before their service's word is passed on.
_MOST_TRIES = 3


class CloudDefaultsInputs(WithAdministrator):
    """What is made, and the fields that are compared.

    `network`, `sizes`: of the public network and of flavors, in numbers; `image_sha256`: of the file that the
    image is made of, empty when it is not known.
    `public_network`, `flavors`, `images`, `quota`, `check_access`: see `plan.cloud.defaults`.
    """

    network: WantedNetwork
    sizes: dict[str, WantedFlavor]
    image_sha256: str
    public_network: dict[str, Any]
    flavors: dict[str, str]
    images: dict[str, dict[str, str]]
    quota: dict[str, int]
    check_access: dict[str, Any]

    def wanted(self) -> WantedDefaults:
        """The same in the plan's terms."""
        return WantedDefaults(self.admin_user, self.network, self.sizes, self.image_sha256, self.quota)


class CloudDefaultsProvider(Converging[CloudDefaultsInputs]):
    """Observes and converges them."""

    model = CloudDefaultsInputs
    secrets = frozenset({"access", "adminPassword"})
    untold = frozenset({"hosts", "network", "sizes", "imageSha256"})

    def name(self, inputs: CloudDefaultsInputs) -> str:
        """There is one a site."""
        return "cloud-defaults"

    def observe(self, inputs: CloudDefaultsInputs, bound: Mapping[str, Any], deadline: Deadline) -> Seen:
        """What the services tell. What one that does not work would tell keeps its last value."""
        _, seen = _look(inputs, open_control_plane(inputs), deadline)
        return Seen(defaults.seen_fields(inputs.wanted(), seen))

    def converge(self, inputs: CloudDefaultsInputs, bound: Mapping[str, Any]) -> None:
        """Make and mend them, field by field: what a service refuses keeps nothing else from being done."""
        driver = open_control_plane(inputs)
        deadline = Deadline.after(_DEPLOY_S, runtime.CANCELLED)
        settle = Deadline.after(_SETTLE_S, runtime.CANCELLED)
        attempt = _Attempt(inputs, driver)
        while True:
            try:
                asked, seen = _look(inputs, driver, deadline)
                sent = attempt.send(defaults.calls(inputs.wanted(), seen), deadline)
            except Unreachable as error:
                _WAITING.pause(f"{error.device}: {error.cause}", settle)
                continue
            if sent:
                if attempt.again:
                    _WAITING.pause("the services to take it up", settle)
                continue
            away = defaults.silent(asked, seen)
            if not away:
                break
            _WAITING.pause(f"the API of {', '.join(away)}", settle)
        if attempt.refused:
            raise next(iter(attempt.refused.values()))

    def remove(self, inputs: CloudDefaultsInputs) -> None:
        """Nothing is deleted: machines, routers and volumes of users hang on it."""
        stays = "the public network, flavors, images and quotas stay in the cloud; a later `pulumi up`"
        runtime.info_once(f"{stays} adopts them")

    def outlook(self, inputs: CloudDefaultsInputs, deadline: Deadline) -> list[str]:
        """What it would make. It is not looked for: before an install nobody could be asked."""
        network, flavors = inputs.network, ", ".join(inputs.flavors)
        return [
            f"public network {network.cidr}, VLAN {network.vid}, floating IPs {network.first}-{network.last}",
            f"flavors {flavors}; image {', '.join(inputs.images)}; or adopts what is there of them",
        ]


class _Attempt:
    """Sends the calls of each field, and keeps which fields a service refused."""

    def __init__(self, inputs: CloudDefaultsInputs, driver: ControlPlaneDriver) -> None:
        self.refused: dict[str, DeviceRefused] = {}
        self._inputs, self._driver = inputs, driver
        self._last: dict[str, list[Call]] = {}
        self._tries: dict[str, int] = {}

    @property
    def again(self) -> bool:
        """Whether something was sent that had been sent before."""
        return any(tries > 1 for tries in self._tries.values())

    def send(self, needed: Mapping[str, list[Call]], deadline: Deadline) -> bool:
        """Send them; whether there was anything to send.

        Raises:
            Unreachable: one was lost on its way, and does not count as sent.
        """
        open_fields = [field for field in needed if field not in self.refused]
        for field in open_fields:
            calls = needed[field]
            self._tries[field] = self._tries.get(field, 0) + 1 if calls == self._last.get(field) else 1
            self._last[field] = calls
            doing(DEVICE, ", ".join(f"{it.method} {it.path}" for it in calls))
            try:
                self._send(field, calls, deadline)
            except DeviceRefused as error:
                self.refused[field] = error
            except Unreachable:
                del self._last[field]
                raise
        return bool(open_fields)

    def _send(self, field: str, calls: Sequence[Call], deadline: Deadline) -> None:
        answers = self._driver.change(self._inputs.login(), calls, deadline)
        if self._tries[field] < _MOST_TRIES:
            return
        # Not refused, and still not so: somebody else has what ours would be.
        conflict = next((it.reason() for it in answers if it.code == CONFLICT), "it is done, and is not so")
        raise DeviceRefused("the cloud", f"set {field}", conflict, "Run `pulumi up` again.")


def _look(
    inputs: CloudDefaultsInputs, driver: ControlPlaneDriver, deadline: Deadline
) -> tuple[tuple[Call, ...], Records]:
    asked = defaults.look(inputs.admin_user)
    answers = driver.ask(inputs.login(), asked, deadline)
    try:
        return asked, defaults.records(asked, answers)
    except ValueError as error:
        raise DeviceRefused("the cloud", "read its defaults", str(error), _REMEDY) from None


class CloudDefaults(Resource, module="piston", name="CloudDefaults"):
    """What every project finds in the cloud."""

    def __init__(self, name: str, inputs: CloudDefaultsInputs, opts: ResourceOptions | None = None) -> None:
        super().__init__(CloudDefaultsProvider(), name, CloudDefaultsProvider.sealed(inputs), opts)
