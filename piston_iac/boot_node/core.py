"""The boot node as one object: what it knows, and the few things it does about it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piston_iac.boot_node.chrony import chrony_conf
from piston_iac.boot_node.clock import ClockReader
from piston_iac.boot_node.cloudkey_files import CloudKey
from piston_iac.boot_node.dnsmasq import dnsmasq_conf
from piston_iac.boot_node.documents import Documents
from piston_iac.boot_node.enrolment import Enrolments
from piston_iac.boot_node.journal import Journal
from piston_iac.boot_node.leases import LeaseBook
from piston_iac.boot_node.permits import PermitBook
from piston_iac.boot_node.releases import Releases
from piston_iac.boot_node.services import ACTIVE, CHRONY, DNSMASQ, Services
from piston_iac.boot_node.settings import Settings, parse_settings
from piston_iac.boot_node.store import read_json, write_atomically, write_json
from piston_iac.boot_node.timing import BootClock
from piston_iac.boot_node.windows import Windows
from piston_iac.errors import PistonError
from piston_iac.trust.authority import certificate_digest

_log = logging.getLogger("piston-bootd")


@dataclass(frozen=True)
class Paths:
    """Where things are. `data` outlives the machine's restarts, `run` need not."""

    data: Path
    cloudkey: Path
    run: Path
    chrony_conf: Path

    @property
    def dnsmasq_conf(self) -> Path:
        """The file that piston-dnsmasq.service reads."""
        return self.run / "dnsmasq.conf"


class BootNode:
    """All parts, loaded from disk. One event loop uses it; nothing here is shared between threads."""

    def __init__(
        self, paths: Paths, cloudkey: CloudKey, services: Services, chrony: ClockReader, clock: BootClock
    ) -> None:
        for directory in (paths.data, paths.run):
            directory.mkdir(parents=True, exist_ok=True)
        self.paths = paths
        self.cloudkey = cloudkey
        self.clock = clock
        self.ca_digest = certificate_digest(cloudkey.ca_pem)
        self.journal = Journal(paths.data / "journal.jsonl")
        self.releases = Releases(paths.data, paths.cloudkey)
        self.documents = Documents(paths.data / "documents")
        self.windows = Windows(paths.data / "windows.json", clock)
        self.leases = LeaseBook(paths.data / "lease.json", clock)
        self.permits = PermitBook(paths.data / "permits.json")
        self.enrolments = Enrolments(paths.data / "enrolled.json", cloudkey.node_authority)
        self._services = services
        self._chrony = chrony
        self._settings_file = paths.data / "settings.json"
        # As the operator put them: what is read back must equal what was written.
        self._settings_as_put: dict[str, Any] | None = read_json(self._settings_file)
        self.settings = parse_settings(self._settings_as_put) if self._settings_as_put else None
        # What each service runs with; empty after our own restart, which is why they are restarted then.
        self._applied: dict[str, str] = {}
        # Two operators at once must not mix one's files with the other's restarts.
        self._applying = asyncio.Lock()

    async def put_settings(self, raw: dict[str, Any], settings: Settings, who: str) -> None:
        """Keep new settings and bring the services in line with them. The same again does nothing.

        `settings` is `raw`, parsed.
        """
        async with self._applying:
            if raw != self._settings_as_put:
                write_json(self._settings_file, raw)
                self._settings_as_put, self.settings = raw, settings
                self.journal.wrote(who, "settings")
            restarted, faults = await self._bring_in_line(settings)
            for unit in restarted:
                self.journal.wrote(who, f"restarted {unit}")
        if faults:
            raise faults[0]

    async def start_services(self) -> None:
        """Bring the services in line with the settings kept from before, if there are any.

        Never fails: with one of them broken the operator must still see what is wrong.
        """
        if self.settings is not None:
            async with self._applying:
                _, faults = await self._bring_in_line(self.settings)
            for fault in faults:
                _log.error("%s", fault)

    async def _bring_in_line(self, settings: Settings) -> tuple[list[str], list[PistonError]]:
        """Write configurations that differ; restart what they belong to and what does not run.

        Returns what was restarted and what went wrong: no DNS must not mean no time.
        """
        states = await self._services.states()
        leases = self.paths.data / "dnsmasq.leases"
        files = (
            (DNSMASQ, self.paths.dnsmasq_conf, dnsmasq_conf(settings, leases)),
            (CHRONY, self.paths.chrony_conf, chrony_conf(settings)),
        )
        restarted: list[str] = []
        faults: list[PistonError] = []
        for unit, path, text in files:
            if not path.exists() or path.read_text() != text:
                self._applied.pop(unit, None)
                # Readable by all: chrony and dnsmasq drop root, and nothing in it is secret.
                write_atomically(path, text.encode(), mode=0o644)
            if self._applied.get(unit) != text or states.get(unit) != ACTIVE:
                try:
                    await self._services.restart(unit)
                    self._applied[unit] = text
                    restarted.append(unit)
                except PistonError as error:
                    faults.append(error)
        return restarted, faults

    async def state(self) -> dict[str, Any]:
        """Everything the operator may see, read now."""
        services, clock = await asyncio.gather(self._services.states(), self._chrony.read())
        releases = await asyncio.to_thread(self.releases.all)
        lease = self.leases.current()
        return {
            "site": self.cloudkey.site,
            "settings": self._settings_as_put,
            "services": services,
            "releases": {
                name: {
                    "complete": release.complete,
                    "files": {file: vars(stored) for file, stored in release.files.items()},
                }
                for name, release in releases.items()
            },
            "documents": self.documents.digests(),
            "enrolled": {node: one.public() for node, one in self.enrolments.all().items()},
            "windows": self.windows.left_s(),
            "lease": lease
            and {
                "holder": lease.holder,
                "token": lease.token,
                "left_s": round(self.leases.left_s(lease), 1),
            },
            "permits": {purpose: one.public() for purpose, one in self.permits.all().items()},
            "clock": clock,
            "writes": self.journal.writes,
            "boot_id": self.clock.boot_id,
        }
