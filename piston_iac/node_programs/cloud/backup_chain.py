"""What a chain of backups is: one full copy of the database, and the binary logs from its beginning on. Pure.

The full copy is one compressed stream, cut into parts. Each binary log is cut into pieces at fixed places, so
that sending the end of a log again replaces what was sent of it before. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

PART_BYTES = 4 * 1024**2
"""Size of a part of the full copy, compressed."""
PIECE_BYTES = 1024**2
"""Size of a piece of a binary log, before it is compressed."""
LEAST_WHOLE = 2

Log = tuple[str, int]
"""A binary log: its name, and how much of it counts, bytes."""


class Gap(Exception):
    """The server's logs do not go on where the chain ends. The text is one line."""


@dataclass(frozen=True)
class Piece:
    """Bytes `start` to `end` of a binary log; `number` counts over all logs of a chain."""

    number: int
    log: str
    start: int
    end: int


@dataclass(frozen=True)
class Chain:
    """One chain that is whole: its manifest.

    `run`: which life of which server it belongs to; `cluster`: id of the database's history. `start`: the
    first moment that can be restored, `until`: the last, so far. `parts`, `stored_bytes`, `sha256`: of the
    full copy as it is stored; `full_bytes`: its size unpacked. `logs`: in order, with what is stored of each.
    """

    id: str
    host: str
    run: str
    cluster: str
    start: int
    until: int
    parts: int
    stored_bytes: int
    full_bytes: int
    sha256: str
    logs: tuple[Log, ...]

    def to_json(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), sort_keys=True).encode()


def chain_of(raw: bytes) -> Chain:
    """Read a manifest.

    Raises:
        ValueError: it is none.
    """
    try:
        fields: dict[str, Any] = json.loads(raw)
        logs = tuple((str(name), int(size)) for name, size in fields.pop("logs"))
        return Chain(logs=logs, **fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"a manifest does not fit this image ({type(error).__name__})") from None


def continued(logs: Sequence[Log], server: Sequence[Log]) -> tuple[Log, ...]:
    """What a chain's logs become, given those that the server has now.

    Args:
        logs: of the chain, at least one.
        server: all that it still has, in order; of the last one only what is whole.
    Raises:
        Gap: the server has no log that goes on where the chain ends.
    """
    name, size = logs[-1]
    ahead = [it for it in server if number_of(it[0]) >= number_of(name)]
    if not ahead or ahead[0][0] != name:
        raise Gap(f"binary log {name} is gone from the server")
    if ahead[0][1] < size:
        raise Gap(f"binary log {name} is shorter than it was")
    for (one, _), (other, _) in pairwise(ahead):
        if number_of(other) != number_of(one) + 1:
            raise Gap(f"a binary log is missing between {one} and {other}")
    return (*logs[:-1], *ahead)


def number_of(log: str) -> int:
    """The number in a log's name."""
    return int(log.rpartition(".")[2])


def pieces(logs: Iterable[Log]) -> list[Piece]:
    """How logs are cut, in order."""
    found: list[Piece] = []
    for name, size in logs:
        for start in range(0, max(size, 1), PIECE_BYTES):
            found.append(Piece(len(found), name, start, min(start + PIECE_BYTES, size)))
    return found


def to_send(before: Sequence[Log], now: Sequence[Log]) -> list[Piece]:
    """The pieces that are new or longer than before."""
    known = set(pieces(before))
    return [piece for piece in pieces(now) if piece not in known]


def out_of_date(whole: Sequence[Chain], oldest: float) -> list[str]:
    """Ids of chains to remove: those that end before `oldest`, seconds since 1970; never the last two."""
    ordered = sorted(whole, key=lambda it: it.until)
    return [it.id for it in ordered[:-LEAST_WHOLE] if it.until < oldest]
