"""From a stack file, or from the engine's decrypted config, to a `Site` or to every fault at once.

A top-level field of `Site` is the config key `piston:<camelCase>`; the site's name is the stack's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from piston_iac.site import yaml_file
from piston_iac.site.check import check
from piston_iac.site.faults import Fault, Problem, SiteFaults, Where, path_text
from piston_iac.site.schema import Site
from piston_iac.site.stack_file import PROJECT, SETTINGS, file_problems, own_settings, sealed_problems

_FILE_NAME = re.compile(r"Pulumi\.(.+)\.yaml")
# 200 nodes, the most that node numbers allow, with a comment each.
_LARGEST_BYTES = 512 * 1024
# A cause shows the value that is wrong, which may be of any length.
_LONGEST_CAUSE = 300
_TEXT_SETTINGS = frozenset({"release", "environment", "seed"})


def load_file(path: Path) -> Site:
    """Read `Pulumi.<site>.yaml` without its passphrase.

    Returns:
        The site. Its secrets are there but hold `SEALED_PLACEHOLDER`: enough to check, draw and plan
        addresses, useless to log in. `load_config` gives the true ones.
    Raises:
        SiteFaults: with every fault, in the order of the file.
    """
    named = _FILE_NAME.fullmatch(path.name)
    name = named[1] if named else path.stem
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        text = content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        fault = Fault(str(path), 0, "the file", f"cannot be read: {error.strerror}", "name another")
        raise SiteFaults(name, [fault]) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = Fault(str(path), line, "the file", "is not UTF-8 text", "save it as UTF-8")
        raise SiteFaults(name, [fault]) from None
    if len(content) > _LARGEST_BYTES:
        cause = f"is larger than {_LARGEST_BYTES >> 10} KiB: no stack file"
        raise SiteFaults(name, [Fault(str(path), 0, "the file", cause, "name another")])
    site, faults = read_stack(name, text, str(path))
    if not named:
        faults = [
            Fault(str(path), 0, "name", "is not in the file's name", "call it Pulumi.<site>.yaml"),
            *faults,
        ]
    if site is None or faults:
        raise SiteFaults(name, faults)
    return site


def load_config(name: str, config: Mapping[str, object]) -> Site:
    """Make a site of the engine's decrypted config.

    Args:
        name: the stack's name.
        config: `piston:networks` and so on. A value may be plain data, JSON text, or an entry of
            `pulumi config --json --show-secrets`.
    Raises:
        SiteFaults: with every fault; they name no file and no line.
    """
    settings, problems = own_settings(config)
    values: dict[str, object] = {}
    for setting, value in settings.items():
        try:
            values[setting] = _decoded(setting, value)
        except ValueError as error:
            problems.append(Problem((setting,), str(error), "see `pulumi config --json --show-secrets`"))
    site, more = check(name, values, from_file=False)
    told = {problem.path for problem in problems}
    problems += [problem for problem in more if problem.path not in told]
    if site is None or problems:
        raise SiteFaults(name, [Fault("", 0, path_text(p.path), p.cause, p.fix) for p in problems])
    return site


def read_stack(name: str, text: str, file: str) -> tuple[Site | None, list[Fault]]:
    """Make a site of a stack file's text. Pure.

    Returns:
        The site and no faults, or None and all of them, in the order of the file.
    """
    document = yaml_file.parse(text)

    def fault(problem: Problem, line: int) -> Fault:
        cause, where = problem.cause, path_text(problem.path) or "the file"
        shown = cause if len(cause) <= _LONGEST_CAUSE else f"{cause[: _LONGEST_CAUSE - 1]}…"
        return Fault(file, line, where, shown, problem.fix)

    faults = [fault(replace(found, path=_short(found.path)), line) for line, found in document.problems]
    if document.data is None and faults:
        return None, faults
    if not isinstance(document.data, dict):
        return None, [
            fault(Problem((), "holds no settings", "copy stacks/Pulumi.example.yaml and edit it"), 1)
        ]
    faults += [fault(problem, document.line_of(problem.path)) for problem in file_problems(document.data)]
    config = document.data.get("config")
    if not isinstance(config, dict):
        return None, faults
    settings, strangers = own_settings(config)
    faults += [fault(problem, document.line_of(("config", *problem.path))) for problem in strangers]
    has_key = not {"encryptionsalt", "encryptedkey"}.isdisjoint(document.data)
    problems = list(sealed_problems(settings, has_key))
    site, more = check(name, settings, from_file=True)
    told = {one.path for one in faults} | {path_text(problem.path) for problem in problems}
    problems += [problem for problem in more if path_text(problem.path) not in told]
    faults += [fault(problem, document.line_of(_in_file(problem.path))) for problem in problems]
    return (None if faults else site), sorted(faults, key=lambda one: one.line)


def _in_file(path: Where) -> Where:
    """Where the file has a setting: `("config", "piston:networks", ...)`."""
    head = str(path[0])
    if head in SETTINGS:
        return ("config", f"{PROJECT}:{head}", *path[1:])
    return path


def _short(path: Where) -> Where:
    """The setting that a place in the file holds: the reverse of `_in_file`."""
    if len(path) > 1 and path[0] == "config":
        return (str(path[1]).removeprefix(f"{PROJECT}:"), *path[2:])
    return path


def _decoded(setting: str, value: object) -> object:
    """Plain data of a config value as the engine hands it over.

    Raises:
        ValueError: the value was not decrypted, or is not JSON.
    """
    if isinstance(value, Mapping) and "secret" in value:  # an entry of `pulumi config --json`
        if "value" not in value:
            raise ValueError("is sealed and was not decrypted")
        value = value["value"]
    if setting in _TEXT_SETTINGS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg}") from None
