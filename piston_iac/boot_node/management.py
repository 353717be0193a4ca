"""The boot node's own address: on the card that the CloudKey names by its MAC address."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from piston_iac.boot_node.cloudkey_files import CloudKey
from piston_iac.boot_node.process import run
from piston_iac.errors import SetupError

_CARD_WAIT_S = 60


def card_with(links: list[dict[str, Any]], mac: str) -> str | None:
    """The interface with that MAC address, from `ip -json link`."""
    return next((str(link["ifname"]) for link in links if link.get("address") == mac), None)


async def take_address(cloudkey: CloudKey) -> None:
    """Put the management address on its card and the card up; waits for a card that comes late.

    Raises:
        SetupError: no such card within a minute.
    """
    for _ in range(_CARD_WAIT_S):
        card = card_with(json.loads(await run("ip", "-json", "link", "show")), cloudkey.mac)
        if card:
            await run("ip", "address", "replace", cloudkey.interface_address(), "dev", card)
            await run("ip", "link", "set", card, "mtu", str(cloudkey.mtu), "up")
            return
        await asyncio.sleep(1)
    raise SetupError(
        "boot node",
        f"take its address {cloudkey.address}",
        f"no network card has MAC address {cloudkey.mac}",
        "Correct bootNode.mac in the stack file and write the CloudKey again.",
    )
