"""What the micro-OS consists of: the recipe read from its directory, and its digests.

The recipe has two parts. The base is Debian's packages, less what nobody reads, with our patches and an
empty database that they make: slow to build, changed seldom. On top come our files, units and Python code:
quick to add, changed often. Each has a digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from piston_iac.micro_os.database import schemas

SUITE = "trixie"
RECIPE_DIR = Path(__file__).with_name("recipe")
CODE_DIR = Path(__file__).parents[1]
# They write what no recipe says.
_MAKERS = tuple(Path(__file__).with_name(name) for name in ("build.py", "layer.py"))


@dataclass(frozen=True)
class SourceFile:
    """A file of the recipe and where it goes: `target` is relative to the image's root."""

    source: Path
    target: str

    def executable(self) -> bool:
        """True for programs: the one bit of the mode that git keeps too."""
        return bool(self.source.stat().st_mode & 0o100)


@dataclass(frozen=True)
class Account:
    """A user of the system and the group of the same name, by their numbers."""

    name: str
    user_id: int
    group_id: int
    home: str

    @property
    def passwd(self) -> str:
        """Its line in /etc/passwd."""
        return f"{self.name}:x:{self.user_id}:{self.group_id}::{self.home}:/usr/sbin/nologin"

    @property
    def group(self) -> str:
        """Its line in /etc/group."""
        return f"{self.name}:x:{self.group_id}:"


@dataclass(frozen=True)
class Recipe:
    """The whole recipe. `units` pairs a unit with the target that wants it; `patches` are unified diffs.

    `answers` are lines for debconf: what packages ask while they are installed; `accounts` are users with
    fixed numbers. `database`: digest of what the empty database is made from.
    """

    suite: str
    packages: tuple[str, ...]
    answers: tuple[str, ...]
    accounts: tuple[Account, ...]
    strip: tuple[str, ...]
    patches: tuple[Path, ...]
    masks: tuple[str, ...]
    host_units: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    files: tuple[SourceFile, ...]
    database: str

    def base_digest(self) -> str:
        """SHA-256 of what the base is made from, hexadecimal."""
        patches = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.patches]
        accounts = [it.passwd for it in self.accounts]
        parts = [self.suite, *self.packages, "answers", *self.answers, "accounts", *accounts]
        return _digest([*parts, "strip", *self.strip, "patches", *patches, "database", self.database])

    def digest(self) -> str:
        """SHA-256 of everything the image is made from, hexadecimal."""
        makers = [hashlib.sha256(path.read_bytes()).hexdigest() for path in _MAKERS]
        parts = [
            self.base_digest(),
            "makers",
            *makers,
            "masks",
            *self.masks,
            "host",
            *self.host_units,
            "units",
        ]
        parts += [f"{unit} {target}" for unit, target in self.units]
        for file in self.files:
            content = hashlib.sha256(file.source.read_bytes()).hexdigest()
            parts += [file.target, str(file.executable()), content]
        return _digest(parts)


def load_recipe(directory: Path = RECIPE_DIR, code: Path = CODE_DIR) -> Recipe:
    """Read the recipe from its directory, and list the code that goes with it."""
    units = tuple(_unit_line(line) for line in _lines(directory / "units"))
    return Recipe(
        suite=SUITE,
        packages=_lines(directory / "packages"),
        answers=_lines(directory / "debconf"),
        accounts=tuple(_account(line) for line in _lines(directory / "accounts")),
        strip=_lines(directory / "strip"),
        patches=tuple(sorted((directory / "patches").glob("*.patch"))),
        masks=_lines(directory / "masks"),
        host_units=_lines(directory / "host_units"),
        units=units,
        files=(*_tree(directory / "files"), *_code(code, _lines(directory / "code"))),
        database=schemas.digest(),
    )


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _lines(path: Path) -> tuple[str, ...]:
    stripped = (line.strip() for line in path.read_text().splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))


def _unit_line(line: str) -> tuple[str, str]:
    unit, target = line.split()
    return unit, target


def _account(line: str) -> Account:
    name, user_id, group_id, home = line.split()
    return Account(name, int(user_id), int(group_id), home)


def _tree(root: Path) -> list[SourceFile]:
    return [
        SourceFile(path, str(path.relative_to(root))) for path in sorted(root.rglob("*")) if path.is_file()
    ]


def _code(package: Path, names: tuple[str, ...]) -> list[SourceFile]:
    found = []
    for name in names:
        path = package / name
        modules = [path] if path.is_file() else sorted(path.rglob("*.py"))
        found += [SourceFile(it, f"usr/lib/piston/piston_iac/{it.relative_to(package)}") for it in modules]
    return found
