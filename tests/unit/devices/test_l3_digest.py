"""The digest depends on the content alone, and on all of it."""

from __future__ import annotations

import pytest

from piston_iac.devices.switch.l3_digest import l3_digest

ADDRESSES = {"vlan20": "10.30.20.1/24", "vlan30": "10.30.30.1/24"}
MTUS = {"vlan20": 1500, "vlan30": 9000}
ROUTES = {"0.0.0.0/0": "10.30.0.1"}


def test_order_does_not_matter() -> None:
    turned = dict(reversed(ADDRESSES.items()))
    assert l3_digest(ADDRESSES, MTUS, ROUTES) == l3_digest(turned, dict(reversed(MTUS.items())), ROUTES)


@pytest.mark.parametrize(
    ("addresses", "mtus", "routes"),
    [
        ({**ADDRESSES, "vlan20": "10.30.20.2/24"}, MTUS, ROUTES),
        ({"vlan30": "10.30.30.1/24"}, MTUS, ROUTES),
        (ADDRESSES, {**MTUS, "vlan30": 1500}, ROUTES),
        (ADDRESSES, MTUS, {"0.0.0.0/0": "10.30.0.2"}),
        (ADDRESSES, MTUS, {}),
    ],
)
def test_every_part_counts(addresses: dict[str, str], mtus: dict[str, int], routes: dict[str, str]) -> None:
    assert l3_digest(addresses, mtus, routes) != l3_digest(ADDRESSES, MTUS, ROUTES)


def test_the_value_is_fixed() -> None:
    """The switch's L3 part may be older than the driver: the digest is a wire format."""
    assert l3_digest({}, {}, {}) == "379d327c5e99b1a8d4532eb6c54e0984b606d90cec6aa76f269b05fa43605de2"
