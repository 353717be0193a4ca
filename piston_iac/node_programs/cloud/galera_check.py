"""Tells the balancers whether this node's database can be used: `python3 -m ...cloud.galera_check ADDRESS`.

HTTP on a port of its own: 200 when this member is in the primary component and has all data, else 503. A TCP
check would not do: a member without a majority takes connections, and refuses every statement. `/member`:
what this member knew of itself when it was last started, for peers that want to know who begins.

It also ends a server that Galera has put out, or has left joining: that one never comes back by itself, and
its unit starts it anew. And it has a member that came without data count for the majority, once it has them.
"""

from __future__ import annotations

import http.client
import os
import signal
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.galera_begin import Member, parse_member
from piston_iac.node_programs.cloud.own_database import own_database

TOLD_NEW = Path(layout.GALERA_DATA) / "piston-begin"
"""Has the server begin a primary component when it starts."""
TOLD_POSITION = Path(layout.GALERA_DATA) / "piston-position"
"""Where it begins then, for data that was restored: `<cluster uuid>:<number>`."""
_LIMIT_S = 2
_MEMBER = "/member"
# A server that starts is out for a moment too.
_OUT_S = 20.0
_JOINING = "1"
# Synced; and giving a copy to a member that joins, which mariabackup does while statements go on.
_WORKING = ("4", "2")
# The server has the provider as a plugin: its options are variables, and wsrep_provider_options is fixed.
_COUNTS = "SET GLOBAL wsrep_provider_pc_weight = 1"
_STATUS = "SHOW STATUS WHERE Variable_name LIKE 'wsrep_%'"


def local_status() -> dict[str, str]:
    """Galera's status variables of this node's server.

    Raises:
        OSError: it does not answer.
    """
    with own_database(_LIMIT_S) as cursor:
        cursor.execute(_STATUS)
        return {str(name): str(value) for name, value in cursor.fetchall()}


def usable(status: dict[str, str]) -> bool:
    """Whether statements work there: in the primary component, with all data. Pure."""
    return (
        status.get("wsrep_cluster_status") == "Primary"
        and status.get("wsrep_local_state") in _WORKING
        and status.get("wsrep_ready") == "ON"
    )


def is_member(address: str, limit_s: float = _LIMIT_S) -> bool:
    """Whether that node's database can be used, as it says itself."""
    connection = http.client.HTTPConnection(address, layout.GALERA_CHECK_PORT, timeout=limit_s)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def member_at(address: str, limit_s: float = _LIMIT_S) -> Member | None:
    """What that node's member knows of itself; None when it is not there to begin anything."""
    connection = http.client.HTTPConnection(address, layout.GALERA_CHECK_PORT, timeout=limit_s)
    try:
        connection.request("GET", _MEMBER)
        answer = connection.getresponse()
        return parse_member(answer.read().decode()) if answer.status == HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def lost_at(status: dict[str, str]) -> str:
    """Where the server may be lost for good, when it stays there; empty where it is not. Pure.

    One that was cut off while it fetched the data joins for ever afterwards: Galera rejects that it is done,
    and asks for no other copy. One that still fetches what was written meanwhile gets on, write by write.
    """
    if status.get("wsrep_cluster_status") == "Disconnected":
        return "it is put out"
    if status.get("wsrep_local_state") == _JOINING:
        return f"it joins, and stays at write {status.get('wsrep_last_committed')}"
    return ""


class Outcast:
    """Ends the server when it has been lost in one place for a while. `limit_s`: seconds."""

    def __init__(self, limit_s: float = _OUT_S, pid: Path = Path(layout.GALERA_PID)) -> None:
        self._limit_s, self._pid = limit_s, pid
        self._place, self._since = "", 0.0
        self._lock = Lock()

    def seen(self, status: dict[str, str], now: float) -> bool:
        """Tell it a look at the server, and when that was, seconds. Whether it ended the server."""
        place = lost_at(status)
        with self._lock:
            if not place or place != self._place:
                self._place, self._since = place, now
                return False
            if now - self._since < self._limit_s:
                return False
            self._place = ""
        print(f"Galera does without this member ({place}): its server is started anew", flush=True)
        with suppress(OSError, ValueError):
            os.kill(int(self._pid.read_text()), signal.SIGTERM)
        return True


_OUTCAST = Outcast()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer; whatever else is asked is the check."""
        if self.path == _MEMBER:
            self._tell_member()
            return
        try:
            status = local_status()
            good = usable(status)
            _OUTCAST.seen(status, time.monotonic())
        except OSError:
            good = False
        if good:
            TOLD_POSITION.unlink(missing_ok=True)
            TOLD_NEW.unlink(missing_ok=True)
            _have_it_count()
        self.send_response(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _tell_member(self) -> None:
        try:
            known = Path(layout.GALERA_MEMBER).read_bytes()
        except OSError:
            known = b""
        self.send_response(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", str(len(known)))
        self.end_headers()
        self.wfile.write(known)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: balancers ask every second."""


def _have_it_count() -> None:
    """A member that came without data has them now. What fails is done a second later: balancers ask."""
    without_data = Path(layout.GALERA_WITHOUT_DATA)
    if not without_data.exists():
        return
    with suppress(OSError):
        with own_database(_LIMIT_S) as cursor:
            cursor.execute(_COUNTS)
        without_data.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Serve until stopped."""
    ThreadingHTTPServer((arguments[0], layout.GALERA_CHECK_PORT), _Handler).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
