"""What can be wrong with a stack file, and how it is told.

A `Problem` is what pure checks find: a place in the site, a cause and a fix. A `Fault` is a problem
with the file and line where the operator can mend it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from piston_iac.errors import PistonError

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `path` is in the words of the stack file: `("nodes", "n3", "boot")`."""

    path: Where
    cause: str
    fix: str


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where. `file` is empty and `line` 0 when there is no file."""

    file: str
    line: int
    path: str
    cause: str
    fix: str

    def place(self) -> str:
        """`file:line` as editors understand it, the file alone, or nothing."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        place = self.place()
        return f"{place + ': ' if place else ''}{self.path} {self.cause}; {self.fix}"


class SiteFaults(PistonError):
    """A stack file does not describe a site. `faults` holds all that was found, in file order."""

    def __init__(self, site: str, faults: Iterable[Fault]) -> None:
        self.site = site
        self.faults = tuple(faults)
        first, *others = self.faults
        also = f" (and {len(others)} more)" if others else ""
        remedy = f"`piston check {site}` lists all" if others else "Then run it again"
        super().__init__(f"stack {site}", "read its settings", f"{first}{also}", remedy)


def path_text(path: Where) -> str:
    """The path as `pulumi config set --path` writes it: `switches.data.routes[0].nextHop`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known word, or empty when none is close."""
    by_fold = {name.replace("_", "").lower(): name for name in known}
    folded = word.replace("_", "").lower()
    return next((by_fold[match] for match in get_close_matches(folded, by_fold, n=1)), "")
