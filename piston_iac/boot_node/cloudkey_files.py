"""What the CloudKey's settings partition tells the boot node: who it is, and whom it trusts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from piston_iac.boot_node.settings import DEFAULT_MTU, MTUS, is_mac
from piston_iac.errors import SetupError
from piston_iac.trust.authority import Authority, Identity, load_authority
from piston_iac.trust.secret import Secret

BOOT_NODE_JSON = "bootnode.json"
CA_PEM = "ca.pem"
BOOTD_PEM = "bootd.pem"
BOOTD_KEY = "bootd.key"
NODE_CA_PEM = "node-ca.pem"
NODE_CA_KEY = "node-ca.key"


@dataclass(frozen=True)
class CloudKey:
    """Everything read once at start. `address` belongs on the card with `mac`, in network `cidr`.

    `mtu`: of that network, bytes.
    """

    site: str
    address: str
    mac: str
    cidr: str
    ca_pem: str
    identity: Identity
    node_authority: Authority
    mtu: int = DEFAULT_MTU

    def interface_address(self) -> str:
        """The address with its prefix length, such as 10.30.10.5/24."""
        return f"{self.address}/{IPv4Network(self.cidr).prefixlen}"


def read_cloudkey(directory: Path) -> CloudKey:
    """Read the settings partition.

    Raises:
        SetupError: a file is missing or does not hold what it should.
    """
    try:
        said = json.loads((directory / BOOT_NODE_JSON).read_bytes())
        address, network = IPv4Address(said["address"]), IPv4Network(said["cidr"])
        if address not in network or not is_mac(said["mac"]):
            raise ValueError(f"{BOOT_NODE_JSON} has an address outside its network, or no MAC address")
        mtu = int(said.get("mtu", DEFAULT_MTU))
        if mtu not in MTUS:
            raise ValueError(f"{BOOT_NODE_JSON} has an MTU that no network of ours may have: {mtu}")
        return CloudKey(
            mtu=mtu,
            site=str(said["site"]),
            address=str(address),
            mac=said["mac"],
            cidr=str(network),
            ca_pem=(directory / CA_PEM).read_text(),
            identity=Identity((directory / BOOTD_PEM).read_text(), _secret(directory / BOOTD_KEY)),
            node_authority=load_authority(
                (directory / NODE_CA_PEM).read_text(), _secret(directory / NODE_CA_KEY)
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(
            "boot node", "read the CloudKey's settings", str(error), "Write the CloudKey again."
        ) from error


def _secret(path: Path) -> Secret:
    return Secret(path.read_text())
