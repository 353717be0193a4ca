"""Who owns what of the switches, the BMCs and the boot node."""

from __future__ import annotations

from collections.abc import Iterator

from piston_iac.dynamic_providers.boot_image import BootImageInputs, BootImageProvider
from piston_iac.dynamic_providers.boot_node import BootNodeInputs, BootNodeProvider, OnBootNode
from piston_iac.dynamic_providers.ipmi_credential import CredentialInputs, IpmiCredentialProvider
from piston_iac.dynamic_providers.ownership.terms import (
    COMMON,
    Claim,
    Fact,
    Field,
    Given,
    Ownership,
    Seen,
    Told,
    Unseen,
    address_claim,
)
from piston_iac.dynamic_providers.switch_common import OnSwitch
from piston_iac.dynamic_providers.switch_port import PortInputs, SwitchPortProvider
from piston_iac.dynamic_providers.switch_route import RouteInputs, SwitchRouteProvider
from piston_iac.dynamic_providers.switch_vlan import SwitchVlanProvider, VlanInputs
from piston_iac.plan.credentials import BREAK_GLASS_SLOT, FACTORY_SLOT, OUR_SLOT

_SWITCH, _BMC, _BOOT_NODE = "switch", "BMC", "boot node"


def _switch(inputs: OnSwitch) -> str:
    return f"switch at {inputs.address}"


def _boot_node(inputs: OnBootNode) -> str:
    return f"boot node at {inputs.address}"


_ON_SWITCH: tuple[Field, ...] = (
    *COMMON,
    Given("switch", "the switch's name in the stack file"),
    Given("driver", "the protocol it speaks"),
    Given("address", "where its OVSDB server listens"),
)


def _vlan(inputs: VlanInputs) -> Iterator[Claim]:
    yield Claim(_switch(inputs), f"VLAN {inputs.vid}")


def _svi(inputs: VlanInputs) -> Iterator[Claim]:
    yield Claim(_switch(inputs), f"own address in VLAN {inputs.vid}")
    if inputs.gateway:
        yield address_claim(inputs.gateway)


SWITCH_VLAN = Ownership[VlanInputs](
    SwitchVlanProvider,
    (
        Fact(_SWITCH, "a VLAN, its name and MTU", _vlan),
        Fact(_SWITCH, "the switch's own address in a VLAN", _svi),
    ),
    (
        *_ON_SWITCH,
        Given("vid", "which VLAN this is about"),
        Seen("exists", "whether the VLAN's interface is there and carries that VLAN", _SWITCH, "makes it"),
        Seen("network", "the name kept with the VLAN's port", _SWITCH, "names it again"),
        Seen("gateway", "the address kept with the VLAN's interface", _SWITCH, "sets it and waits for it"),
        Seen("mtu", "the interface's requested MTU", _SWITCH, "sets it"),
    ),
)


def _port(inputs: PortInputs) -> Iterator[Claim]:
    yield Claim(_switch(inputs), f"port {inputs.port}")


SWITCH_PORT = Ownership[PortInputs](
    SwitchPortProvider,
    (Fact(_SWITCH, "VLANs and description of a port", _port),),
    (
        *_ON_SWITCH,
        Given("port", "which port this is about"),
        Seen("vid", "the port's mode and tag", _SWITCH, "sets them in one transaction"),
        Seen("trunk", "the port's mode and trunks; no list means every VLAN", _SWITCH, "sets them"),
        Seen("description", "the text kept with the port", _SWITCH, "writes it again"),
    ),
)


def _route(inputs: RouteInputs) -> Iterator[Claim]:
    yield Claim(_switch(inputs), f"route to {inputs.destination}")


SWITCH_ROUTE = Ownership[RouteInputs](
    SwitchRouteProvider,
    (Fact(_SWITCH, "a static route", _route),),
    (
        *_ON_SWITCH,
        Given("destination", "which route this is about"),
        Seen("exists", "whether there is a route to that destination", _SWITCH, "makes it"),
        Seen("nextHop", "the route's next hop", _SWITCH, "sets it and waits until it is in force"),
    ),
)


def _slots(inputs: CredentialInputs) -> Iterator[Claim]:
    for slot in (FACTORY_SLOT, OUR_SLOT, BREAK_GLASS_SLOT):
        yield Claim(f"BMC at {inputs.bmc_address}", f"user slot {slot}")
    yield Claim(f"BMC at {inputs.bmc_address}", "other administrators")


def _boot_device(inputs: CredentialInputs) -> Iterator[Claim]:
    yield Claim(f"BMC at {inputs.bmc_address}", "boot device")


_NO_PASSWORD = "IPMI never gives a password back"  # noqa: S105 - a sentence
_SLOT = "enabled, administrator, name and password of slot"

IPMI_CREDENTIAL = Ownership[CredentialInputs](
    IpmiCredentialProvider,
    (
        Fact(
            _BMC,
            f"the accounts in user slots {FACTORY_SLOT} to {BREAK_GLASS_SLOT}, and who else is administrator",
            _slots,
        ),
        # BareMetalNode asks for the network once, when it starts a node: that is what is wanted anyway.
        Fact(_BMC, "what a node boots from when nobody chose: the network", _boot_device),
    ),
    (
        *COMMON,
        Given("node", "whose BMC it is"),
        Given("bmcAddress", "where it answers"),
        Given("writeIntervalS", "least time between two writes, seconds"),
        Given("generation", "the passwords are derived from it; a BMC holds no such number"),
        Told("user", "login", "the name of our slot is compared; another name is an account that is missing"),
        Unseen("password", f"{_NO_PASSWORD}; it is tested by logging in, and `login` tells how that went"),
        Told("breakGlassUser", "breakGlassLogin", "the name of its slot is compared"),
        Unseen(
            "breakGlassPassword",
            f"{_NO_PASSWORD}; the BMC proves that it knows it in the first half of a login, "
            "and `breakGlassLogin` tells",
        ),
        Told("factoryUser", "factoryLogin", "the name of its slot is compared; another name counts as gone"),
        Unseen(
            "factoryPassword",
            f"{_NO_PASSWORD}, and this one is not tried: its account is wanted disabled, and a refused "
            "login counts toward a lock",
        ),
        Seen("login", f"{_SLOT} {OUR_SLOT}", _BMC, "sets the account anew"),
        Seen("breakGlassLogin", f"{_SLOT} {BREAK_GLASS_SLOT}", _BMC, "sets the account anew"),
        Seen("factoryLogin", f"whether slot {FACTORY_SLOT} lets its user in", _BMC, "disables it, last"),
        Given("keptUsers", "other administrators that the operator lets be"),
        Seen("strangers", "enabled administrators in all other slots with a name", _BMC, "disables them"),
        Seen("bootDevice", "the boot device that somebody chose", _BMC, "takes the choice back"),
    ),
)


def _settings(inputs: BootNodeInputs) -> Iterator[Claim]:
    yield Claim(_boot_node(inputs), "settings")
    yield address_claim(str(inputs.settings["address"]))
    for host in inputs.settings["hosts"]:
        yield Claim(_boot_node(inputs), f"reservation for {host['mac']}")
        yield Claim(_boot_node(inputs), f"name {host['name']}")
        yield address_claim(str(host["address"]))


def _services(inputs: BootNodeInputs) -> Iterator[Claim]:
    for unit in inputs.services:
        yield Claim(_boot_node(inputs), f"unit {unit}")


_ON_BOOT_NODE: tuple[Field, ...] = (
    *COMMON,
    Given("address", "where piston-bootd answers"),
    Given("access", "the operator's identity and the site's CA"),
)

BOOT_NODE = Ownership[BootNodeInputs](
    BootNodeProvider,
    (
        Fact(
            _BOOT_NODE,
            "its settings: DHCP reservations, names, resolvers, time servers, release to boot",
            _settings,
        ),
        Fact(_BOOT_NODE, "whether DHCP and DNS, and the time service run", _services),
    ),
    (
        *_ON_BOOT_NODE,
        Seen("settings", "the settings that piston-bootd keeps", _BOOT_NODE, "puts them as one document"),
        Seen("services", "systemd's state of dnsmasq and chrony", _BOOT_NODE, "starts them again"),
    ),
)


def _release(inputs: BootImageInputs) -> Iterator[Claim]:
    for name in inputs.files:
        yield Claim(_boot_node(inputs), f"release {inputs.release}: {name}")


BOOT_IMAGE = Ownership[BootImageInputs](
    BootImageProvider,
    (Fact(_BOOT_NODE, "the bytes of a release", _release),),
    (
        *_ON_BOOT_NODE,
        Given("release", "which release this is about"),
        Seen("files", "SHA-256 of the bytes that nodes would get now", _BOOT_NODE, "uploads what differs"),
    ),
)
