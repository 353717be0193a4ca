"""One call of an API of the cloud, and its answer, as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from piston_iac import cloud_layout as layout

ADMIN_PROJECT = "admin"
OK = 200
NOT_FOUND = 404
CONFLICT = 409
_FIRST_ERROR = 300


@dataclass(frozen=True)
class Call:
    """What a control host sends to the virtual address for the operator, as the administrator.

    `body`: sent as JSON, it may hold a password; text is sent as it is; None: none. `port`: of the API.
    `headers`: more of them, by name. `file`: path of a file of the host that is sent as the body.
    """

    method: str
    path: str
    body: Any = None
    port: int = layout.KEYSTONE_PORT
    headers: tuple[tuple[str, str], ...] = ()
    file: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the host's program reads it."""
        return {
            "method": self.method,
            "path": self.path,
            "body": self.body,
            "port": self.port,
            "headers": dict(self.headers),
            "file": self.file,
        }


@dataclass(frozen=True)
class Answer:
    """Its answer. Code 0: none came. `body`: what it says as JSON."""

    code: int
    body: Mapping[str, Any]

    @property
    def refused(self) -> bool:
        """It was not done, and nobody else did it at the same moment."""
        return self.code != CONFLICT and (self.code == 0 or self.code >= _FIRST_ERROR)

    @property
    def lost(self) -> bool:
        """Nobody answered for the service: it may have been done, or not. Balancers say so by 502 to 504."""
        return self.code in (0, 502, 503, 504)

    def reason(self) -> str:
        """Why not, in the service's own words: each kind of service has its own way to say it."""
        for part in self.body.values():
            if isinstance(part, Mapping) and part.get("message"):
                return " ".join(str(part["message"]).split())
        return f"status {self.code}" if self.code else "no answer"
