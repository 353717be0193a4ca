"""What foreign hands can do to a rack: one row each, with what the plan has to say of it.

Rows of a round are done together and found by one plan, as engine runs take time. Rounds are cut so that
rows do not hide each other (a node that is off tells nothing else) and most devices have no part in one.
"""

from __future__ import annotations

from dataclasses import dataclass

IPMITOOL = "piston lab exec operator -- ipmitool -I lanplus -C 3"
CEPH = "piston ceph run lab --"


@dataclass(frozen=True)
class Drift:
    """How it is done (`{password:n3}` is filled in), and what the plan must say.

    `line` is `field: old => new` as a pattern. `devices`: who may hear a word of change when it is repaired;
    everyone else must hear none. `before_up`: what a person does before the repair, such as a new disk.
    """

    inject: str
    resource: str
    line: str
    devices: tuple[str, ...]
    before_up: str = ""


def _bmc(node: int, command: str, user: str = "piston") -> str:
    return (
        f"IPMI_PASSWORD={{password:n{node}}} {IPMITOOL} -H 10.30.10.11{node} "
        f"-U {user} -E {command} >/dev/null"
    )


def _on(node: str, command: str) -> str:
    return f"piston lab console {node} -- {command}"


def _switch(command: str, resource: str, line: str, name: str = "data") -> Drift:
    return Drift(f"piston lab switch {name} -- ovs-vsctl {command}", resource, line, (f"switch {name}",))


def _account(node: int, command: str, line: str) -> Drift:
    return Drift(_bmc(node, command), f"IpmiCredential (n{node}-bmc)", line, (f"bmc n{node}",))


def _node(node: str, command: str, line: str) -> Drift:
    return Drift(_on(node, command), f"BareMetalNode ({node})", line, (f"node {node}",))


# Whatever the cluster is told goes through the agent of a mon host.
_MON_HOSTS = ("node n1", "node n2", "node n3")


def _ceph(command: str, line: str, resource: str = "CephCluster (ceph)") -> Drift:
    return Drift(f"{CEPH} {command}", resource, line, _MON_HOSTS)


def _pool(pool: str, command: str, line: str) -> Drift:
    return _ceph(command, line, f"CephPool (pool-{pool})")


def _edited(path: str) -> str:
    return rf"files\.{path}: sha256:[0-9a-f]{{12}} => sha256:[0-9a-f]{{12}}"


SWITCHES = {
    "access VLAN of a port": _switch("set port core tag=99", "SwitchPort (data-core)", "vid: 99 => 4"),
    "trunk list": _switch(
        "set port n2-data trunks=20,30,40,50,99",
        "SwitchPort (data-n2-data)",
        "trunk: 20, 30, 40, 50, 99 => 20, 30, 40, 50",
    ),
    "description of a port": _switch(
        "set port n3-data external_ids:piston-description=moved",
        "SwitchPort (data-n3-data)",
        "description: moved => n3 data",
    ),
    "port of the management switch": _switch(
        "set port n5-bmc external_ids:piston-description=moved",
        "SwitchPort (management-n5-bmc)",
        "description: moved => n5 BMC",
        "mgmt",
    ),
    "VLAN removed": _switch("del-port sw vlan30", "SwitchVlan (data-vlan30)", "exists: no => yes"),
    "VLAN renamed": _switch(
        "set port vlan40 external_ids:piston-name=guests",
        "SwitchVlan (data-vlan40)",
        "network: guests => cloud",
    ),
    "address of an SVI": _switch(
        "set interface vlan50 external_ids:ipv4-address=10.30.50.9/24",
        "SwitchVlan (data-vlan50)",
        "gateway: 10.30.50.9/24 => 10.30.50.1/24",
    ),
    "MTU of a VLAN": _switch(
        "set interface vlan20 mtu_request=1400", "SwitchVlan (data-vlan20)", "mtu: 1400 => 1500"
    ),
    "next hop of a route": _switch(
        "set bridge sw 'external_ids:\"route:0.0.0.0/0\"=10.30.40.9'",
        "SwitchRoute (data-route-0.0.0.0-0)",
        r"nextHop: 10\.30\.40\.9 => 10\.30\.0\.1",
    ),
}

BMCS = {
    "password of our user": _account(1, "user set password 3 by-hand", "login: other password => right"),
    "our user disabled": _account(2, "user disable 3", "login: disabled => right"),
    "privilege of our user": _account(
        3, "channel setaccess 1 3 privilege=2", "login: other privilege => right"
    ),
    "factory user enabled": _account(4, "user enable 2", "factoryLogin: enabled => disabled"),
    "break-glass user disabled": _account(5, "user disable 4", "breakGlassLogin: disabled => right"),
    "another administrator": Drift(
        "; ".join(
            _bmc(4, command)
            for command in (
                "user set name 5 eve",
                "user set password 5 let-me-in",
                "channel setaccess 1 5 ipmi=on privilege=4",
                "user enable 5",
            )
        ),
        "IpmiCredential (n4-bmc)",
        r"strangers: eve => \(none\)",
        ("bmc n4",),
    ),
    "boot device": _account(5, "chassis bootdev disk options=persistent", "bootDevice: disk => network"),
}

NODES = {
    "stopped unit": _node(
        "n1", "systemctl stop chrony.service", r"units\.chrony\.service: inactive => active"
    ),
    "NTP setting": _node(
        "n2", "sed -i s/iburst/offline/ /etc/chrony/chrony.conf", _edited("/etc/chrony/chrony.conf")
    ),
    "SNMP setting": _node(
        "n3", "sh -c 'echo rocommunity public >> /etc/snmp/snmpd.conf'", _edited("/etc/snmp/snmpd.conf")
    ),
    "DNS setting": _node(
        "n4", "sh -c 'echo nameserver 10.9.9.9 > /etc/resolv.conf'", _edited("/etc/resolv.conf")
    ),
    "edited file": _node("n5", "sh -c 'echo 10.9.9.9 stranger >> /etc/hosts'", _edited("/etc/hosts")),
    "unknown unit": _node(
        "n2", "systemd-run --quiet --unit=miner sleep 9999", r"strangers: miner\.service => \(none\)"
    ),
    "firewall rule": _node(
        "n1",
        "ovs-ofctl add-flow br-data priority=100,tcp,tp_dst=4444,actions=drop",
        r"flows: priority=100,tcp,tp_dst=4444 actions=drop => \(none\)",
    ),
    "MTU of an interface": _node(
        "n3", "ovs-vsctl set interface cloud mtu_request=1400", r"interfaces\.cloud\.mtu: 1400 => 1500"
    ),
    "address of an interface": _node(
        "n4",
        "ip addr del 10.30.40.14/24 dev cloud",
        r"interfaces\.cloud\.address: \(none\) => 10\.30\.40\.14/24",
    ),
    "VLAN of an interface": _node(
        "n5", "ovs-vsctl set port cloud tag=41", r"interfaces\.cloud\.vid: 41 => 40"
    ),
    "default gateway": _node("n5", "ip route del default", r"gateway: \(none\) => 10\.30\.20\.1"),
    "cap of the image cache": _node(
        "n1", "btrfs qgroup limit none /persist/images", r"imageCacheGib: 0 => 1"
    ),
    "service of the boot node": Drift(
        _on("boot", "systemctl stop piston-dnsmasq.service"),
        "BootNode (boot-node)",
        r"services\.piston-dnsmasq\.service: inactive => active",
        ("boot node",),
    ),
}

CEPH_SETTINGS = {
    "copies of a pool": _pool("vms", "osd pool set vms size 2", "size: 2 => 3"),
    "min_size of a pool": _pool("volumes", "osd pool set volumes min_size 1", "minSize: 1 => 2"),
    "placement groups": _pool("backups", "osd pool set backups pg_num 16", "pgNum: 16 => 8"),
    "autoscaler": _pool("images", "osd pool set images pg_autoscale_mode on", "autoscale: yes => no"),
    "application of a pool": _pool(
        "images",
        "osd pool application enable images rgw --yes-i-really-mean-it",
        "applications: rbd, rgw => rbd",
    ),
    "quota of a pool": _pool(
        "objects", "osd pool set-quota objects max_bytes 1000000000", "quotaBytes: 1000000000 => 0"
    ),
    "CRUSH rule of a pool": _pool(
        "volumes",
        "osd pool set volumes crush_rule replicated_rule",
        r"rule\.name: replicated_rule => piston-host",
    ),
    "cluster flag": _ceph("osd set noout", r"flags: noout => \(none\)"),
    "cluster option": _ceph(
        "config set global osd_max_backfills 3", r"options\.global/osd_max_backfills: 3 => \(none\)"
    ),
    "caps of a daemon": _ceph("auth caps osd.1 mon 'allow *'", r"auth\.osd\.1: mon allow \* => \(none\)"),
    "another user": _ceph(
        "auth add client.eve mon 'allow *'", r"strangers\.user client\.eve: mon allow \* => \(none\)"
    ),
    "another pool": _ceph(
        "osd pool create scratch 1", r"strangers\.pool scratch: (empty|not counted yet) => \(none\)"
    ),
}

STORAGE = {
    "OSD out": _ceph(f"osd out $({CEPH} osd ls-tree n4)", r"osds\.n4-osd-1: up, out => up, in"),
    "OSD stopped": Drift(
        _on("n5", "sh -c 'systemctl stop piston-osd@*'"),
        "CephCluster (ceph)",
        r"osds\.n5-osd-1: down, in => up, in",
        ("node n5",),
    ),
    "mon removed": Drift(
        f"{CEPH} mon remove n1", "CephCluster (ceph)", r"mons\.n1: missing => in quorum", _MON_HOSTS
    ),
    "mgr stopped": Drift(
        # The mons wait for its beacons before they call a mgr gone (mon_mgr_beacon_grace).
        _on("n2", "sh -c 'systemctl stop ceph-mgr@*'") + "; sleep 15",
        "CephCluster (ceph)",
        r"mgrs\.n2: missing => running",
        ("node n2",),
    ),
    "missing disk, swapped": Drift(
        "piston lab pull-disk n4 2",
        "BareMetalNode (n4)",
        "mirror.state: degraded, without n4-local-2 => healthy",
        ("node n4",),
        before_up="piston lab swap-disk n4 2",
    ),
    "RAID profile": _node(
        "n3",
        "sh -c 'btrfs balance start -dconvert=raid1 /persist >/dev/null'",
        r"mirror\.profile: raid1(\+raid10)? => raid10",
    ),
    "route removed": _switch(
        "remove bridge sw external_ids '\"route:0.0.0.0/0\"'",
        "SwitchRoute (data-route-0.0.0.0-0)",
        "exists: no => yes",
    ),
}

POWER = {
    "power off": Drift(
        _bmc(4, "chassis power off"),
        "BareMetalNode (n4)",
        "power: off => on",
        # Starting a node writes at its BMC and opens its window at the boot node.
        ("node n4", "bmc n4", "boot node"),
    ),
    "wrong release": Drift(
        # As after a boot from something old: what the kernel was told is what the agent goes by.
        _on(
            "n5",
            "sh -c 'sed s/piston.release=[^[:space:]]*/piston.release=2026.10/ /proc/cmdline > /run/old && "
            "mount --bind /run/old /proc/cmdline && systemctl restart piston-agent.service'",
        ),
        "BareMetalNode (n5)",
        r"release: 2026\.10 => 2026\.11",
        ("node n5", "bmc n5", "boot node"),
        before_up="piston lab power n5 off --hard",
    ),
}

ROUNDS = {
    "switches": SWITCHES,
    "BMCs": BMCS,
    "nodes": NODES,
    "cluster settings": CEPH_SETTINGS,
    "storage": STORAGE,
    "power": POWER,
}
