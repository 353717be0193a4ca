"""dnsmasq's configuration: pure text from settings.

DHCP answers known MAC addresses alone, with the address reserved for them and for ever: a machine
that is not in the stack file gets nothing. Source: dnsmasq(8), version 2.90.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from piston_iac.boot_node.boot_script import boot_url
from piston_iac.boot_node.settings import Host, HostKind, Settings

BOOT_NODE_NAME = "boot"


def _tag(host: Host) -> str:
    """A tag of the host's own, out of the way of dnsmasq's (`known`) and ours."""
    return f"node-{host.name}"


def _dhcp_host(host: Host) -> str:
    tag = f"set:{_tag(host)}," if host.kind is HostKind.NODE else ""
    return f"dhcp-host={host.mac},{tag}{host.address},{host.name},infinite"


def _dhcp_boot(settings: Settings, host: Host) -> str:
    return f"dhcp-boot=tag:{_tag(host)},{boot_url(settings, host.mac)}"


def _dhcp(settings: Settings, leases: Path) -> list[str]:
    network = IPv4Network(settings.cidr)
    nodes = [host for host in settings.hosts if host.kind is HostKind.NODE]
    return [
        f"dhcp-range={network.network_address},static,{network.netmask},infinite",
        "dhcp-ignore=tag:!known",
        # The only DHCP server here: answer a machine's old lease at once instead of ignoring it.
        "dhcp-authoritative",
        f"dhcp-leasefile={leases}",
        # The default of 1000 would silently leave machines of a large site without address.
        f"dhcp-lease-max={len(settings.hosts) + 10}",
        # Option 3 with no value keeps dnsmasq from naming itself as gateway.
        f"dhcp-option=option:router,{settings.gateway}" if settings.gateway else "dhcp-option=option:router",
        f"dhcp-option=option:dns-server,{settings.address}",
        f"dhcp-option=option:ntp-server,{settings.address}",
        f"dhcp-option=option:mtu,{settings.mtu}",
        # UEFI HTTP boot takes an offer only when it calls itself HTTPClient. Source: UEFI 2.10, 24.7.3.
        "dhcp-vendorclass=set:http-client,HTTPClient",
        "dhcp-option-force=tag:http-client,60,HTTPClient",
        *(_dhcp_host(host) for host in settings.hosts),
        *(_dhcp_boot(settings, host) for host in nodes),
    ]


def _dns(settings: Settings) -> list[str]:
    records = [(BOOT_NODE_NAME, settings.address), *((host.name, host.address) for host in settings.hosts)]
    return [
        "port=53",
        "no-hosts",
        "no-resolv",
        "domain-needed",
        f"domain={settings.domain}",
        f"local=/{settings.domain}/",
        *(f"host-record={name}.{settings.domain},{name},{address}" for name, address in records),
        *(f"server={address}" for address in settings.dns_upstream),
    ]


def dnsmasq_conf(settings: Settings, leases: Path) -> str:
    """The whole file. `leases` is where dnsmasq keeps what it gave out. TFTP is not offered."""
    lines = [
        "# Written by piston-bootd from the site's settings; changes here are overwritten.",
        f"listen-address={settings.address}",
        # bind-dynamic waits for the address instead of failing when the card is late.
        "bind-dynamic",
        # No pid file: systemd knows the process.
        "pid-file",
        *_dns(settings),
        *_dhcp(settings, leases),
    ]
    return "\n".join(lines) + "\n"
