"""A node's turn at the change gate: the boot node's lease, held and renewed while the node changes.

The gate is site-wide: a second engine, or a process that a killed run left behind, waits at it too. When a
change in its turn goes wrong, nobody else of this run gets one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient, LeaseTaken
from piston_iac.dynamic_providers import runtime
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, PistonError

_LEASE_S = 45.0
_RENEW_S = 12.0
_CALL_S = 10.0
_POLL_S = 1.0
# Every other node may have its turn before; each of them is bounded by its own deadline.
_PATIENCE_S = 3600.0
# Peers come back from their own turn.
_PEERS_S = 90.0
_ACTION = "take its turn"
_RUN = os.urandom(4).hex()


@contextmanager
def turn(node: str, boot_node: BootNodeClient, not_now: Callable[[], str]) -> Iterator[int]:
    """Wait for the node's turn and hold it; gives the fencing token.

    Args:
        not_now: looks at the node's peers and says why it may not change yet; empty when it may.
    Raises:
        PistonError: another node's change went wrong, the peers do not become well, or time is up.
    """
    holder = f"{node} in run {_RUN}"
    token = _take(node, holder, boot_node)
    ended = threading.Event()
    renewer = threading.Thread(target=_renew, args=(boot_node, holder, token, ended), daemon=True)
    renewer.start()
    try:
        _wait_for_peers(node, not_now)
        yield token
    except PistonError as error:
        runtime.stop_turns(f"{error.device}: {error.cause}")
        raise
    finally:
        ended.set()
        renewer.join()
        # It runs out by itself when the boot node cannot be told.
        with suppress(PistonError):
            boot_node.give_back_lease(holder, token, Deadline.after(_CALL_S))


def _take(node: str, holder: str, boot_node: BootNodeClient) -> int:
    deadline = Deadline.after(_PATIENCE_S, runtime.CANCELLED)
    while True:
        if cause := runtime.turns_stopped():
            remedy = "Repair that, then run `pulumi up` again: this node was not touched."
            raise DeviceRefused(node, _ACTION, f"the change stopped at {cause}", remedy)
        taken = boot_node.take_lease(holder, _LEASE_S, deadline.within(_CALL_S))
        if isinstance(taken, LeaseTaken):
            return taken.token
        _pause(node, f"its turn: now changes {taken.holder}", deadline)


def _renew(boot_node: BootNodeClient, holder: str, token: int, ended: threading.Event) -> None:
    while not ended.wait(_RENEW_S):
        with suppress(PistonError):
            boot_node.take_lease(holder, _LEASE_S, Deadline.after(_CALL_S), token)


def _wait_for_peers(node: str, not_now: Callable[[], str]) -> None:
    deadline = Deadline.after(_PEERS_S, runtime.CANCELLED)
    while cause := not_now():
        if deadline.over():
            remedy = "Repair that first: a change here would take the last of them away."
            raise DeviceRefused(node, "change", cause, remedy)
        _pause(node, f"its peers: {cause}", deadline)


def _pause(node: str, what: str, deadline: Deadline) -> None:
    Waiting(node, _ACTION, "See `piston status`", _POLL_S).pause(what, deadline)
