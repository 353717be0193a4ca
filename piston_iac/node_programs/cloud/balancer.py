"""The balancer of this node: `python3 -m piston_iac.node_programs.cloud.balancer reload`.

`reload`, in: {}. Has it take its files again: servers that somebody held out and certificates that somebody
put in are gone with that, and no connection is cut. Out: {"reloaded": true}.
"""

from __future__ import annotations

import csv
import hashlib
import socket
import ssl
import sys
from datetime import UTC, datetime

from cryptography import x509

from piston_iac import cloud_layout as layout
from piston_iac.node_agent import units
from piston_iac.node_programs.program import Answer, converse, leave

_LIMIT_S = 2.0
_CHUNK = 1 << 16
_HELD_OUT = ("MAINT", "DRAIN")


def parse_servers(stats: str) -> dict[str, list[str]]:
    """What `show stat` says: `down`, servers held for dead, `service/node`; `out`, those that somebody held
    out, `service/node MAINT`. Pure.
    """
    down, out = [], []
    for row in csv.DictReader(stats.lstrip("# ").splitlines()):
        if row["svname"] in ("FRONTEND", "BACKEND"):
            continue
        name = f"{row['pxname']}/{row['svname']}"
        if row["status"].startswith("DOWN"):
            down.append(name)
        elif row["status"].startswith(_HELD_OUT):
            out.append(f"{name} {row['status'].split()[0]}")
    return {"down": sorted(down), "out": sorted(out)}


def servers() -> dict[str, list[str]]:
    """What the balancer says of its servers.

    Raises:
        OSError: it does not answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_LIMIT_S)
        connection.connect(layout.HAPROXY_SOCKET)
        connection.sendall(b"show stat\n")
        chunks = []
        while chunk := connection.recv(_CHUNK):
            chunks.append(chunk)
    return parse_servers(b"".join(chunks).decode())


def certificate(address: str, port: int) -> Answer:
    """The certificate that is served there: SHA-256 of it, the day it ends, and how many days are left.

    Raises:
        OSError: nobody serves one.
    """
    # What is served is looked at, whoever signed it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=_LIMIT_S) as plain,
        context.wrap_socket(plain) as secured,
    ):
        served = secured.getpeercert(binary_form=True) or b""
    ends = x509.load_der_x509_certificate(served).not_valid_after_utc
    left = ends - datetime.now(UTC)
    return {"sha256": hashlib.sha256(served).hexdigest(), "ends": ends.date().isoformat(), "days": left.days}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["reload"]:
        print("usage: balancer reload", file=sys.stderr)
        return 2

    def reload(_: dict[str, object]) -> Answer:
        units.reload(layout.HAPROXY_UNIT)
        return {"reloaded": True}

    return converse(dict, reload)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
