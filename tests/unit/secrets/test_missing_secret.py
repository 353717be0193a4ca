"""A secret that is not there is one line that names its setting and what to do; nothing else is said."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from piston_iac.site.faults import SiteFaults
from piston_iac.site.load import load_config

LAB = Path(__file__).parents[3] / "stacks" / "Pulumi.lab.yaml"
TOY = "correct horse battery staple, 0123456789"
SECRETS = (
    ("piston:seed",),
    ("piston:ipmi", "factoryPassword"),
    ("piston:snmp", "community"),
    ("piston:dashboard", "password"),
)


def opened() -> dict[str, Any]:
    """The lab's config as the engine hands it over, with toys for its secrets."""
    config = copy.deepcopy(yaml.safe_load(LAB.read_text())["config"])
    for path in SECRETS:
        *above, name = path
        holder = config
        for step in above:
            holder = holder[step]
        assert holder[name].keys() == {"secure"}
        holder[name] = "ADMIN" if name == "factoryPassword" else TOY
    return dict(config)


@pytest.mark.parametrize("path", SECRETS, ids=lambda path: path[-1])
def test_a_missing_secret_is_one_line(path: tuple[str, ...]) -> None:
    config = opened()
    load_config("lab", config)
    holder = config
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    with pytest.raises(SiteFaults) as raised:
        load_config("lab", config)
    said = str(raised.value)
    name = ".".join(path).removeprefix("piston:")
    assert [line for line in said.splitlines() if name in line and "is missing" in line], said
    assert len(raised.value.faults) == 1
    assert TOY not in said


@pytest.mark.parametrize("path", SECRETS, ids=lambda path: path[-1])
def test_a_secret_that_nobody_opened_is_told_too(path: tuple[str, ...]) -> None:
    config = opened()
    holder = config
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = {"secure": "v1:AAAA:BBBB"}
    with pytest.raises(SiteFaults) as raised:
        load_config("lab", config)
    assert len(raised.value.faults) == 1
    assert ".".join(path).removeprefix("piston:") in str(raised.value)
