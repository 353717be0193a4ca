"""The bundle that an operator hands over: redacted parts in a .tar.gz, searched before it is written."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from piston_iac.errors import SetupError, UnsafeChange
from piston_iac.status.redact import Redactor

_MODE = 0o600
_ACTION = "write the bundle"
_CONTENTS = "contents.txt"


@dataclass(frozen=True)
class Bundle:
    """A finished bundle, and the list of what is inside for the operator to read first."""

    data: bytes
    contents: str


def make_bundle(parts: Mapping[str, bytes], redactor: Redactor, top: str) -> Bundle:
    """The finished bundle. Pure.

    Args:
        parts: content by name; a list of them is added.
        top: the directory that it unpacks into.
    Raises:
        UnsafeChange: a secret is still in it.
    """
    clean = {_redacted_text(name, redactor): redactor.redact(content) for name, content in parts.items()}
    listed = _contents(clean)
    clean[_CONTENTS] = listed.encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(clean.items()):
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = len(content), _MODE
            tar.addfile(member, io.BytesIO(content))
    data = gzip.compress(stream.getvalue(), mtime=0)
    check_bundle(data, redactor)
    return Bundle(data, listed)


def check_bundle(data: bytes, redactor: Redactor) -> None:
    """Search the finished bundle, as whoever gets it will unpack it.

    Raises:
        UnsafeChange: a secret is in it; names the part and which secret, never the value.
    """
    plain = gzip.decompress(data)
    what = redactor.found(plain)
    if what is None:
        return
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if content and redactor.found(content.read()):
                where = _redacted_text(member.name, redactor)
                raise _unsafe(where.partition("/")[2], what)
    raise _unsafe("the names of its parts", what)


def _contents(parts: Mapping[str, bytes]) -> str:
    width = max(map(len, parts), default=0)
    return "".join(f"{name:{width}}  {len(content)} bytes\n" for name, content in sorted(parts.items()))


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write it, for its owner alone. An older file of that name is replaced.

    Raises:
        SetupError: it could not be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(bundle.data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        cause = error.strerror or str(error)
        raise SetupError(str(path), _ACTION, cause, "Name another file with --out.") from None


def _redacted_text(text: str, redactor: Redactor) -> str:
    return redactor.redact(text.encode()).decode(errors="replace")


def _unsafe(where: str, what: str) -> UnsafeChange:
    return UnsafeChange(
        "support bundle",
        _ACTION,
        f"a secret is still in {where}: {what}",
        "Nothing was written. A secret of a few letters is in every text by chance: choose a longer one.",
    )
