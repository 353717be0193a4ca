"""Which peers take a connection?"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

_REACH_S = 1.0
Peer = tuple[str, int]


def reachable(peers: Sequence[Peer], limit_s: float = _REACH_S) -> tuple[Peer, ...]:
    """Those that take a connection, in the order given. All are asked at once."""
    if not peers:
        return ()
    with ThreadPoolExecutor(len(peers)) as pool:
        open_ = pool.map(lambda peer: _accepts(peer, limit_s), peers)
        return tuple(peer for peer, is_open in zip(peers, open_, strict=True) if is_open)


def _accepts(peer: Peer, limit_s: float) -> bool:
    try:
        socket.create_connection(peer, timeout=limit_s).close()
    except OSError:
        return False
    return True
