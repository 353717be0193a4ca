"""Take secrets out of text, in every form that tools write them in; and find one that is left. Pure.

Forms: plain, as in JSON, base64 (any position, both alphabets), hexadecimal, percent-encoded.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from piston_iac.status.secrets import SecretValue

_MARKS = (b"[redacted]", b"[***]", b"")
# Taking one out can bring the parts of another together.
_ROUNDS = 8


class Redactor:
    """Knows all secrets of a site.

    Data is looked through once, whatever the number of secrets: a large site has thousands of forms.

    Args:
        secrets: what must not leave.
    """

    def __init__(self, secrets: Iterable[SecretValue]) -> None:
        self._what: dict[bytes, str] = {}
        for secret in secrets:
            for form in forms(secret.value):
                self._what.setdefault(form, secret.what)
        self._start = min(map(len, self._what), default=1)
        self._starts: dict[bytes, list[bytes]] = {}
        # The longest first: the seed before a password that is a part of it.
        for form in sorted(self._what, key=len, reverse=True):
            self._starts.setdefault(form[: self._start], []).append(form)
        self._mark = next(mark for mark in _MARKS if not mark or self.found(mark) is None)

    def found(self, data: bytes) -> str | None:
        """What secret is in the data, by its name; None when there is none."""
        return next((self._what[form] for _at, form in self._hits(data)), None)

    def redact(self, data: bytes) -> bytes:
        """The data with every secret replaced."""
        for _ in range(_ROUNDS):
            pieces, end = [], 0
            for at, form in self._hits(data):
                if at >= end:
                    pieces += [data[end:at], self._mark]
                    end = at + len(form)
            if not pieces:
                break
            data = b"".join([*pieces, data[end:]])
        return data

    def _hits(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Where a secret begins, and in which form."""
        length, starts = self._start, self._starts
        for at in range(len(data) - length + 1):
            candidates = starts.get(data[at : at + length])
            if candidates:
                yield from ((at, form) for form in candidates if data.startswith(form, at))


def forms(value: str) -> frozenset[bytes]:
    """Every way in which the value may be written. None for an empty value."""
    raw = value.encode()
    if not raw:
        return frozenset()
    return frozenset({raw, *_in_json(value), *_in_base64(raw), *_in_hex(raw), *_in_urls(value)})


def _in_json(value: str) -> Iterator[bytes]:
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1].encode()


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The letters that follow from the value alone, wherever it begins in what was encoded."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        # 6 bits a letter: the first letters mix with what is before, the last with what comes after.
        first, last = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        letters = encoded[first:last]
        if letters:
            yield letters
            yield letters.translate(bytes.maketrans(b"+/", b"-_"))


def _in_hex(raw: bytes) -> Iterator[bytes]:
    text = raw.hex()
    yield text.encode()
    yield text.upper().encode()


def _in_urls(value: str) -> Iterator[bytes]:
    """As libraries write it, and with every byte encoded."""
    every = "".join(f"%{byte:02x}" for byte in value.encode())
    for text in (quote(value, safe=""), quote(value), quote_plus(value), every):
        yield text.encode()
        # Only the digits after a percent sign may be of either case.
        yield _lower_escapes(text).encode()
    yield every.upper().encode()


def _lower_escapes(text: str) -> str:
    first, *others = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in others)])
