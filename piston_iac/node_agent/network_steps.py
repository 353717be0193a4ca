"""Which steps bring the node's network to what the document says? Pure.

One bridge carries all VLANs: the uplink card is its trunk, each tagged interface an internal port. Ports
of other kinds (patches and taps of the cloud) belong to others and are left alone.
"""

from __future__ import annotations

from piston_iac.node_agent.network import SeenLink, SeenNetwork, SeenPort
from piston_iac.node_agent.steps import (
    LinkUp,
    Ovs,
    Plan,
    RemoveFlow,
    SetAddress,
    SetGateway,
    StartSwitch,
    Step,
)
from piston_iac.node_document import Interface, Networking


def switch_plan(wanted: Networking, seen: SeenNetwork, system_id: str) -> Plan:
    """Whether Open vSwitch has to be started; what follows is planned once it runs."""
    if not wanted.bridge:
        return Plan()
    uplink = find_uplink(wanted, seen)
    if uplink is None:
        text = f"no network card has MAC {wanted.uplink_mac}: correct the stack file or seat the card"
        return Plan(faults=(text,))
    return Plan(() if seen.switch else (StartSwitch(system_id, uplink.name),))


def port_plan(wanted: Networking, seen: SeenNetwork) -> Plan:
    """Bridges, uplink and ports, and what others read in the switch."""
    uplink = find_uplink(wanted, seen)
    if not seen.switch or uplink is None:
        return Plan()
    return Plan(
        (
            *_bridge_steps(wanted.bridge, seen),
            *_stale_ports(wanted, seen, uplink),
            *_ports(wanted, seen, uplink),
            *(_integration_steps(wanted.integration, seen) if wanted.integration else ()),
            *_external_id_steps(wanted, seen),
        )
    )


def address_plan(wanted: Networking, seen: SeenNetwork) -> Plan:
    """Links up, addresses, default route: planned once the ports are there."""
    steps: list[Step] = []
    faults = []
    uplink = find_uplink(wanted, seen)
    if not seen.switch or uplink is None:
        return Plan()
    if not uplink.up:
        steps.append(LinkUp(uplink.name))
    for interface in wanted.interfaces:
        link = seen.link(interface.name)
        if link is None:
            faults.append(f"interface {interface.name} did not appear: see the journal of ovs-vswitchd")
            continue
        steps += [] if link.up else [LinkUp(link.name)]
        steps += _address_steps(interface, link)
    if wanted.gateway and seen.gateway != wanted.gateway:
        steps.append(SetGateway(wanted.gateway))
    return Plan(tuple(steps), tuple(faults))


def flow_plan(wanted: Networking, flows: tuple[str, ...]) -> Plan:
    """Rules that hold traffic up on its way through the bridge, as `network.see_flows` tells them."""
    return Plan(tuple(RemoveFlow(wanted.bridge, flow.partition(" actions=")[0]) for flow in flows))


def uplink_state(wanted: Networking, seen: SeenNetwork) -> str:
    """`up`, `no carrier`, `down` or `missing`, as reports say it."""
    card = find_uplink(wanted, seen)
    if card is None:
        return "missing"
    if not card.up:
        return "down"
    return "up" if card.carrier else "no carrier"


def cable_plan(wanted: Networking, seen: SeenNetwork) -> Plan:
    """Nothing can be done about a pulled cable but to say so."""
    card = find_uplink(wanted, seen)
    if not wanted.bridge or card is None or uplink_state(wanted, seen) != "no carrier":
        return Plan()
    text = f"no carrier on the data card {card.name} ({card.mac}): plug its cable into the data switch"
    return Plan(faults=(text,))


def switch_settings(wanted: Networking, seen: SeenNetwork) -> dict[str, str]:
    """What the switch holds under the wanted names; empty where it holds nothing."""
    return {name: seen.external_ids.get(name, "") for name, _ in wanted.external_ids}


def find_uplink(wanted: Networking, seen: SeenNetwork) -> SeenLink | None:
    """The card with the uplink's MAC. The bridge's own port may bear the same address, so it is left out."""
    virtual = {port.name for port in seen.ports if port.kind == "internal"} | set(seen.bridges)
    virtual |= {wanted.bridge, *(interface.name for interface in wanted.interfaces)}
    return next((it for it in seen.links if it.mac == wanted.uplink_mac and it.name not in virtual), None)


def _bridge_steps(bridge: str, seen: SeenNetwork) -> list[Step]:
    if seen.bridges.get(bridge) == seen.datapath:
        return []
    words = ("--may-exist", "add-br", bridge, "--", "set", "Bridge", bridge, f"datapath_type={seen.datapath}")
    return [Ovs(f"make bridge {bridge} ({seen.datapath})", words)]


def _integration_steps(bridge: str, seen: SeenNetwork) -> list[Step]:
    """It forwards nothing until somebody tells it how: it has no rule of its own."""
    if seen.bridges.get(bridge) == seen.datapath:
        return []
    kind = (f"datapath_type={seen.datapath}", "fail_mode=secure")
    words = ("--may-exist", "add-br", bridge, "--", "set", "Bridge", bridge, *kind)
    return [Ovs(f"make bridge {bridge} ({seen.datapath})", words)]


def _external_id_steps(wanted: Networking, seen: SeenNetwork) -> list[Step]:
    differing = [(name, value) for name, value in wanted.external_ids if seen.external_ids.get(name) != value]
    if not differing:
        return []
    # A value may hold commas and colons, which ovs-vsctl takes for more pairs.
    pairs = (f'external_ids:{name}="{value}"' for name, value in differing)
    names = ", ".join(name for name, _ in differing)
    return [Ovs(f"set {names} of the switch", ("set", "Open_vSwitch", ".", *pairs))]


def _stale_ports(wanted: Networking, seen: SeenNetwork, uplink: SeenLink) -> list[Step]:
    keep = {wanted.bridge, uplink.name, *(interface.name for interface in wanted.interfaces)}
    stale = [it for it in seen.ports if it.bridge == wanted.bridge and it.name not in keep]
    return [_remove(it) for it in stale if it.kind in ("internal", "")]


def _ports(wanted: Networking, seen: SeenNetwork, uplink: SeenLink) -> list[Step]:
    ports = {port.name: port for port in seen.ports}
    steps: list[Step] = []
    if uplink.name not in ports or ports[uplink.name].bridge != wanted.bridge:
        words = ("--may-exist", "add-port", wanted.bridge, uplink.name)
        steps.append(Ovs(f"add uplink {uplink.name} to {wanted.bridge}", words))
    elif ports[uplink.name].vid:
        steps.append(Ovs(f"make {uplink.name} a trunk", ("clear", "Port", uplink.name, "tag")))
    largest = max((interface.mtu for interface in wanted.interfaces), default=0)
    if uplink.mtu < largest:
        words = ("set", "Interface", uplink.name, f"mtu_request={largest}")
        steps.append(Ovs(f"set MTU of {uplink.name} to {largest}", words))
    for interface in wanted.interfaces:
        steps += _port_steps(wanted.bridge, interface, ports.get(interface.name), seen.link(interface.name))
    return steps


def _port_steps(bridge: str, wanted: Interface, port: SeenPort | None, link: SeenLink | None) -> list[Step]:
    name = wanted.name
    steps: list[Step] = []
    if port is None or port.bridge != bridge or port.kind != "internal":
        steps += [] if port is None else [_remove(port)]
        return [*steps, _add_port(bridge, wanted)]
    if port.vid != wanted.vid:
        what = f"move interface {name} from VLAN {port.vid} to {wanted.vid}"
        steps.append(Ovs(what, ("set", "Port", name, f"tag={wanted.vid}")))
    if port.mtu_request != wanted.mtu or (link is not None and link.mtu != wanted.mtu):
        # Only a change of the request makes ovs-vswitchd act: the same one is cleared before it is set.
        clear = Ovs(f"clear MTU of {name}", ("clear", "Interface", name, "mtu_request"))
        steps += [clear] if port.mtu_request == wanted.mtu else []
        what = f"set MTU of {name} to {wanted.mtu}"
        steps.append(Ovs(what, ("set", "Interface", name, f"mtu_request={wanted.mtu}")))
    return steps


def _add_port(bridge: str, wanted: Interface) -> Ovs:
    name = wanted.name
    port = ("add-port", bridge, name, f"tag={wanted.vid}")
    interface = ("set", "Interface", name, "type=internal", f"mtu_request={wanted.mtu}")
    return Ovs(f"add interface {name} in VLAN {wanted.vid}", (*port, "--", *interface))


def _remove(port: SeenPort) -> Ovs:
    return Ovs(f"remove {port.name} from {port.bridge}", ("--if-exists", "del-port", port.bridge, port.name))


def _address_steps(interface: Interface, link: SeenLink) -> list[Step]:
    wanted = {interface.address} - {""}
    others = tuple(it for it in link.addresses if it not in wanted and it not in interface.virtual)
    missing = not wanted <= set(link.addresses)
    return [SetAddress(interface, others, missing)] if others or missing else []
