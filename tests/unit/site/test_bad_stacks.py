"""Each row breaks the lab's stack file in one way and says what the operator is told, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from piston_iac.site.faults import Fault, SiteFaults
from piston_iac.site.load import load_file, read_stack

LAB = (Path(__file__).parents[3] / "stacks" / "Pulumi.lab.yaml").read_text()


@dataclass(frozen=True)
class Bad:
    """`old` becomes `new` (once). Then `path` is the one fault, with `words`, on the line of `at`.

    `at` is the beginning of that line, where it is another than the one that `new` begins on.
    """

    old: str
    new: str
    path: str
    words: str
    at: str = ""


@dataclass(frozen=True)
class Whole:
    """A file of that content. Among its faults is one of `path`, with `words`, on `line` (0: none)."""

    content: bytes
    line: int
    path: str
    words: str


N3_BMC = "address: 10.30.10.113"
N3_BOOT = "mac: 52:54:00:0a:00:03"
N3_LOCAL = "local: [n3-local-1, n3-local-2, n3-local-3, n3-local-4]"
N3_OSD = "osd: [n3-osd-1]"
FLOATING = "floating: 10.30.50.100-10.30.50.200"
FACTORY = "    factoryPassword:\n      secure: v1:RQaIJguQgMrth5Wj:EN8k07X1vuczsv64Wy1JUhrS36qV"
COMMUNITY = "      secure: v1:jaujX/U7N9YxRkzc:wNGXKvrcUKmaK8XM29aPCW0fhALJEjq25SU="
ROUTE = "nextHop: 10.30.0.1\n"
N3_TO_N5 = LAB[LAB.index("    n3:\n") : LAB.index("\n  piston:ipmi:")]
N3_BMC_WRONG = "address: 10.30.10.1113"
MEMORY = "osdMemoryMib: 896"
N5_AND_ON = LAB[LAB.index("    n5:\n") : LAB.index(MEMORY)]
AFTER_N5 = LAB[LAB.index("\n  piston:ipmi:") : LAB.index(MEMORY)]

YAML = {
    "tab": Bad("      vid: 20", "\tvid: 20", "the file", "tab"),
    "tab after blanks": Bad("      vid: 20", "    \tvid: 20", "the file", "tab"),
    "unclosed list": Bad(N3_OSD, "osd: [n3-osd-1", "the file", "is not YAML", "n4:"),
    "bad indent": Bad("    n3:\n", "   n3:\n", "the file", "is not YAML", "n3:"),
    "control character": Bad(
        "      vid: 20", "      vid: \x0120", "the file", "control character", "vid: \x0120"
    ),
    "two documents": Bad("  piston:dns:", "---\npiston:dns:", "the file", "is not YAML", "---"),
    "duplicate key": Bad(
        "      vid: 20", "      vid: 20\n      vid: 21", "networks.service.vid", "twice", "vid: 21"
    ),
    "duplicate section": Bad(
        "  piston:dns:", "  piston:ntp: [10.0.0.1]\n  piston:dns:", "ntp", "twice", "piston:ntp: [10.30.10.5]"
    ),
    "alias": Bad(
        "piston:dns: [10.30.10.5]\n  piston:ntp: [10.30.10.5]",
        "piston:dns: &servers [10.30.10.5]\n  piston:ntp: *servers",
        "ntp",
        "alias",
        "piston:dns: &servers",  # YAML keeps no place for the alias, only for what it stands for
    ),
    "alias that contains itself": Bad(
        "piston:dns: [10.30.10.5]", "piston:dns: &a [*a]", "dns[0]", "alias", "piston:dns: &a"
    ),
    "alias that was never named": Bad("piston:dns: [10.30.10.5]", "piston:dns: *a", "the file", "alias"),
    "NUL byte": Bad("      vid: 20", "      vid: \0" + "20", "the file", "control character", "vid: \0"),
    "deep nesting": Bad(
        "[10.30.10.5]", "[" * 40 + "]" * 40, "the file", "nests more than 32 deep", "piston:dns: [["
    ),
    "nesting that would end the process": Bad(
        "[10.30.10.5]", "[" * 100_000, "the file", "nests more than 32 deep", "piston:dns: [["
    ),
    "number as key": Bad(
        "piston:dns:", "5: 6\n  piston:dns:", "5", "is not text to the engine; put it in quotes"
    ),
    "true as key": Bad("    n3:\n", "    true:\n", "nodes.true", "not text to the engine"),
    "list as key": Bad("piston:dns: [10.30.10.5]", "piston:dns: {[a]: b}", "dns", "not a word"),
}

FILE = {
    "unknown key of the file": Bad(
        "encryptionsalt: v1", "encryptionsalz: v1", "encryptionsalz", "did you mean encryptionsalt?"
    ),
    "setting outside config": Bad(
        "config:\n", "environment: lab\nconfig:\n", "environment", "did you mean piston:environment"
    ),
    "unknown setting": Bad("  piston:snmp:", "  piston:snpm:", "piston:snpm", "did you mean piston:snmp?"),
    "unlike any setting": Bad(
        "  piston:dns:", "  piston:zebra: 1\n  piston:dns:", "piston:zebra", "remove it"
    ),
    "another project": Bad("  piston:snmp:", "  pistn:snmp:", "pistn:snmp", "did you mean piston:snmp?"),
    "no project": Bad("  piston:snmp:", "  snmp:", "snmp", "did you mean piston:snmp?"),
    "setting in Python's spelling": Bad(
        "failureDomain: rack1\n      bmc:\n        address: 10.30.10.113",
        "failureDomain: rack1\n      boot_from: x\n      bmc:\n        address: 10.30.10.113",
        "nodes.n3.boot_from",
        "is not a setting",
        "boot_from: x",
    ),
    "unknown setting deep inside": Bad(
        "    writeIntervalS: 0 ",
        "    writeIntervals: 0 ",
        "ipmi.writeIntervals",
        "did you mean writeIntervalS?",
    ),
    "missing section": Bad("  piston:ntp: [10.30.10.5]\n", "", "ntp", "is missing; add it", "config:"),
    "missing value": Bad(
        "      mac: 52:54:00:0a:00:fe\n".removeprefix("  "), "", "bootNode.mac", "missing", "piston:boot"
    ),
    "empty section": Bad("piston:dns: [10.30.10.5]", "piston:dns:", "dns", "empty, not a list"),
}

SECRETS = {
    "clear text": Bad(
        FACTORY,
        "    factoryPassword: ADMIN",
        "ipmi.factoryPassword",
        "clear text; run: pulumi config set --secret --path 'piston:ipmi.factoryPassword'",
    ),
    "clear text for the community": Bad(
        f"    community:\n{COMMUNITY}", "    community: public", "snmp.community", "clear text"
    ),
    "clear text in a node": Bad(
        N3_BMC,
        f"password: hunter2\n        {N3_BMC}",
        "nodes.n3.bmc.password",
        "'piston:nodes.n3.bmc.password'",
    ),
    "clear text under secure": Bad(
        COMMUNITY, "      secure: public", "snmp.community", "not sealed", "community:"
    ),
    "secret missing": Bad(
        FACTORY + "\n", "", "ipmi.factoryPassword", "missing; run: pulumi config set", "piston:ipmi"
    ),
    "sealed where nothing is secret": Bad(
        "      vid: 20", f"      vid:\n  {COMMUNITY}", "networks.service.vid", "sealed and is not a secret"
    ),
    "sealed section": Bad(
        "piston:dns: [10.30.10.5]", f"piston:dns:\n{COMMUNITY}", "dns", "sealed and is not a secret"
    ),
    "no salt": Bad(
        "encryptionsalt: v1:7iJmuWI1vps=:v1:xugZ7VkpFbzpAttK:EbisbtpUxzbazaHZABIbqTnGCGc4ew==\n",
        "",
        "encryptionsalt",
        "missing",
        "# The virtual rack",
    ),
}

SHAPES = {
    "release as a number": Bad(
        '"2026.11"', "2026.11", "release", "not text; put it in quotes", "piston:release"
    ),
    "release as a date": Bad('"2026.11"', "2026-11-01", "release", "a date, not text", "piston:release"),
    "release as a path": Bad('"2026.11"', '"../x"', "release", "not a release", "piston:release"),
    "environment": Bad(
        "environment: lab", "environment: test", "environment", "'production' or 'lab'", "piston:env"
    ),
    "vid too high": Bad(
        "vid: 20", "vid: 4095", "networks.service.vid", "4095, which is no VLAN id; write 2 to 4094"
    ),
    "vid too low": Bad("vid: 20", "vid: 0", "networks.service.vid", "no VLAN id"),
    "vid one": Bad("vid: 20", "vid: 1", "networks.service.vid", "unconfigured port"),
    "vid in quotes": Bad("vid: 20", 'vid: "20"', "networks.service.vid", "a whole number, without quotes"),
    "VLAN 4096": Bad("vid: 20", "vid: 4096", "networks.service.vid", "no VLAN id; write 2 to 4094"),
    "VLAN of a port that trunks": Bad("vid: 4\n", "vid: 0\n", "switches.data.uplink.vid", "no VLAN id"),
    "number that fills a page": Bad(
        "vid: 20", "vid: 0x" + "f" * 50_000, "networks.service.vid", "is '0xfff", "vid: 0xf"
    ),
    "octet of four digits": Bad(
        "10.30.10.113",
        "10.30.10.1113",
        "nodes.n3.bmc.address",
        "'10.30.10.1113' is not an IPv4 address",
        N3_BMC_WRONG,
    ),
    "octet with a sign": Bad(
        "10.30.10.113",
        "10.30.10.-3",
        "nodes.n3.bmc.address",
        "is not an IPv4 address",
        "address: 10.30.10.-3",
    ),
    "prefix beyond 32": Bad(
        "10.30.20.0/24",
        "10.30.20.0/33",
        "networks.service.cidr",
        "not an IPv4 network",
        "cidr: 10.30.20.0/33",
    ),
    "even number of mons": Bad(MEMORY, f"mons: 4\n    {MEMORY}", "ceph.mons", "is 4; write 3 or 5"),
    "no mon": Bad(MEMORY, f"mons: 0\n    {MEMORY}", "ceph.mons", "is 0; write 3 or 5"),
    "memory of an OSD": Bad(MEMORY, "osdMemoryMib: 100", "ceph.osdMemoryMib", "too low; write 896 or more"),
    "placement groups": Bad(
        "vms: { pgNum: 16 }", "vms: { pgNum: 17 }", "ceph.pools.vms.pgNum", "no power of two", "vms:"
    ),
    "pool that is not ours": Bad(
        "vms: { pgNum: 16 }", "vmz: { pgNum: 16 }", "ceph.pools.vmz", "did you mean vms?", "vmz:"
    ),
    "quota below nothing": Bad(
        "vms: { pgNum: 16 }", "vms: { quotaGib: -1 }", "ceph.pools.vms.quotaGib", "too low", "vms:"
    ),
    "kind of disk": Bad(
        "vms: { pgNum: 16 }",
        "vms: { deviceClass: tape }",
        "ceph.pools.vms.deviceClass",
        "write 'any'",
        "vms:",
    ),
    "text as a mapping": Bad(
        "piston:dns: [10.30.10.5]", "piston:dns: 10.30.10.5", "dns", "is '10.30.10.5', not a list"
    ),
    "yes as a number": Bad("number: 4", "number: true", "nodes.n4.number", "is true, not a whole number"),
    "number beyond 200": Bad("number: 4", "number: 201", "nodes.n4.number", "too high; write 200 or less"),
    "octet": Bad("10.30.10.113", "10.30.10.313", "nodes.n3.bmc.address", "0 to 255", "address: 10.30.10.313"),
    "short address": Bad(
        "10.30.10.113", "10.30.113", "nodes.n3.bmc.address", "not an IPv4 address", "address: 10.30.113"
    ),
    "host bits": Bad(
        "10.30.20.0/24", "10.30.20.9/24", "networks.service.cidr", "write 10.30.20.0/24", "cidr: 10.30.20.9"
    ),
    "no prefix": Bad(
        "10.30.20.0/24", "10.30.20.0", "networks.service.cidr", "not an IPv4 network", "cidr: 10.30.20.0"
    ),
    "backward range": Bad(
        FLOATING, "floating: 10.30.50.200-10.30.50.100", "networks.public.floating", "lower address first"
    ),
    "MAC": Bad(N3_BOOT, "mac: 52:54:00:0a:03", "nodes.n3.boot.mac", "not a MAC address"),
    "multicast MAC": Bad(N3_BOOT, "mac: 53:54:00:0a:00:03", "nodes.n3.boot.mac", "multicast"),
    "mtu": Bad("vid: 30", "mtu: 90000\n      vid: 30", "networks.host.mtu", "9216 or less"),
    "switch address": Bad(
        "tcp:10.30.10.2:6640",
        "10.30.10.2",
        "switches.data.address",
        "such as tcp:10.30.10.2:6640",
        "address: 10.30.10.2",
    ),
    "switch by name": Bad(
        "tcp:10.30.10.3:6640",
        "tcp:sw1:6640",
        "switches.management.address",
        "not an OVSDB",
        "address: tcp:sw1",
    ),
    "driver": Bad(
        "    data:\n", "    data:\n      driver: ssh\n", "switches.data.driver", "'ovsdb'", "driver: ssh"
    ),
    "node name": Bad("    n3:\n", "    N3:\n", "nodes.N3", "not a name"),
    "serial as a number": Bad(
        N3_OSD, "osd: [0123]", "nodes.n3.disks.osd[0]", "83, not text; put it in quotes"
    ),
    "list as text": Bad(N3_OSD, "osd: n3-osd-1", "nodes.n3.disks.osd", "'n3-osd-1', not a list"),
    "node as a list": Bad(
        "  piston:bootNode:\n", "  piston:bootNode: [a]\n  piston:x:\n", "bootNode", "not a mapping"
    ),
    "raid": Bad("btrfs-raid10", "raid5", "diskLayout.localRaid", "'btrfs-raid10'", "localRaid: raid5"),
    "image cache": Bad("imageCacheGib: 1", "imageCacheGib: 0", "diskLayout.imageCacheGib", "1 or more"),
    "image cache in words": Bad(
        "imageCacheGib: 1", "imageCacheGib: ten", "diskLayout.imageCacheGib", "whole number"
    ),
    "DNS by name": Bad(
        "dns: [10.30.10.5]", "dns: [dns.example.com]", "dns[0]", "not an IPv4 address", "piston:dns"
    ),
    "no DNS": Bad("dns: [10.30.10.5]", "dns: []", "dns", "is empty; give at least 1", "piston:dns"),
    "no NTP": Bad("ntp: [10.30.10.5]", "ntp: []", "ntp", "is empty", "piston:ntp"),
    "NTP": Bad("ntp: [10.30.10.5]", "ntp: [a_b]", "ntp[0]", "nor a host name", "piston:ntp"),
    "IPMI user too long": Bad(
        "factoryUser: ADMIN", "factoryUser: A-very-long-name-x", "ipmi.factoryUser", "longer than 16"
    ),
    "timeout": Bad("bootS: 150", "bootS: 0", "timeouts.bootS", "5 or more"),
    "half a second": Bad("bmcS: 12", "bmcS: 12.5", "timeouts.bmcS", "whole number"),
}

RULES = {
    "same VLAN": Bad("vid: 40", "vid: 30", "networks.cloud.vid", "networks.host.vid has already"),
    "transit VLAN taken": Bad(
        "vid: 4\n", "vid: 50\n", "switches.data.uplink.vid", "networks.public.vid has already"
    ),
    "overlap": Bad(
        "cidr: 10.30.40.0/24\n      gateway: 10.30.40.1",
        "cidr: 10.30.32.0/19\n      gateway: 10.30.40.1",
        "networks.public.cidr",
        "overlaps networks.cloud.cidr (10.30.32.0/19)",
        "cidr: 10.30.50.0/24",
    ),
    "transit overlaps": Bad(
        "cidr: 10.30.0.0/30",
        "cidr: 10.30.0.0/20",
        "switches.data.uplink.cidr",
        "overlaps networks.management.cidr",
    ),
    "gateway outside": Bad(
        "gateway: 10.30.20.1", "gateway: 10.30.21.1", "networks.service.gateway", "outside"
    ),
    "gateway is base": Bad(
        "gateway: 10.30.20.1", "gateway: 10.30.20.0", "networks.service.gateway", "base address"
    ),
    "gateway is broadcast": Bad(
        "gateway: 10.30.20.1", "gateway: 10.30.20.255", "networks.service.gateway", "broadcast"
    ),
    "management gateway": Bad(
        "      cidr: 10.30.10.0/24",
        "      gateway: 10.30.10.1\n      cidr: 10.30.10.0/24",
        "networks.management.gateway",
        "no way out",
    ),
    "no public gateway": Bad(
        "      gateway: 10.30.50.1\n", "", "networks.public.gateway", "floating IPs need a way out", "public:"
    ),
    "floating outside": Bad(
        FLOATING, "floating: 10.30.50.100-10.30.51.9", "networks.public.floating", "outside 10.30.50.0/24"
    ),
    "floating to broadcast": Bad(
        FLOATING, "floating: 10.30.50.100-10.30.50.255", "networks.public.floating", "broadcast"
    ),
    "floating over the gateway": Bad(
        FLOATING, "floating: 10.30.50.1-10.30.50.9", "networks.public.floating", "contains the gateway"
    ),
    "floating over a node": Bad(
        FLOATING, "floating: 10.30.50.15-10.30.50.99", "nodes.n5.number", "in the floating range", "number: 5"
    ),
    "floating elsewhere": Bad(
        "gateway: 10.30.40.1",
        "gateway: 10.30.40.1\n      floating: 10.30.40.100-10.30.40.110",
        "networks.cloud.floating",
        "only public",
        "floating: 10.30.40.100",
    ),
    "uplink outside": Bad(
        "address: 10.30.0.2", "address: 10.30.1.2", "switches.data.uplink.address", "outside"
    ),
    "uplink is base": Bad(
        "address: 10.30.0.2", "address: 10.30.0.0", "switches.data.uplink.address", "base address"
    ),
    "next hop unreachable": Bad(
        ROUTE, "nextHop: 10.99.0.1\n", "switches.data.routes[0].nextHop", "no connection to"
    ),
    "next hop is the switch": Bad(
        ROUTE, "nextHop: 10.30.0.2\n", "switches.data.routes[0].nextHop", "the data switch itself"
    ),
    "next hop on management": Bad(
        ROUTE, "nextHop: 10.30.10.9\n", "switches.data.routes[0].nextHop", "no connection to"
    ),
    "two default routes": Bad(
        "\n  piston:bootNode:",
        "        - destination: 0.0.0.0/0\n          nextHop: 10.30.20.9\n\n  piston:bootNode:",
        "switches.data.routes[1].destination",
        "routes[0].destination has already",
    ),
    "route to an own network": Bad(
        "destination: 0.0.0.0/0",
        "destination: 10.30.40.0/24",
        "switches.data.routes[0].destination",
        "networks.cloud.cidr has already",
        "- destination",
    ),
    "same MAC": Bad(N3_BOOT, "mac: 52-54-00-0B-00-01", "nodes.n3.boot.mac", "nodes.n1.data.mac has already"),
    "boot node's MAC": Bad(
        N3_BOOT, "mac: 52:54:00:0a:00:fe", "nodes.n3.boot.mac", "bootNode.mac has already"
    ),
    "same number": Bad("number: 4", "number: 2", "nodes.n4.number", "nodes.n2.number has already"),
    "BMC on a number": Bad(
        N3_BMC, "address: 10.30.10.14", "nodes.n4.number", "which is nodes.n3.bmc.address", "number: 4"
    ),
    "number beyond the network": Bad(
        "cidr: 10.30.30.0/24",
        "cidr: 10.30.30.0/28",
        "nodes.n5.number",
        "in host that is 10.30.30.15, the broadcast",
        "number: 5",
    ),
    "number on the gateway": Bad(
        "gateway: 10.30.20.1\n",
        "gateway: 10.30.20.12\n",
        "nodes.n2.number",
        "which is the gateway",
        "number: 2",
    ),
    "boot node on a node": Bad(
        "address: 10.30.10.5\n",
        "address: 10.30.10.11\n",
        "nodes.n1.number",
        "which is bootNode.address",
        "number: 1",
    ),
    "BMC outside management": Bad(
        N3_BMC, "address: 10.30.20.113", "nodes.n3.bmc.address", "outside 10.30.10.0/24"
    ),
    "boot node outside management": Bad(
        "address: 10.30.10.5\n", "address: 10.30.11.5\n", "bootNode.address", "outside 10.30.10.0/24"
    ),
    "switch outside management": Bad(
        "tcp:10.30.10.2:6640",
        "tcp:10.30.0.2:6640",
        "switches.data.address",
        "outside",
        "address: tcp:10.30.0.2",
    ),
    "two BMCs at one address": Bad(
        N3_BMC,
        "address: 10.30.10.112",
        "nodes.n3.bmc.address",
        "nodes.n2.bmc.address has already",
    ),
    "switches at one address": Bad(
        "tcp:10.30.10.2:6640",
        "tcp:10.30.10.3:6641",
        "switches.data.address",
        "has already",
        "address: tcp:10.30.10.3:6641",
    ),
    "management port twice": Bad(
        "port: n3-bmc",
        "port: n1-boot",
        "nodes.n3.bmc.port",
        "nodes.n1.boot.port",
    ),
    "boot node's port": Bad("port: n3-bmc", "port: boot", "nodes.n3.bmc.port", "bootNode.port"),
    "data port twice": Bad(
        "port: n3-data",
        "port: core",
        "nodes.n3.data.port",
        "switches.data.uplink.port",
    ),
    "disk of another node": Bad(
        N3_OSD,
        "osd: [n1-osd-1]",
        "nodes.n3.disks.osd[0]",
        "nodes.n1.disks.osd[0]",
    ),
    "disk for both": Bad(
        N3_OSD, "osd: [n3-local-4]", "nodes.n3.disks.osd[0]", "nodes.n3.disks.local[3] has already"
    ),
    "odd number of disks": Bad(N3_LOCAL, "local: [a, b, c, d, e]", "nodes.n3.disks.local", "5 disks"),
    "two disks": Bad(N3_LOCAL, "local: [a, b]", "nodes.n3.disks.local", "at least 4"),
    "no OSD": Bad(N3_OSD, "osd: []", "nodes.n3.disks.osd", "no disk; list"),
    "wipe of another's disk": Bad(
        N3_OSD, f"{N3_OSD}\n      wipe: [n3-osd-1, n4-osd-1]", "nodes.n3.wipe[1]", "not a disk of n3", "wipe:"
    ),
    "users alike": Bad(
        "factoryUser: ADMIN", "factoryUser: piston", "ipmi.factoryUser", "ipmi.user has already"
    ),
    "rescue user alike": Bad(
        "    factoryUser:", "    breakGlassUser: piston\n    factoryUser:", "ipmi.breakGlassUser", "ipmi.user"
    ),
    "more mons than nodes": Bad(
        f"{N5_AND_ON}{MEMORY}",
        f"{AFTER_N5}mons: 5\n    {MEMORY}",
        "ceph.mons",
        "is 5, and the site has 4 nodes",
        "mons: 5",
    ),
    "too many placement groups": Bad(
        "vms: { pgNum: 16 }", "vms: { pgNum: 1024 }", "ceph.pools", "Ceph's limit", "pools:"
    ),
    "VLAN of two networks": Bad(
        "vid: 40", "vid: 30", "networks.cloud.vid", "is 30, which networks.host.vid has already"
    ),
    "one network for two": Bad(
        "cidr: 10.30.40.0/24\n      gateway: 10.30.40.1",
        "cidr: 10.30.30.0/24\n      gateway: 10.30.30.1",
        "networks.cloud.cidr",
        "overlaps networks.host.cidr",
    ),
    "disk twice in one list": Bad(
        N3_LOCAL,
        "local: [n3-local-1, n3-local-2, n3-local-3, n3-local-3]",
        "nodes.n3.disks.local[3]",
        "local[2] has already",
    ),
    "three disks": Bad(N3_LOCAL, "local: [a, b, c]", "nodes.n3.disks.local", "has 3 disks; RAID1+0"),
    "two nodes": Bad(N3_TO_N5, "", "nodes", "has 2 of the 3", "piston:nodes"),
}

LAUGHS = "\n".join(f"  piston:x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30))

WHOLE = {
    "empty file": Whole(b"", 1, "the file", "holds no settings; copy stacks/Pulumi.example.yaml"),
    "comments only": Whole(b"# later\n", 1, "the file", "holds no settings"),
    "list": Whole(b"- piston:dns\n", 1, "the file", "holds no settings"),
    "text": Whole(b"piston\n", 1, "the file", "holds no settings"),
    "no section": Whole(b"config:\n", 1, "config", "is missing or empty; stacks/Pulumi.example.yaml"),
    "sections as a list": Whole(b"config: [1]\n", 1, "config", "is missing or empty"),
    "not UTF-8": Whole(
        LAB.replace("rack1", "g\xe9neve", 1).encode("latin-1"),
        LAB[: LAB.index("rack1")].count("\n") + 1,
        "the file",
        "is not UTF-8 text; save it as UTF-8",
    ),
    "UTF-16": Whole(LAB.encode("utf-16"), 1, "the file", "is not UTF-8 text"),
    "a program": Whole(b"\x7fELF\x02\x01\x01\0\0", 1, "the file", "control character"),
    "control character in a file of Windows": Whole(
        b"config:\r\n  piston:dns: []\r\n  piston:ntp: \x02\r\n", 3, "the file", "control character"
    ),
    "NUL bytes only": Whole(bytes(4096), 1, "the file", "control character"),
    "billion laughs": Whole(
        f"config:\n  piston:x0: &x0 lol\n{LAUGHS}\n".encode(), 3, "piston:x1", "is not a setting; remove it"
    ),
    "far too large": Whole(b"#" * (600 << 10), 0, "the file", "is larger than 512 KiB"),
}
"""Files that are wrong as a whole. What is told first of them comes before all else that is missing."""

ROWS = {**YAML, **FILE, **SECRETS, **SHAPES, **RULES}


def faults_of(text: str) -> list[Fault]:
    site, faults = read_stack("lab", text, "Pulumi.lab.yaml")
    assert (site is None) == bool(faults)
    return faults


def broken(*rows: Bad) -> str:
    text = LAB
    for row in rows:
        assert row.old in text, f"the lab file has no {row.old!r} any more"
        text = text.replace(row.old, row.new, 1)
    return text


def line_of(row: Bad) -> int:
    if row.at:
        return next(
            n for n, line in enumerate(broken(row).splitlines(), 1) if line.strip().startswith(row.at)
        )
    before = LAB[: LAB.index(row.old)]
    blanks = row.new[: len(row.new) - len(row.new.lstrip())]
    return (before + blanks).count("\n") + 1


# One mistake may break two settings: an unknown name is often a needed one, misspelt.
ALSO = {
    "node as a list": ["piston:x"],
    "unknown key of the file": ["encryptionsalt"],
}


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_stack_file_is_told_where_and_why(name: str) -> None:
    row = ROWS[name]
    faults = faults_of(broken(row))
    assert [fault.path for fault in faults if fault.path not in ALSO.get(name, [])] == [row.path]
    [fault] = [fault for fault in faults if fault.path == row.path]
    assert row.words in f"{fault.cause}; {fault.fix}"
    assert fault.line == line_of(row)
    assert fault.fix
    assert "\n" not in str(fault)
    assert len(str(fault)) < 600


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_no_stack_file(name: str, tmp_path: Path) -> None:
    row = WHOLE[name]
    path = tmp_path / "Pulumi.lab.yaml"
    path.write_bytes(row.content)
    with pytest.raises(SiteFaults) as caught:
        load_file(path)
    [fault] = [fault for fault in caught.value.faults if fault.path == row.path]
    assert row.words in f"{fault.cause}; {fault.fix}"
    assert (fault.file, fault.line) == (str(path), row.line)
    for fault in caught.value.faults:
        assert fault.fix
        assert len(str(fault)) < 600
        assert str(fault).isprintable()


def test_a_directory_in_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.lab.yaml"
    path.mkdir()
    with pytest.raises(SiteFaults) as caught:
        load_file(path)
    assert [str(it) for it in caught.value.faults] == [
        f"{path}: the file cannot be read: Is a directory; name another"
    ]


def test_there_are_enough_rows() -> None:
    assert len(ROWS) + len(WHOLE) >= 140


def test_no_fault_shows_a_password() -> None:
    for row in SECRETS.values():
        for fault in faults_of(broken(row)):
            assert "hunter2" not in str(fault)
            assert "ADMIN" not in fault.cause


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    names = (
        "duplicate section",  # YAML
        "unlike any setting",  # the file
        "clear text",  # secrets
        "vid too low",  # shapes: in a network, in a node, in a section of its own
        "octet",
        "timeout",
        "same VLAN",  # rules, next to sections that hold the faults above
        "management gateway",
        "next hop unreachable",
        "same number",
    )
    rows = [ROWS[name] for name in names]
    faults = faults_of(broken(*rows))
    assert sorted(fault.path for fault in faults) == sorted(row.path for row in rows)
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


def test_rules_still_look_at_the_sound_nodes_and_networks() -> None:
    text = broken(ROWS["octet"], ROWS["vid too low"], ROWS["same VLAN"], ROWS["no public gateway"])
    text = text.replace("number: 5", "number: 4")
    assert [fault.path for fault in faults_of(text)] == [
        "networks.service.vid",
        "networks.cloud.vid",
        "networks.public.gateway",
        "nodes.n3.bmc.address",
        "nodes.n5.number",
    ]
