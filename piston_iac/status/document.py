"""A status as one JSON document, for programs.

Schema 1: no key is renamed or taken away without another number. Nothing in it is secret.

    schema      1
    site        name of the stack
    at          UTC time in ISO 8601
    as_wanted   true: every resource answered and is right, and Ceph is healthy
    release     the release that the site declares
    nodes       [{name, power, phase, progress, fault, release, release_wanted, units_wrong {unit: state},
                mirror, uplink, osds, osds_up, wrong}]
    bmcs        [{device, verdict, login, power}]
    switches    [{device, verdict, right, total}]
    boot_node   {verdict, services {unit: state}, release, release_wanted, release_complete, lease, clock}
    ceph        {verdict, health, checks {name: text}, mons, mons_in_quorum, osds, osds_up, osds_in,
                capacity_gib, used_gib, pools, pools_right}
    resources   [{name, kind, device, verdict, differences [{field, seen, wanted}], reason, remedy, blames,
                took_s}]
    cloud       {verdict, hosts, databases, queues, ovn_hosts, ovn, address, services, services_right},
                null for a site of storage alone
    notes       [text]: what could not be compared, and why; what becomes of machines whose node dies

`verdict` is one of right, differs, unreachable, fault, unasked. `power` is on, off or unknown; `phase` is
waiting, applying, settled, failed, silent (no answer) or unknown. Counts that nobody could tell are null.
Fields of each entry are described in `model`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from piston_iac.status.model import Status

SCHEMA = 1
_SECONDS_DIGITS = 3


def to_json(status: Status) -> str:
    """The document, ending in a newline."""
    return json.dumps(document(status), indent=2) + "\n"


def document(status: Status) -> dict[str, Any]:
    """As plain data."""
    raw = asdict(status)
    del raw["waiting"]
    for row in raw["resources"]:
        row["took_s"] = round(row["took_s"], _SECONDS_DIGITS)
    head = {"schema": SCHEMA, "site": raw.pop("site"), "at": raw.pop("at"), "as_wanted": status.as_wanted}
    return {**head, **raw}
