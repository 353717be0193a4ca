"""The change gate's lease: one holder at a time, with a fencing token that only ever grows.

The token is stored before it is handed out, so that no restart, power cut or clock jump can give the
same one twice. After a restart of the machine a lease runs its full time again: its holder may still
be at work, and nobody knows how long the boot node was away.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from piston_iac.boot_node.answers import Refused
from piston_iac.boot_node.store import read_json, write_json
from piston_iac.boot_node.timing import BootClock


@dataclass(frozen=True)
class Lease:
    """Who holds it. `until_s` is on the monotonic clock of boot `boot_id`; `seconds` its full time."""

    holder: str
    token: int
    seconds: float
    until_s: float
    boot_id: str


class LeaseBook:
    """The one lease and the last token handed out. Kept in `path`."""

    def __init__(self, path: Path, clock: BootClock) -> None:
        self._path = path
        self._clock = clock
        raw: dict[str, Any] = read_json(path) or {"last_token": 0, "lease": None}
        self._last_token = int(raw["last_token"])
        stored = Lease(**raw["lease"]) if raw["lease"] else None
        if stored and stored.boot_id != clock.boot_id:
            stored = self._running(stored.holder, stored.token, stored.seconds)
        self._lease = stored

    def _running(self, holder: str, token: int, seconds: float) -> Lease:
        return Lease(holder, token, seconds, self._clock.now_s() + seconds, self._clock.boot_id)

    def _keep(self, lease: Lease | None, last_token: int) -> None:
        write_json(self._path, {"last_token": last_token, "lease": vars(lease) if lease else None})
        self._lease, self._last_token = lease, last_token

    def current(self) -> Lease | None:
        """The lease that is in force now."""
        lease = self._lease
        return lease if lease and lease.until_s > self._clock.now_s() else None

    def left_s(self, lease: Lease) -> float:
        """Seconds until it runs out."""
        return max(0.0, lease.until_s - self._clock.now_s())

    def take(self, holder: str, seconds: float, token: int | None) -> tuple[int, bool]:
        """Grant or renew; returns the token and whether it is a new grant.

        The last holder may renew even after its time ran out, as long as nobody came after it: its
        token is still the highest.

        Raises:
            Refused: 409, someone else holds it; `holder` says who.
        """
        last = self._lease
        if last and (last.holder, last.token) == (holder, token):
            self._keep(self._running(holder, last.token, seconds), self._last_token)
            return last.token, False
        held = self.current()
        if held:
            raise _held_by(held)
        if token is not None:
            raise Refused(HTTPStatus.CONFLICT, f"token {token} is over", holder="")
        fresh = self._last_token + 1
        self._keep(self._running(holder, fresh, seconds), fresh)
        return fresh, True

    def require_newest(self, token: int) -> None:
        """Refuse what comes from a holder after whom somebody else had the lease: it slept, and woke late.

        Raises:
            Refused: 409, a newer token was handed out.
        """
        if token != self._last_token:
            raise Refused(HTTPStatus.CONFLICT, f"token {token} is over, {self._last_token} is the newest")

    def give_back(self, holder: str, token: int) -> bool:
        """End the lease; False when it had ended already.

        Raises:
            Refused: 409, it is someone else's by now.
        """
        held = self.current()
        if held and (held.holder, held.token) != (holder, token):
            raise _held_by(held)
        had = self._lease is not None
        if had:
            self._keep(None, self._last_token)
        return had


def _held_by(lease: Lease) -> Refused:
    return Refused(HTTPStatus.CONFLICT, f"the lease is held by {lease.holder}", holder=lease.holder)
