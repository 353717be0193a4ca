"""Packets of full size go through: between machines on two nodes, and between one and the core network."""

from __future__ import annotations

import pytest

from tests.lab.cloud_user import NETWORK, CloudUser

pytestmark = pytest.mark.timeout(900)
_HEADERS = 28
# What the tunnels between nodes add: Ethernet 14, IP 20, UDP 8, Geneve with OVN's option 16.
_TUNNEL = 58
_OTHER = """#!/bin/sh
until ping -c 1 192.168.9.20; do sleep 1; done
for size in {fits} {larger}; do
    ping -c 5 -s $size 192.168.9.20 | grep received >> /tmp/told
done
mv /tmp/told /www/told
"""


def test_full_size_and_not_more(user: CloudUser) -> None:
    """The sender's own card may not be wider than the path: nothing is cut in pieces on the way."""
    mtu = int(user.sees(f"network show {NETWORK}")["mtu"])
    assert mtu == user.cloud.site().networks.cloud.mtu - _TUNNEL
    fits = mtu - _HEADERS
    first = user.starts("wide-1", "n4", fixed="192.168.9.20")
    second = user.starts("wide-2", "n5", script=_OTHER.format(fits=fits, larger=fits + 400))
    core = "piston lab exec core --"
    try:
        user.page_s(first, "wide-1")
        user.page_s(second, "wide-2")
        told = user.waits_for(second, "told")
        assert f"MTU {mtu}" in user.does("console log show wide-1")
        # A larger one is cut by the sender, who knows the path: both arrive.
        assert told.count("5 packets received") == 2, told
        straight = user.cloud.rack.shell(f"{core} ping -M do -c 5 -s {fits} {first}")
        assert " 5 received" in straight.text, straight.text
        # From outside, where cards are wider, the router says how much fits.
        wider = user.cloud.rack.shell(f"{core} ping -M do -c 3 -s {fits + 20} {first}").text
        assert " 0 received" in wider, wider
        assert f"mtu = {mtu}" in wider or f"mtu={mtu}" in wider, wider
    finally:
        user.removes("wide-1", first)
        user.removes("wide-2", second)
