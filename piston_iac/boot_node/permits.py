"""Permits: what may happen once in a cluster's life, such as its bootstrap, needs one, and it counts once.

A permit is for one purpose and one node. The operator issues it, the node uses it up, the operator closes
it for good once the cluster is there. Each step is on disk before anybody is told of it, so that no restart
or power cut can let the same token count twice.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.store import read_json, write_json

_PURPOSE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TOKEN_BYTES = 16


class PermitState(StrEnum):
    """How far a permit has come."""

    ISSUED = "issued"
    USED = "used"
    FINISHED = "finished"


@dataclass(frozen=True)
class Permit:
    """One permit. `token` is empty unless it is issued; `node` is empty when it was finished unissued."""

    node: str
    state: PermitState
    token: str = ""

    def public(self) -> dict[str, str]:
        """What the operator is told: not the token."""
        return {"node": self.node, "state": self.state.value}


def require_purpose(text: str) -> str:
    """The name of a purpose.

    Raises:
        Refused: 400, it is not lower-case letters, digits and dashes.
    """
    if not _PURPOSE.fullmatch(text):
        raise Refused(HTTPStatus.BAD_REQUEST, "a permit's purpose is lower-case letters, digits and dashes")
    return text


def issue_refusal(purpose: str, held: Permit | None, node: str, instead_of: str) -> str:
    """Why `node` gets no token now; empty when it gets one. Pure.

    Args:
        held: the permit for that purpose as it is now.
        instead_of: the node that the operator takes it away from; empty for none.
    """
    if held is None or (held.state is not PermitState.FINISHED and held.node in (node, instead_of)):
        return ""
    if held.state is PermitState.FINISHED:
        return f"the permit {purpose} is finished: what it was for has happened"
    by = "to" if held.state is PermitState.ISSUED else "by"
    return f"the permit {purpose} is {held.state.value} {by} {held.node}"


def use_refusal(purpose: str, held: Permit | None, token: str) -> str:
    """Why this token does not count now; empty when it does. Pure."""
    if held is None:
        return f"there is no permit {purpose}"
    if held.state is not PermitState.ISSUED:
        return f"the permit {purpose} is {held.state.value}"
    # Bytes, because compare_digest refuses text outside ASCII.
    if not secrets.compare_digest(held.token.encode(), token.encode()):
        return f"the token is not that of the permit {purpose} in force"
    return ""


class PermitBook:
    """Permits by purpose. Kept in `path`.

    Args:
        path: the file; made with the first permit.
        new_token: makes a token that nobody can guess.
    """

    def __init__(
        self, path: Path, new_token: Callable[[], str] = lambda: secrets.token_hex(_TOKEN_BYTES)
    ) -> None:
        self._path = path
        self._new_token = new_token
        raw: dict[str, Any] = read_json(path) or {}
        self._permits = {
            purpose: Permit(one["node"], PermitState(one["state"]), one["token"])
            for purpose, one in raw.items()
        }

    def _keep(self, permits: dict[str, Permit]) -> None:
        write_json(self._path, {purpose: asdict(one) for purpose, one in permits.items()})
        self._permits = permits

    def all(self) -> dict[str, Permit]:
        """Every permit that there is."""
        return dict(self._permits)

    def issue(self, purpose: str, node: str, instead_of: str) -> tuple[str, bool]:
        """Give a token to a node; returns it and whether it is a new one.

        A permit that the same node used up and nobody finished is issued again: whether that is safe is for
        the operator to know, who sees the cluster.

        Raises:
            Refused: 409, with `node` and `state` of the permit as it is.
        """
        held = self._permits.get(purpose)
        if held and (held.node, held.state) == (node, PermitState.ISSUED):
            return held.token, False
        refusal = issue_refusal(purpose, held, node, instead_of)
        if refusal:
            raise _refused(refusal, held)
        fresh = Permit(node, PermitState.ISSUED, self._new_token())
        self._keep({**self._permits, purpose: fresh})
        return fresh.token, True

    def holder(self, purpose: str) -> str | None:
        """The node that the permit is for, which alone may use it; None when there is no permit."""
        held = self._permits.get(purpose)
        return held.node if held else None

    def use(self, purpose: str, token: str) -> None:
        """Use up the token: it counts this once. That the caller is the holder was seen before.

        Raises:
            Refused: 409, the token does not count.
        """
        held = self._permits.get(purpose)
        refusal = use_refusal(purpose, held, token)
        if held is None or refusal:
            raise _refused(refusal, held)
        self._keep({**self._permits, purpose: Permit(held.node, PermitState.USED)})

    def finish(self, purpose: str) -> bool:
        """Close it for good; False when it was. One never issued can be closed too: a boot node made anew
        knows of no permit, and must not issue a second one for a cluster that is there.
        """
        held = self._permits.get(purpose)
        if held and held.state is PermitState.FINISHED:
            return False
        self._keep({**self._permits, purpose: Permit(held.node if held else "", PermitState.FINISHED)})
        return True

    def delete(self, purpose: str) -> bool:
        """Forget it, for a cluster that is gone; False when there was none."""
        if purpose not in self._permits:
            return False
        self._keep({name: one for name, one in self._permits.items() if name != purpose})
        return True


def _refused(text: str, held: Permit | None) -> Refused:
    return Refused(HTTPStatus.CONFLICT, text, **(held.public() if held else {}))
