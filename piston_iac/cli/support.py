"""`piston support SITE`: one file with what somebody needs to help, and no secret in it.

The finished bundle is searched for every secret of the site before it is written.
"""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from piston_iac.cli.chosen_site import chosen_site, misuse
from piston_iac.cli.open_site import PROJECT_DIR, open_site
from piston_iac.cli.progress import ask_with_progress
from piston_iac.cli.stack_path import find_stack_file
from piston_iac.cli.why import record_of_runs
from piston_iac.errors import SetupError
from piston_iac.site.schema import Site
from piston_iac.status import local_parts
from piston_iac.status.bundle import make_bundle, write_bundle
from piston_iac.status.handover import Parts, as_json, device_parts, support_probes
from piston_iac.status.look import looking
from piston_iac.status.redact import Redactor
from piston_iac.status.secrets import SecretValue, sealed_values, secrets_of


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `support` to the command line."""
    text = "write a bundle with what somebody needs to help, without secrets"
    parser = subparsers.add_parser("support", help=text, description=text)
    parser.add_argument("site", metavar="SITE", help="the site's name: stacks/Pulumi.SITE.yaml")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: here, named by site and time)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Gather, redact, search, write; say what is inside."""
    try:
        name = chosen_site(options.site)
    except SetupError as error:
        return misuse(error)
    site, now = open_site(name), datetime.now(UTC)
    top = f"piston-support-{now:%Y%m%dT%H%M%SZ}"
    out = options.out or Path(f"piston-support-{name}-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    stack_file = find_stack_file(name, Path.cwd())
    parts = _local_parts(name, stack_file)
    look = looking(site, PROJECT_DIR)
    answers = ask_with_progress(support_probes(look))
    parts |= device_parts(look, answers, record_of_runs(), now.isoformat(timespec="seconds"))
    bundle = make_bundle(parts, Redactor(_secrets(site, stack_file)), top)
    write_bundle(bundle, out)
    print(bundle.contents, end="")
    print(f"{out}: {len(bundle.data) // 1024} KiB. It was searched: no secret of {name} is in it.")
    return 0


def _local_parts(name: str, stack_file: Path) -> Parts:
    parts: Parts = {
        "versions.json": as_json(local_parts.versions(PROJECT_DIR)),
        "stack.yaml": stack_file.read_bytes(),
        "check.txt": local_parts.check_text(stack_file).encode(),
    }
    if runs := record_of_runs():
        parts["runs.jsonl"] = local_parts.end_of_text(runs)
    if last := local_parts.last_run(name, os.environ):
        parts["last-run.json"] = as_json(last)
    logs = local_parts.lab_logs(os.environ)
    return {**parts, **{f"lab/{log}": content for log, content in logs.items()}}


def _secrets(site: Site, stack_file: Path) -> list[SecretValue]:
    found = [*secrets_of(site), *sealed_values(stack_file.read_text(encoding="utf-8"))]
    if opens := local_parts.passphrase(os.environ):
        found.append(SecretValue("the passphrase", opens))
    return found
