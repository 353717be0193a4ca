"""What is kept of the last check that passed: in Keystone, with the check's own project. Pure.

So whoever looks at the cloud finds it, whichever state he has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from piston_iac.plan.cloud.api_call import OK, Answer, Call

PASSED, NEVER, RECENT = "passed", "never", "recent"
UP = "up"
_FIELD = "piston_checked"
_HOUR_S, _DAY_H = 3600, 24


@dataclass(frozen=True)
class Record:
    """`digest`: of what was checked; `at`: when, seconds of the epoch; `nodes`: whose machines worked.

    `seconds`: what each part took, by its name.
    """

    digest: str = NEVER
    at: float = 0.0
    nodes: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


def read(answer: Answer) -> Record:
    """From the answer to `seen.PROJECT_LOOK`; one that nobody wrote or that cannot be read is none.

    Raises:
        ValueError: Keystone gives no list.
    """
    if answer.code != OK:
        raise ValueError(f"Keystone: {answer.reason()}")
    for project in answer.body["projects"]:
        try:
            return Record(**json.loads(project.get(_FIELD, "")))
        except (TypeError, ValueError):
            return Record()
    return Record()


def write(project: str, record: Record) -> Call:
    """The call that keeps it. `project`: its id."""
    return Call("PATCH", f"/v3/projects/{project}", {"project": {_FIELD: json.dumps(asdict(record))}})


def seen_fields(record: Record, states: Mapping[str, str], max_age_h: float, now_s: float) -> dict[str, Any]:
    """The compared fields as they are. `states`: of every node that is to run machines; `up`: it does.

    A node that takes no machines now asks for no check: it could not take part.
    """
    age_h = (now_s - record.at) / _HOUR_S
    old = f"{age_h / _DAY_H:.0f} days, and {max_age_h / _DAY_H:.0f} are allowed"
    age = NEVER if record.digest == NEVER else RECENT if age_h <= max_age_h else old
    return {
        "digest": record.digest,
        "age": age,
        "nodes": {
            host: "not checked" if host not in record.nodes and state == UP else PASSED
            for host, state in states.items()
        },
    }


def wanted_fields(digest: str, hosts: Sequence[str]) -> dict[str, Any]:
    """The compared fields as they are to be."""
    return {"digest": digest, "age": RECENT, "nodes": dict.fromkeys(hosts, PASSED)}


def told(record: Record) -> list[str]:
    """A short report, a line a part."""
    return [f"{what}: {seconds:.0f} s" for what, seconds in record.seconds.items()]
