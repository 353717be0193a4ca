"""`piston check --all`: every stack file, what sites have in common, and the policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from piston_iac.cli.check import MOST_ROWS, count, plain_table, print_table, summary
from piston_iac.errors import SetupError
from piston_iac.policies.of_site import left_to_the_engine, violations
from piston_iac.site import yaml_file
from piston_iac.site.faults import SiteFaults, path_text
from piston_iac.site.load import load_file
from piston_iac.site.rules_sites import machines_of_one_site
from piston_iac.site.schema import Site
from piston_iac.site.stack_file import PROJECT

if TYPE_CHECKING:
    from rich.table import Table

_FAULT, _VIOLATION, _ADVICE = "fault", "violation", "advice"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. `where` is a setting with its place, or a policy.

    `kind` is fault, violation or advice; advice fails nothing.
    """

    site: str
    kind: str
    place: str
    where: str
    cause: str
    fix: str


@dataclass(frozen=True)
class Checked:
    """A stack file that was read: its site, or None when it has faults."""

    path: Path
    name: str
    site: Site | None
    findings: tuple[Finding, ...]


def check_all(start: Path) -> int:
    """Check every stack file of the project around `start`. 1 when one has faults or violates a policy.

    Raises:
        SetupError: there is no stack file.
    """
    checked = [_checked(path) for path in _stack_files(start)]
    findings = [*(one for of_file in checked for one in of_file.findings), *_shared_machines(checked)]
    print_table(_sites_table(checked, findings))
    if findings:
        print()
        print_table(_findings_table(findings[:MOST_ROWS]))
        if len(findings) > MOST_ROWS:
            print(f"and {len(findings) - MOST_ROWS} more; mend these first")
    _print_notes([one.site for one in checked if one.site])
    return 1 if any(finding.kind != _ADVICE for finding in findings) else 0


def _stack_files(start: Path) -> list[Path]:
    """The stack files of the nearest `stacks/` above `start`, relative to it where they can be."""
    for directory in (start, *start.parents):
        found = sorted((directory / "stacks").glob("Pulumi.*.y*ml"))
        if found:
            return [path.relative_to(start) if path.is_relative_to(start) else path for path in found]
    cause, remedy = "there is no stacks/Pulumi.<site>.yaml", "Run it inside the project"
    raise SetupError("all sites", "find their stack files", cause, remedy)


def _checked(path: Path) -> Checked:
    name = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if path.suffix != ".yaml":
        fix = f"call it {path.stem}.yaml"
        unread = Finding(name, _FAULT, str(path), "the file", "is not read by the engine", fix)
        return Checked(path, name, None, (unread,))
    try:
        site = load_file(path)
    except SiteFaults as error:
        faults = [Finding(name, _FAULT, it.place(), it.path, it.cause, it.fix) for it in error.faults]
        return Checked(path, name, None, tuple(faults))
    return Checked(path, name, site, tuple(_violations(name, path, site)))


def _violations(name: str, path: Path, site: Site) -> Iterator[Finding]:
    for violation in violations(site):
        kind = _ADVICE if violation.policy.advice else _VIOLATION
        cause, _, fix = violation.text.partition("; ")
        yield Finding(name, kind, str(path), violation.policy.name, cause, fix)


def _shared_machines(checked: Sequence[Checked]) -> Iterator[Finding]:
    sites = {one.name: one.site for one in checked if one.site}
    paths = {one.name: one.path for one in checked if one.site}
    for name, problem in machines_of_one_site(sites):
        section, *below = problem.path
        lines = yaml_file.parse(paths[name].read_text(encoding="utf-8"))
        line = lines.line_of(("config", f"{PROJECT}:{section}", *below))
        place = f"{paths[name]}:{line}"
        yield Finding(name, _FAULT, place, path_text(problem.path), problem.cause, problem.fix)


def _sites_table(checked: Sequence[Checked], findings: Sequence[Finding]) -> Table:
    rows = []
    for one in checked:
        kinds = [finding.kind for finding in findings if finding.site == one.name]
        counts = [count(kinds.count(kind), kind) for kind in (_FAULT, _VIOLATION) if kind in kinds]
        if not counts:
            counts = ["ok"]
        if _ADVICE in kinds:
            counts.append(f"{kinds.count(_ADVICE)} advice")
        rows.append((one.name, ", ".join(counts), summary(one.site) if one.site else "", str(one.path)))
    return plain_table(("site", "result", "has", "file"), rows)


def _findings_table(findings: Sequence[Finding]) -> Table:
    rows = [(it.site, it.kind, it.place, it.where, it.cause, it.fix) for it in findings]
    return plain_table(("site", "kind", "place", "setting or policy", "cause", "fix"), rows)


def _print_notes(sites: Sequence[Site]) -> None:
    """What no stack file can tell."""
    notes = dict.fromkeys(note for site in sites for note in left_to_the_engine(site))
    if notes:
        print()
    for policy, reason in notes:
        print(f"{policy} needs the engine: {reason}; `pulumi preview --policy-pack policies` judges it")
