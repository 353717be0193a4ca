"""What foreign hands can do to a whole cloud: one row each, with what the plan has to say of it.

Clients are OpenStack's own command line where its users sit, tools of Open vSwitch and systemd, an editor.
Rows and rounds as in `tests.lab.cloud_drifts`.
"""

from __future__ import annotations

from tests.lab.cloud_drifts import CloudDrift, node_drift, on_node

_UUID = r"[0-9a-f-]{36}"


def _openstack(words: str, resource: str, line: str) -> CloudDrift:
    return CloudDrift(f"openstack --os-cloud lab {words} >/dev/null", resource, line)


def _service(name: str, words: str, line: str) -> CloudDrift:
    return _openstack(words, f"OpenStackService ({name})", line)


def _default(words: str, line: str) -> CloudDrift:
    return _openstack(words, "CloudDefaults (cloud-defaults)", line)


def _unit(name: str, host: str, unit: str) -> CloudDrift:
    """A unit that somebody stopped."""
    line = rf"units\.{host}: without {unit} => run"
    return CloudDrift(on_node(host, f"systemctl stop {unit}"), f"OpenStackService ({name})", line)


def _edited(host: str, path: str, text: str) -> CloudDrift:
    """A setting that somebody added."""
    line = rf"files\.{path}: sha256:.* => sha256:.*"
    return node_drift(host, f"sh -c 'echo \"{text}\" >> {path}'", line)


def _switch(host: str, name: str, value: str, right: str) -> CloudDrift:
    """A setting of a node's switch that OVN's controller reads."""
    command = f"ovs-vsctl set Open_vSwitch . external_ids:{name}={value}"
    return node_drift(host, command, rf"switchSettings\.{name}: {value} => {right}")


# The rule that lets the web page of the check's machines through.
_RULE = (
    "openstack --os-cloud lab security group rule list --protocol tcp -f value -c ID -c 'Port Range'"
    " $(openstack --os-cloud lab security group list --project piston-check -f value -c ID -c Name"
    " | awk '$2 == \"piston-check\" {print $1}') | awk '$2 == \"80:80\" {print $1}'"
)

ROUNDS: dict[str, dict[str, CloudDrift]] = {
    "daemons": {
        "compute agent": _unit("nova", "n4", "piston-nova-compute"),
        "volume backend": _unit("cinder", "n2", "piston-cinder@volume"),
        "object gateway": _unit("rgw", "n3", "piston-rgw"),
        "dashboard": _unit("horizon", "n1", "piston-wsgi@horizon"),
        "metadata agent": node_drift(
            "n5",
            "systemctl stop piston-metadata-agent",
            r"units\.piston-metadata-agent\.service: inactive => active",
        ),
        "hypervisor disabled": _service(
            "nova",
            "compute service set --disable --disable-reason maintenance n3 nova-compute",
            r"agents\.n3 nova-compute: disabled \(maintenance\) => up",
        ),
    },
    "nodes": {
        "OVN chassis": _switch("n4", "system-id", "elsewhere", _UUID),
        "tunnel address": _switch("n5", "ovn-encap-ip", "10.9.9.9", r"10\.30\.40\.15"),
        "image cache": node_drift("n1", "btrfs qgroup limit none /persist/images", r"imageCacheGib: 0 => 1"),
        "dashboard setting": _edited("n2", "/etc/openstack-dashboard/local_settings.py", "DEBUG = True"),
        "libvirt setting": _edited("n4", "/etc/libvirt/qemu.conf", "migrate_tls_force = 0"),
        "account of the object gateway": _service(
            "rgw", "user set --disable rgw", r"account\.state: disabled => enabled"
        ),
    },
    "defaults": {
        "quota": _default("quota set --class --instances 99 default", r"quota\.instances: 99 => 10"),
        "provider network": _default(
            "network set --share public", r"publicNetwork\.use: external, shared => external"
        ),
        "MTU": _default("network set --mtu 1400 public", r"publicNetwork\.mtu: 1400 => 1500"),
        "floating range": _default(
            "subnet set --no-allocation-pool --allocation-pool start=10.30.50.100,end=10.30.50.250 public",
            r"publicNetwork\.floating: 10\.30\.50\.100-10\.30\.50\.250 => 10\.30\.50\.100-10\.30\.50\.200",
        ),
        "flavor": _default("flavor delete m1.tiny", r"flavors\.m1\.tiny: missing => 1 vCPU, 512 MiB, 5 GiB"),
        "image": _default("image delete piston-check", r"images\.piston-check\.state: missing => active"),
        "security rule": _default(f"security group rule delete $({_RULE})", r"checkAccess\.rules: .*"),
    },
}
