"""The body of a request, read piece by piece: it may be a gigabyte, and may never come whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email.message import Message
from io import BufferedIOBase

MOST_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 16


class BodyLost(Exception):
    """The client left, or fell silent, before the body was whole."""


class RequestBody:
    """What is still to be read of one request. Iterating reads it, once."""

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self._stream = stream
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece.

        Raises:
            BodyLost: it does not come.
        """
        if not self._left:
            raise StopIteration
        try:
            piece = self._stream.read1(min(_CHUNK_BYTES, self._left))
        except OSError as error:
            raise BodyLost(str(error)) from error
        if not piece:
            raise BodyLost("the client left")
        self._left -= len(piece)
        return piece

    def throw_away(self) -> bool:
        """Read what is left, else its sender could not read why nobody wants it. False when it is lost."""
        with suppress(BodyLost):
            for _ in self:
                pass
        return not self._left


def length_of(headers: Message) -> int | None:
    """How long the body is, bytes; None when that is not said, unreadable or more than `MOST_BYTES`."""
    said = headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdecimal() and int(said) <= MOST_BYTES else None
