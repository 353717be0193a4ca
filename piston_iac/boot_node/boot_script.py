"""The iPXE script of one node: pure text from settings. It holds nothing secret."""

from __future__ import annotations

from ipaddress import IPv4Network

from piston_iac.boot_node.settings import Host, Settings

HTTP_PORT = 8080
ROOT_IMAGE = "root.squashfs"


def boot_url(settings: Settings, mac: str) -> str:
    """Where the node with that boot card finds its script."""
    return f"http://{settings.address}:{HTTP_PORT}/boot/{mac}"


def kernel_arguments(settings: Settings, node: Host, ca_digest: str) -> str:
    """What the node's kernel command line says.

    The image's digest is the operator's word (settings), never that of the file on disk: a node must
    refuse an image that was altered here. `ca_digest` pins the site CA for the agent's first call.
    `piston.address` is for a boot from the node's own copy, when nobody answers DHCP.
    """
    release = f"http://{settings.address}:{HTTP_PORT}/releases/{settings.release}"
    words = {
        "site": settings.site,
        "node": node.name,
        "mac": node.mac,
        "address": f"{node.address}/{IPv4Network(settings.cidr).prefixlen}",
        "bootd": settings.address,
        "ca": ca_digest,
        "release": settings.release,
        "image": f"{release}/{ROOT_IMAGE}",
        "sha256": settings.sha256,
    }
    named = [f"piston.{key}={value}" for key, value in words.items()]
    # systemd makes its machine id from the machine's own UUID: the same after every stateless boot.
    return " ".join([*named, "systemd.machine_id=firmware"])


def boot_script(settings: Settings, node: Host, ca_digest: str) -> str:
    """The whole script. Source: ipxe.org/scripting."""
    release = f"http://{settings.address}:{HTTP_PORT}/releases/{settings.release}"
    return (
        "#!ipxe\n"
        f"kernel {release}/vmlinuz {kernel_arguments(settings, node, ca_digest)}\n"
        f"initrd {release}/initrd\n"
        "boot\n"
    )
