"""Where a credential may lie, because it is needed there: narrow pairs of a place and a credential, with why.

Everything else that a search finds is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.lab.secret_search import Hit


@dataclass(frozen=True)
class Known:
    """Place and credential, regular expressions that match the whole name; the second may refer to the first.

    `look`: which look finds it. `why` it has to be there.
    """

    look: str
    place: str
    credential: str
    why: str

    def covers(self, hit: Hit) -> bool:
        """Whether that hit is this one."""
        return (
            re.fullmatch(f"(?:{self.place})\n(?:{self.credential})", f"{hit.place}\n{hit.credential}")
            is not None
        )


FILES, MACHINES, DISKS, PROCESSES = "files", "machines", "disks", "processes"
_NODE = r"(?P<node>n\d)"
_SAME = r"(?P=node)"
_LAB = r".*"

KNOWN = (
    Known(
        MACHINES,
        rf"{_NODE}:/etc/ceph/piston\.mon\.keyring",
        r"cephx key of mon\.",
        "a mon has to know its own key; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/etc/ceph/piston\.mgr\.keyring",
        rf"cephx key of mgr\.{_SAME}",
        "a mgr has to know its own key; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/etc/ceph/piston-osd/.*\.key",
        rf"cephx key of osd/{_SAME}-.*",
        "an OSD has to know its own key; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/var/lib/ceph/osd/ceph-\d+/keyring",
        rf"cephx key of osd/{_SAME}-.*",
        "where ceph-osd reads its key; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/etc/snmp/snmpd\.conf",
        r"config snmp\.community",
        "snmpd has to know the community that it answers; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/(persist|run)/piston/identity/(node|seal)\.key",
        rf"(TLS|seal) key of {_SAME}",
        "a node comes back as itself when the boot node is dead; 0600 in memory and on its own mirror",
    ),
    Known(
        MACHINES,
        rf"{_NODE}:/persist/ceph/mon/.*",
        r"cephx key of .*",
        "a mon's store holds all keys of its cluster: who owns a mon host's disks has them (decision 0009)",
    ),
    Known(
        DISKS,
        rf"disk {_NODE}-local-\d",
        r"cephx key of .*",
        "the mirror under the mons' stores",
    ),
    Known(
        DISKS,
        rf"disk {_NODE}-local-\d",
        rf"(TLS|seal) key of {_SAME}",
        "the mirror under the node's identity",
    ),
    Known(
        FILES,
        rf"{_LAB}/cloudkey/bootd\.key",
        r"TLS key of bootd",
        "the boot node has to prove that it is one; 0600 on its CloudKey",
    ),
    Known(
        MACHINES,
        r"boot:/.*/bootd\.key",
        r"TLS key of bootd",
        "the CloudKey, as the boot node has it mounted",
    ),
    Known(
        FILES,
        rf"{_LAB}/cloudkey/node-ca\.key",
        r"TLS key of node CA",
        "the boot node signs nodes; 0600 on its CloudKey",
    ),
    Known(
        MACHINES,
        r"boot:/.*/node-ca\.key",
        r"TLS key of node CA",
        "the CloudKey, as the boot node has it mounted",
    ),
    Known(
        FILES,
        rf"{_LAB}/bmc\d/state/ipmi_sim/{_NODE}/.*",
        rf"(password|break-glass) of BMC {_SAME}, generation 1",
        "the flash of a BMC: IPMI needs its passwords in clear there",
    ),
    Known(
        PROCESSES,
        r"PULUMI_CONFIG in the environment of python .*",
        r"config .*",
        "how the engine hands the program its configuration; the kernel shows it to that user and root only",
    ),
)


def leaks(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that nothing here explains."""
    return sorted(hit for hit in hits if not any(known.covers(hit) for known in KNOWN))


def unused(look: str, hits: Collection[Hit]) -> list[str]:
    """Places that are excused and hold nothing: the excuse is old, or the look does not reach them."""
    return [
        known.place for known in KNOWN if known.look == look and not any(known.covers(hit) for hit in hits)
    ]
