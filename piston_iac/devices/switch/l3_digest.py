"""Which L3 configuration is it? One digest that the switch's L3 part reports and the driver expects.

The driver writes addresses, MTUs and routes into OVSDB; something on the switch puts them into its
kernel and reports the digest of what is in force. Equal digests mean: in force.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def l3_digest(addresses: Mapping[str, str], mtus: Mapping[str, int], routes: Mapping[str, str]) -> str:
    """Digest of one L3 configuration, as SHA-256 in hex.

    Pure: the order of the mappings does not matter.

    Args:
        addresses: interface name to address with prefix length (CIDR text); no entry for none.
        mtus: interface name to MTU, bytes.
        routes: destination as CIDR text to next hop.
    """
    content = {"addresses": dict(addresses), "mtus": dict(mtus), "routes": dict(routes)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
