"""One host's part in the backups: whether it makes them, and when which copy and which logs are due."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from piston_iac.node_programs.cloud import backup_source as source
from piston_iac.node_programs.cloud import backup_status
from piston_iac.node_programs.cloud.backup_chain import Chain, Gap, Log, continued, out_of_date, to_send
from piston_iac.node_programs.cloud.backup_full import Full
from piston_iac.node_programs.cloud.backup_status import DATABASE, Status
from piston_iac.node_programs.cloud.backup_store import StorageAway, Store
from piston_iac.node_programs.program import Fault


@dataclass(frozen=True)
class Settings:
    """All in seconds. `round_s`: between two looks at the logs; `chain_s`: how old a chain becomes;
    `keep_s`: how long chains are kept; `lock_s`: after this a holder that is gone is replaced; `retry_s`:
    between two full copies when one failed; `yield_s`: how long others leave it to the one that made
    the newest chain to go on with it, longer than `lock_s`, which its own lock lasts when it has to connect
    again; `defer_s`: how much later the member that takes all statements comes forward.
    """

    round_s: float = 10.0
    chain_s: float = 21_600.0
    keep_s: float = 604_800.0
    lock_s: int = 30
    retry_s: float = 60.0
    yield_s: float = 60.0
    defer_s: float = 60.0


class LostLock(Fault):
    """Another host makes the backups now."""


class Maker:
    """Makes backups through one connection to the storage after the other."""

    def __init__(self, settings: Settings, host: str, defers: bool) -> None:
        self._settings = settings
        self._host = host
        self._defers = defers
        self._cookie = f"{host}/{os.getpid()}/{time.time_ns()}"
        self._begun = time.time()
        self._since = 0.0
        self._chain: Chain | None = None
        self._retry_at = 0.0
        self._fault = ""

    def once(self, store: Store) -> None:
        """One round: look who is to do it, and do it."""
        server = source.server()
        latest = store.latest()
        now = time.time()
        self._since = self._since or now
        if self._chain is None and now - max(latest[2], self._begun, self._since) < self._patience_s(
            latest[0]
        ):
            self._say(False, latest)
            return
        if not store.hold(self._cookie, self._host, self._settings.lock_s):
            self._chain, self._fault = None, ""
            self._say(False, latest)
            return
        self._advance(store, server)
        self._say(True, store.latest())

    def _patience_s(self, newest: str) -> float:
        """How long to leave it to others: a chain has no gap as long as the host that made it goes on."""
        own = not newest or newest.endswith(f"-{self._host}")
        return (0.0 if own else self._settings.yield_s) + (self._settings.defer_s if self._defers else 0.0)

    def away(self, waits: str, fault: str) -> None:
        """A round that could not be: note why."""
        self._since = 0.0
        if waits == DATABASE:
            self._chain = None
        backup_status.write(Status(time.time(), waits=waits, fault=fault))

    def _say(self, holder: bool, latest: tuple[str, int, int]) -> None:
        fault = self._fault if holder else ""
        backup_status.write(Status(time.time(), self._since, holder, *latest, fault=fault))

    def _advance(self, store: Store, server: source.Server) -> None:
        """Bring the chain on; begin another one where it ends."""
        chain = self._chain or self._own(store, server)
        if chain is not None and chain.run != server.run:
            chain = None
        if chain is not None:
            try:
                chain = self._ship(store, chain)
            except Gap as error:
                self._fault, chain = str(error), None
        self._chain = chain
        due = chain is None or time.time() - chain.start > self._settings.chain_s
        if due and time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + self._settings.retry_s
            try:
                self._chain = self._make(store, server, chain)
                self._retry_at, self._fault = 0.0, ""
            except (StorageAway, LostLock, source.DatabaseAway):
                raise
            except (Fault, Gap) as error:
                self._fault = str(error)
                print(f"no full copy: {error}", file=sys.stderr, flush=True)
            self._tidy(store)

    def _own(self, store: Store, server: source.Server) -> Chain | None:
        """The newest chain of this host's server as it runs now: an earlier maker may have begun it."""
        newest = store.latest()[0]
        chain = store.manifest(newest) if newest else None
        return chain if chain and (chain.host, chain.run) == (self._host, server.run) else None

    def _ship(self, store: Store, chain: Chain) -> Chain:
        """Send what its logs have grown by; it counts once the manifest says so."""
        at, logs = self._send(store, chain.id, chain.logs)
        chain = replace(chain, until=max(at, chain.until), logs=logs)
        store.put_manifest(chain)
        return chain

    @staticmethod
    def _send(store: Store, chain: str, logs: tuple[Log, ...]) -> tuple[int, tuple[Log, ...]]:
        stand = source.stand()
        now = continued(logs, stand.logs)
        for piece in to_send(logs, now):
            store.put_piece(chain, piece, source.read_log(piece.log, piece.start, piece.end))
        return stand.at, now

    def _make(self, store: Store, server: source.Server, old: Chain | None) -> Chain:
        """A new chain. The old one goes on until the new one is whole, so that no moment is lost."""
        name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{self._host}"
        print(f"begins {name}", flush=True)
        store.begin(name)
        logs: tuple[Log, ...] = ((source.begin_log(), 0),)
        full = Full(store, name)
        next_at = time.monotonic() + self._settings.round_s
        with ExitStack() as stack:
            for block in stack.enter_context(source.full_copy()):
                full.add(block)
                if time.monotonic() >= next_at:
                    self._keep_lock(store)
                    _, logs = self._send(store, name, logs)
                    old = self._ship(store, old) if old else None
                    self._say(True, store.latest())
                    next_at = time.monotonic() + self._settings.round_s
        full.end()
        # Whoever is told this time gets what was there by then: the copy stands at a moment before it.
        start = int(time.time()) + 1
        at, logs = self._send(store, name, logs)
        while at < start:
            time.sleep(max(0.0, start - time.time()))
            at, logs = self._send(store, name, logs)
        if old:
            self._ship(store, old)
        self._keep_lock(store)
        chain = Chain(
            id=name,
            host=self._host,
            run=server.run,
            cluster=server.cluster,
            start=start,
            until=at,
            parts=full.parts,
            stored_bytes=full.stored_bytes,
            full_bytes=full.full_bytes,
            sha256=full.digest.hexdigest(),
            logs=logs,
        )
        store.put_manifest(chain)
        print(f"made {name}: {full.full_bytes >> 20} MiB, stored as {full.stored_bytes >> 20}", flush=True)
        return chain

    def _keep_lock(self, store: Store) -> None:
        if not store.hold(self._cookie, self._host, self._settings.lock_s):
            self._chain = None
            raise LostLock("another host has taken over the backups")

    def _tidy(self, store: Store) -> None:
        """Only the holder does, and it makes none now: what has no manifest is of one that is gone."""
        oldest = time.time() - self._settings.keep_s
        for chain in (*store.unfinished(), *out_of_date(store.whole(), oldest)):
            self._keep_lock(store)
            print(f"removes {chain}", flush=True)
            store.remove(chain)
