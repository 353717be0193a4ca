"""What an operator, or a fault, can change without a plan that tells it: what, why, and what follows.

Said here so that nobody takes a clean preview for more than it is. Whoever makes one of these visible takes
its line away.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Blind:
    """A change that no plan shows. `why`: it is not read. `meaning`: for the operator."""

    device: str
    change: str
    why: str
    meaning: str


_COSTS = (
    "one more read of each device in every preview, and no field of the stack file says what it should be"
)
_IMAGE = "the image is whole and read-only; what lies over it is in memory"

BEYOND: tuple[Blind, ...] = (
    Blind(
        "BMC",
        "its network settings: static instead of DHCP, VLAN, host name",
        "we reach it by the address that the boot node reserves for it; how it came by that is not asked",
        "A BMC at another address is one line, `fault: unreachable`. Set it back to DHCP at the machine.",
    ),
    Blind(
        "BMC",
        "accounts below administrator, account slot 1, channel access, cipher suites, serial over LAN",
        f"{_COSTS}; vendors differ in all of them",
        "An operator's account can still switch a node off: that is seen as power, not as an account.",
    ),
    Blind(
        "BMC",
        "the factory account's password",
        "a try with a wrong one counts toward a lock; the account is disabled",
        "A `destroy` sets it back to what the stack file says.",
    ),
    Blind(
        "BMC",
        "firmware, event log, sensors, fan and power limits",
        "they say how the machine is, not how it should be",
        "Watch them by other means.",
    ),
    Blind(
        "node",
        "BIOS settings: boot order, virtualisation, Secure Boot, power-on after a power loss",
        "IPMI 2.0 has no standard way to read them",
        "A node that does not boot from the network is told when it is started; without VT-x it still "
        "becomes Ready.",
    ),
    Blind(
        "node",
        "memory, cards and disks beside those that the stack file names; firmware of all of them",
        "the stack file names what is used, not what is there",
        "A disk that is named and missing is seen; one more, or half of the memory gone, is not.",
    ),
    Blind(
        "node",
        "mode and owner of the document's files",
        "a report gives the digest of their bytes alone",
        "The agent sets the mode right whenever it applies, the owner only when it writes the file anew.",
    ),
    Blind(
        "node",
        "files beside the document's, also drop-ins that change a unit of the image or of the document",
        f"only paths of the document are read; {_IMAGE}",
        "Gone after a reboot, except below /persist. A unit that such a file brings is seen once it is up.",
    ),
    Blind(
        "node",
        "sysctl and other settings of the kernel, loaded modules, cgroup limits",
        f"nothing declares them; {_IMAGE}",
        "Gone after a reboot.",
    ),
    Blind(
        "node",
        "firewall rules (nftables, iptables), traffic control, routes beside the default one, IPv6",
        "nothing declares them; the rules of the data bridge alone are read",
        "What they cut off is seen by its effect: no answer, a daemon out of quorum, an OSD down.",
    ),
    Blind(
        "node",
        "a second IPv4 address on an interface of the data bridge",
        "a report gives the first one",
        "The agent takes it away whenever it applies.",
    ),
    Blind(
        "node",
        "other bridges, and ports of other kinds on ours: patches, tunnels, taps",
        "they will belong to the cloud's network, which makes and removes them all the time",
        "A port that bridges two VLANs this way is not seen.",
    ),
    Blind(
        "node",
        "the card of the management network, its address and routes",
        "it is set at boot, from DHCP, before any document is known",
        "When it is wrong the agent does not answer, which is seen.",
    ),
    Blind(
        "node",
        "processes that no unit started, users, passwords, keys for a login",
        f"the node has no shell and no SSH; {_IMAGE}",
        "Gone after a reboot.",
    ),
    Blind(
        "node",
        "the host name",
        "it is not in a report",
        "The agent sets it right whenever it applies.",
    ),
    Blind(
        "node",
        "bytes of the running image, altered in memory",
        "the image is verified when it boots; what runs afterwards is what booted",
        "A report's release says what was booted, not that it is unaltered. Reboot when in doubt.",
    ),
    Blind(
        "node",
        "time servers that somebody told the running chrony",
        "the file is read, not what the daemon was told since; a clock is in step when it follows any server",
        "Gone when chrony restarts.",
    ),
    Blind(
        "node's disks",
        "files on the local mirror, mon stores and images among them",
        "they change all the time, and are not ours to judge",
        "Checksums of btrfs find what a disk altered. A mon without a store is seen as out of quorum.",
    ),
    Blind(
        "node's disks",
        "content of an OSD disk behind its label",
        "Ceph reads its data with checksums, and scrubs it",
        "`ceph health` tells: it is an output of CephCluster, never a difference.",
    ),
    Blind(
        "switch",
        "VLANs, routes, addresses and ports beside the declared ones",
        "the stack file declares a part of a switch: others may use the rest",
        "A port that somebody puts into one of our VLANs is not seen. Physical access to it decides.",
    ),
    Blind(
        "switch",
        "flow rules, mirrors, bonding, spanning tree, QoS, speed and shutdown of ports",
        _COSTS,
        "What they cut off is seen by its effect, as on nodes. A mirrored port that listens is not.",
    ),
    Blind(
        "switch",
        "addresses and routes set in its system beside its configuration",
        "the configuration is read; that it is in force is waited for when it is written",
        "A switch whose configuration says one thing and does another looks right.",
    ),
    Blind(
        "switch",
        "who may reach its management: OVSDB has no login here",
        "the management network is the boundary",
        "Whoever is on that network can change a switch: we see it at the next preview, if it is ours.",
    ),
    Blind(
        "boot node",
        "its configuration files, dnsmasq's and chrony's, altered by hand",
        "piston-bootd tells the settings that it keeps, and whether the services run",
        "Written anew when settings change, or when piston-bootd starts.",
    ),
    Blind(
        "boot node",
        "the sealed documents and enrolled keys that it keeps, permits and leases",
        "a node that runs has its document; only its next boot asks for it",
        "A node that finds none waits after a reboot: that is seen then, and `pulumi up` publishes it again.",
    ),
    Blind(
        "boot node",
        "other releases on its disk, its own clock, free space, system, and its CloudKey's files",
        "no field says what they should be",
        "An altered release that nodes boot is seen; a full disk is told when something is written.",
    ),
    Blind(
        "Ceph",
        "place and weight in the CRUSH map, reweight, upmap entries, tunables, primary affinity",
        "data moves with them, so they are the operator's or Ceph's own to choose",
        "Copies may lie closer together than the rule of the pool says only if a host is in a wrong place: "
        "`piston ceph run SITE -- osd tree` shows it.",
    ),
    Blind(
        "Ceph",
        "from which node an OSD serves",
        "an OSD is its disk: `osds` tells by serial that it is up and in",
        "A disk that moved to another node serves there, and the node that lacks it does not say so.",
    ),
    Blind(
        "Ceph",
        "settings of running daemons (`ceph tell`, admin sockets), mgr modules, the config-key store",
        "they end with the daemon, or are what modules keep for themselves",
        "Restart the daemon when in doubt.",
    ),
    Blind(
        "Ceph",
        "of a pool: its flags, snapshots, compression, placement groups for placement (pgp_num)",
        "no field of the stack file says what they should be",
        "`piston ceph run SITE -- osd pool get POOL all` shows them.",
    ),
    Blind(
        "Ceph",
        "users whose names begin like ours: `mgr.`, `osd.`, `client.bootstrap-`",
        "Ceph makes such users itself, and removes them late",
        "A key under a daemon's name that is not wanted stays valid, with the caps that it was given.",
    ),
    Blind(
        "Ceph",
        "objects and images in pools that are ours or kept",
        "they are the data",
        "They are neither counted nor compared.",
    ),
    Blind(
        "Ceph",
        "addresses in the mons' map",
        "mons are compared by name and by whether they are in quorum",
        "A mon at a wrong address is out of quorum.",
    ),
    Blind(
        "OpenStack",
        "projects, users, networks, machines, volumes, and whatever else users and administrators make",
        "it is theirs; of all of it only what the platform makes is compared (CloudDefaults)",
        "An own quota of a project, a flavor or a public image of somebody's own are let be.",
    ),
    Blind(
        "OpenStack",
        "quotas of Neutron while it runs: of networks, ports, floating IPs",
        "they are in its configuration, which is compared as a file of the nodes",
        "A changed file is told by its node, and its service is started anew with ours.",
    ),
    Blind(
        "core network",
        "its routes toward ours, its firewall, DNS and time servers beyond the boot node",
        "they are the customer's",
        "Nothing of the rack's own work needs them while it runs.",
    ),
)
