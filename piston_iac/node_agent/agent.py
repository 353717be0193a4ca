"""The agent itself: gets an identity and a document, applies it, and does so again when told.

One thread does all changes; the server's threads only look, or leave a wish. It does not fight drift on
its own: the operator sees drift in a preview and decides.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from piston_iac.deadline import Deadline
from piston_iac.node_agent.apply import Hands
from piston_iac.node_agent.boot_arguments import BootArguments
from piston_iac.node_agent.bootd import Bootd, BootdRefused, BootdUnreachable
from piston_iac.node_agent.converge import absent, converge_rest, converge_storage, rejoin
from piston_iac.node_agent.identity import (
    NodeIdentity,
    is_mounted,
    load_document,
    store_document,
    store_identity,
)
from piston_iac.node_agent.journal import Journal
from piston_iac.node_agent.next_look import NextLook
from piston_iac.node_agent.programs import Finished, run_program
from piston_iac.node_agent.report import Machine, Progress, make_report
from piston_iac.node_agent.units import PendingRestarts
from piston_iac.node_document import NodeDocument, Program, from_json
from piston_iac.trust.seal import public_seal_key, unseal

_log = logging.getLogger("piston-agent")

_POLL_S = 1.0
_CALM_POLL_S = 10.0
# How long the boot node may be silent before the kept document is used: it may just be starting too.
PATIENCE_S = 10.0


class Agent:
    """State between requests. Everything that changes is behind `_lock`, or is the worker's alone."""

    def __init__(
        self,
        boot: BootArguments,
        machine: Machine,
        bootd: Bootd,
        identity: NodeIdentity,
        journal: Journal,
        pending: PendingRestarts,
        mirror: Path,
        patience_s: float = PATIENCE_S,
        applied: Callable[[], None] = lambda: None,
    ) -> None:
        self._boot = boot
        self._applied = applied
        self._machine = replace(machine, seal_key=public_seal_key(identity.seal_private).hex())
        self._bootd = bootd
        self._identity = identity
        self._journal = journal
        self._pending = pending
        self._hands = Hands(journal, pending)
        self._mirror = mirror
        self._lock = threading.Lock()
        self._looks = NextLook(self._look)
        self._wish = threading.Event()
        self._stopped = False
        # At the start nobody wished for anything: a document that is in force already is not applied again.
        self._fetch_wished = True
        self._fetch_told = False
        self._apply_wished = False
        self._progress = Progress()
        self._document: NodeDocument | None = None
        self._sealed = b""
        self._patience = Deadline.after(patience_s)

    def report(self) -> dict[str, Any]:
        """The report as plain data: of a look that began after this was asked for."""
        return self._looks.take()

    def _look(self) -> dict[str, Any]:
        with self._lock:
            document, progress = self._document, self._progress
        return make_report(self._boot, self._machine, document, progress, self._journal.writes).to_dict()

    def journal(self) -> dict[str, Any]:
        """The journal as plain data."""
        return {"writes": self._journal.writes, "entries": self._journal.entries()}

    def program(self, name: str) -> Program | None:
        """The program of that name; None when the document names none, or there is no document yet."""
        with self._lock:
            programs = self._document.programs if self._document else ()
        return next((it for it in programs if it.name == name), None)

    def run_program(self, program: Program, stdin: Iterator[bytes]) -> Finished:
        """Run it to its end, beside whatever the worker does. Raises what `programs.run_program` does."""
        if program.writes:
            self._journal.add(f"run program {program.name}")
        spool = self._mirror if is_mounted(self._mirror) else None
        return run_program(program.command, program.limit_s, stdin, spool)

    def fetch(self) -> None:
        """Wish for the document to be fetched and applied."""
        with self._lock:
            self._fetch_wished = self._fetch_told = True
            self._progress = replace(
                self._progress, phase="applying", progress="fetch the document", fault=""
            )
        self._wish.set()

    def converge(self) -> None:
        """Wish for the document to be applied again. Without one there is nothing to apply."""
        with self._lock:
            if self._document is None:
                return
            self._apply_wished = True
            self._progress = replace(self._progress, phase="applying", progress="look", fault="")
        self._wish.set()

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stopped:
            self.work()
            self._wish.wait(self._pause_s())
            self._wish.clear()

    def _pause_s(self) -> float | None:
        """How long to wait for a wish; None: until there is one."""
        if self._fetch_wished:
            return _POLL_S if self._document is None or self._fetch_told else _CALM_POLL_S
        tries = [it.retry_s for it in absent(self._document)] if self._document else []
        return min(tries, default=None)

    def stop(self) -> None:
        """End `run` after what it is at."""
        self._stopped = True
        self._wish.set()

    def work(self) -> None:
        """One round: fetch when that is wished, then apply what came or was asked for."""
        if self._fetch_wished:
            self._take_document()
        with self._lock:
            document, wished = self._document, self._apply_wished
            self._apply_wished = False
        if wished and document is not None:
            self._apply(document)
        elif document is not None:
            # Not a change that anybody has to be told of: data that a peer has comes back to this node.
            for fault in rejoin(document, self._hands, self._pending, _log.debug):
                _log.error("%s", fault)

    def _take_document(self) -> None:
        """Ask the boot node; fall back to the kept document while it has none to give."""
        with self._lock:
            # Taken off before asking: a wish that comes meanwhile is for a newer answer.
            told, self._fetch_wished, self._fetch_told = self._fetch_told, False, False
        why = "the boot node has no document for this node yet"
        sealed: bytes | None = None
        try:
            sealed = self._bootd.fetch_document(self._identity.ca_pem, self._identity.tls, self._boot.node)
        except (BootdUnreachable, BootdRefused) as error:
            why = str(error)
        known = self._sealed
        taken = sealed is not None and self._open(sealed)
        with self._lock:
            if taken:
                self._apply_wished |= told or sealed != known
            else:
                self._fetch_wished, self._fetch_told = True, self._fetch_told or told
        if sealed is None:
            self._say(progress=why)
            if self._document is None and self._patience.over():
                self._use_kept(why)

    def _use_kept(self, why: str) -> None:
        kept = load_document(self._mirror)
        if kept is not None and self._open(kept):
            _log.warning("%s: using the document kept on the mirror", why)
            with self._lock:
                self._apply_wished = True

    def _open(self, sealed: bytes) -> bool:
        """Unseal and read a document; a fault when it is not for us or not readable."""
        try:
            text = unseal(self._identity.seal_private, sealed, self._boot.seal_context).decode()
            document = from_json(text)
        except ValueError as error:
            self._say(phase="failed", fault=f"the document of this node cannot be read: {error}")
            return False
        with self._lock:
            self._document = document
            self._sealed = sealed
        return True

    def _apply(self, document: NodeDocument) -> None:
        """Storage first, then what must survive is kept there, then the rest."""
        self._say(phase="applying", progress="look", fault="", document=document.digest())
        faults = converge_storage(document, self._hands, self._note)
        faults += self._keep()
        faults += converge_rest(document, self._hands, self._pending, self._note)
        for fault in faults:
            _log.error("%s", fault)
        phase = "failed" if faults else "settled"
        with self._lock:
            if not (self._fetch_told or self._apply_wished):
                self._progress = replace(self._progress, phase=phase, progress="", fault="; ".join(faults))
        self._applied()

    def _keep(self) -> list[str]:
        """Keep identity and document on the mirror, when it is there."""
        if not is_mounted(self._mirror):
            return []
        try:
            if store_identity(self._mirror, self._identity):
                self._journal.add("keep identity on the local mirror")
            if store_document(self._mirror, self._sealed):
                self._journal.add(
                    f"keep document {hashlib.sha256(self._sealed).hexdigest()[:12]} on the mirror"
                )
        except OSError as error:
            return [f"keep identity and document on the local mirror: {error}"]
        return []

    def _note(self, step: str) -> None:
        _log.info("%s", step)
        self._say(progress=step)

    def _say(self, **changes: str) -> None:
        with self._lock:
            self._progress = replace(self._progress, **changes)
