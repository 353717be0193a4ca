"""Looks for credentials in bytes, whatever they are written as. Finds, and never prints, a value.

The looking is done by grep, which looks for hundreds of byte strings at once at the speed of a disk. It gets
them through a memory file: they are in no argument list, in no environment and on no disk.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from urllib.parse import quote, quote_plus

# Shorter ones are found everywhere by chance.
SHORTEST = 8
_FILES_AT_ONCE = 500
# Between things that are searched together, so that nothing is found across them. Not of zeros alone: where
# grep reads nothing else at a time, it leaves that out of its offsets.
_GAP = b"\0" + b"\n" * 62 + b"\0"
_FOUND = re.compile(rb"(?P<path>[^\0]*)\0(?P<at>\d+):(?P<match>[^\0]+)\0")


@dataclass(frozen=True, repr=False)
class Credential:
    """A secret text, or the bytes of a key, under a name that may be shown."""

    name: str
    value: bytes

    def __repr__(self) -> str:
        return f"Credential({self.name!r})"


@dataclass(frozen=True, order=True)
class Hit:
    """A credential was found at a place, written in that way."""

    place: str
    credential: str
    encoding: str


def encodings(value: bytes) -> Iterator[tuple[str, bytes]]:
    """All the ways in which somebody may have written it, each under its name.

    In base64 a text looks different at each of three places in what surrounds it; of each, the letters
    that it alone decides. A PEM file is base64 of its key's bytes with something before.
    """
    yield "plain", value
    yield "hex", value.hex().encode()
    yield "HEX", value.hex().upper().encode()
    for offset in range(3):
        letters = base64.b64encode(bytes(offset) + value)
        own = letters[-(-offset * 8 // 6) : (offset + len(value)) * 8 // 6]
        yield f"base64 at {offset}", own
        yield f"base64url at {offset}", own.replace(b"+", b"-").replace(b"/", b"_")
    yield "url", quote(value, safe="").encode()
    yield "url path", quote(value).encode()
    yield "url form", quote_plus(value).encode()
    yield "url, every byte", "".join(f"%{byte:02X}" for byte in value).encode()
    yield "url, every byte, small", "".join(f"%{byte:02x}" for byte in value).encode()
    with suppress(UnicodeDecodeError):
        yield "json", json.dumps(value.decode())[1:-1].encode()


def needle(written: bytes) -> bytes:
    """The longest part of it that grep takes as a pattern: without line ends and zero bytes.

    Raises:
        ValueError: nothing is left that would not be found everywhere.
    """
    best = max(re.split(rb"[\0\n]", written), key=len)
    if len(best) < SHORTEST:
        raise ValueError("too short to look for")
    return best


class Search:
    """Looks for these credentials.

    Raises:
        ValueError: one of them is too short to look for.
    """

    def __init__(self, credentials: Iterable[Credential]) -> None:
        # By pattern: credential, and the first encoding that writes it so.
        self._named: dict[bytes, dict[str, str]] = {}
        for credential in credentials:
            try:
                for encoding, written in encodings(credential.value.strip()):
                    self._named.setdefault(needle(written), {}).setdefault(credential.name, encoding)
            except ValueError as error:
                raise ValueError(f"{credential.name} is {error}") from None

    def in_files(self, files: Iterable[Path]) -> set[Hit]:
        """Look into files; one that is gone or cannot be read holds nothing. The place is its path."""
        paths = [os.fsencode(file) for file in files]
        hits: set[Hit] = set()
        for start in range(0, len(paths), _FILES_AT_ONCE):
            told = self._grep([b"-H", b"--", *paths[start : start + _FILES_AT_ONCE]], ())
            hits |= {hit for path, _, match in told for hit in self._hits(os.fsdecode(path), match)}
        return hits

    def in_stream(self, place: str, chunks: Iterable[bytes]) -> set[Hit]:
        """Look into something that comes in pieces."""
        return {hit for _, _, match in self._grep([b"-H", b"-"], chunks) for hit in self._hits(place, match)}

    def in_pieces(self, pieces: Mapping[str, bytes]) -> set[Hit]:
        """Look into many small things, by the name of their place."""
        places = list(pieces)
        starts = [0, *accumulate(len(pieces[place]) + len(_GAP) for place in places)]
        chunks = (pieces[place] + _GAP for place in places)
        return {
            hit
            for _, at, match in self._grep([b"-H", b"-"], chunks)
            for hit in self._hits(places[bisect_right(starts, at) - 1], match)
        }

    def _hits(self, place: str, match: bytes) -> Iterator[Hit]:
        # The longest pattern of several that fit is told: others are part of it.
        for pattern, names in self._named.items():
            if pattern in match:
                yield from (Hit(place, name, encoding) for name, encoding in names.items())

    def _grep(self, words: list[bytes], chunks: Iterable[bytes]) -> list[tuple[bytes, int, bytes]]:
        """What grep finds: name, offset, the bytes."""
        patterns = os.memfd_create("patterns", 0)
        try:
            os.write(patterns, b"".join(pattern + b"\n" for pattern in self._named))
            # Lines end with zero bytes: a disk may have no line end for gigabytes.
            options = [b"-Fazobs", b"--null", b"-f", f"/proc/self/fd/{patterns}".encode()]
            process = subprocess.Popen(
                [b"grep", *options, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
                pass_fds=(patterns,),
            )
            assert process.stdin
            assert process.stdout
            with ThreadPoolExecutor(1) as reader:
                told = reader.submit(process.stdout.read)
                with process.stdin:
                    for chunk in chunks:
                        process.stdin.write(chunk)
                found = told.result()
            process.wait()
        finally:
            os.close(patterns)
        return [(it["path"], int(it["at"]), it["match"]) for it in _FOUND.finditer(found)]
