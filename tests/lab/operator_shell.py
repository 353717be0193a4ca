"""The operator's shell in front of the rack: what a user has after `. ./env.sh`, and the lab's hands."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.stack_file import CHECKOUT as CHECKOUT
from tests.lab.stack_file import STORAGE_ONLY

_SITE = "pulumi:pulumi:Stack (piston-lab)"
NODES = ("n1", "n2", "n3", "n4", "n5")


@dataclass(frozen=True)
class Result:
    """A finished command."""

    code: int
    text: str
    seconds: float

    def is_clean(self) -> bool:
        """The engine found nothing to do, and nobody said anything beside."""
        summary = self.text.partition("Resources:\n")[2].splitlines()
        return bool(summary) and summary[0].strip().endswith(" unchanged") and not self.told()

    def if_a_node_died(self) -> list[str]:
        """What the plan says at its end, of the whole site."""
        return self._diagnostics().get(_SITE, [])

    def told(self) -> dict[str, list[str]]:
        """What the Diagnostics say, by resource: `SwitchPort (data-core)`; not what each plan ends with."""
        return {resource: lines for resource, lines in self._diagnostics().items() if resource != _SITE}

    def _diagnostics(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        resource = ""
        said = self.text.partition("Diagnostics:\n")[2].partition("Resources:\n")[0]
        # After an `up` the stack's outputs stand between the two.
        for line in said.partition("Outputs:\n")[0].splitlines():
            if line.startswith("    ") and line.strip():
                found.setdefault(resource, []).append(line.strip())
            elif line.strip().endswith(":"):
                resource = line.strip().rstrip(":").rpartition("piston:")[2]
        return found


def _options(stack_file: Path | None) -> str:
    return f"--stack lab --config-file {stack_file or STORAGE_ONLY} --non-interactive"


@dataclass
class Rack:
    """The operator's shell in front of the rack, and the technician's hands on it."""

    runs: list[str] = field(default_factory=list)

    def shell(self, command: str, timeout_s: float = 240.0) -> Result:
        """Run a command as a user would after `. ./env.sh`."""
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", f". ./env.sh; {command}"],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        result = Result(done.returncode, done.stdout, time.monotonic() - began)
        self.runs.append(f"$ {command}\n{result.text}[{result.code} after {result.seconds:.1f} s]\n")
        return result

    def must(self, command: str, timeout_s: float = 240.0) -> str:
        """Run a command that has to succeed; its output."""
        result = self.shell(command, timeout_s)
        assert result.code == 0, f"{command}\n{result.text}"
        return result.text

    def lab(self, arguments: str) -> str:
        """The lab's hands."""
        return self.must(f"piston lab {arguments}")

    def preview(self, stack_file: Path | None = None) -> Result:
        """A preview; of the site with storage alone where no other stack file is given."""
        return self.shell(f"pulumi preview {_options(stack_file)}")

    def up(self, stack_file: Path | None = None) -> Result:
        """Apply; the same."""
        return self.shell(f"pulumi up {_options(stack_file)} --yes --skip-preview", timeout_s=400.0)

    def writes(self) -> dict[str, int]:
        """How often each device was told to change, by its own count: `switch data`, `bmc n1`…"""
        told = json.loads(self.lab("writes --json"))
        kinds = {"switches": "switch", "bmcs": "bmc", "nodes": "node"}
        by_name = {f"{kinds[kind]} {name}": told[kind][name] for kind in kinds for name in told[kind]}
        return {**by_name, "boot node": told["boot_node"]}

    def state(self) -> dict[str, dict[str, Any]]:
        """The state's resources by name."""
        exported = json.loads(self.must("pulumi stack export --stack lab"))
        return {entry["urn"].rpartition("::")[2]: entry for entry in exported["deployment"]["resources"]}

    def half_made(self) -> set[str]:
        """Names of the resources that an attempt left half-made."""
        return {name for name, entry in self.state().items() if entry.get("initErrors")}
