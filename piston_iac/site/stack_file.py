"""What does a stack file hold besides a site: which keys are ours, which secrets are sealed? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from piston_iac.site.faults import Problem, Where, did_you_mean
from piston_iac.site.schema import Site
from piston_iac.site.values import Sealed
from piston_iac.site.wording import how_to_set, is_secret

PROJECT = "piston"

SETTINGS = tuple(info.alias or name for name, info in Site.model_fields.items() if name != "name")
"""Top-level settings in camelCase: `networks` stands for the config key `piston:networks`."""

_OTHER_OWNERS = ("pulumi", "openstack")
_TOP_LEVEL = ("config", "encryptionsalt", "encryptedkey", "secretsprovider")
# What the engine writes: sealed with a key (passphrase, cloud key), or by the Pulumi service.
_BY_KEY = re.compile(r"v1:[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*")
_BY_SERVICE = re.compile(r"[A-Za-z0-9+/]{40,}=*")


def own_settings(config: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
    """Our settings without the project's name, and a problem for each key that is nobody's."""
    settings: dict[str, object] = {}
    problems = []
    for key, value in config.items():
        owner, colon, setting = key.rpartition(":")
        if colon and owner == PROJECT and setting in SETTINGS:
            settings[setting] = value
        elif not colon or owner not in _OTHER_OWNERS:
            known = did_you_mean(setting, SETTINGS)
            fix = f"did you mean {PROJECT}:{known}?" if known else "remove it"
            problems.append(Problem((key,), "is not a setting", fix))
    return settings, problems


def file_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Problems of the file around its settings. Their paths start at the file's top."""
    for key in data.keys() - {*_TOP_LEVEL}:
        known = did_you_mean(key, _TOP_LEVEL)
        fix = f"did you mean {known}?" if known else "remove it"
        if own := did_you_mean(key.rpartition(":")[2], SETTINGS):
            fix = f"did you mean {PROJECT}:{own}, under config:?"
        yield Problem((key,), "is not a key of a stack file", fix)
    if not isinstance(data.get("config"), Mapping):
        yield Problem(("config",), "is missing or empty", "stacks/Pulumi.example.yaml shows every setting")


def sealed_problems(settings: Mapping[str, object], has_key: bool) -> Iterator[Problem]:
    """Problems of `secure:` values. `has_key`: the file says which key sealed them."""
    by_key = False
    for path, sealed in _sealed_in(settings, ()):
        by_key = by_key or bool(_BY_KEY.fullmatch(sealed.ciphertext))
        well_formed = _BY_KEY.fullmatch(sealed.ciphertext) or _BY_SERVICE.fullmatch(sealed.ciphertext)
        if is_secret(path) and not well_formed:
            yield Problem(path, "is not sealed: the engine did not write this secure value", how_to_set(path))
    if by_key and not has_key:
        cause = "is missing, and without it no secret of the file can be opened"
        yield Problem(("encryptionsalt",), cause, "restore the line from version control")


def _sealed_in(value: object, path: Where) -> Iterator[tuple[Where, Sealed]]:
    if isinstance(value, Sealed):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _sealed_in(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _sealed_in(child, (*path, index))
