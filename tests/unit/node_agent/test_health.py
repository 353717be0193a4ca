"""Services are asked whether they work: a unit that is active has only been started."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from piston_iac.node_agent.health import unwell
from piston_iac.node_document import Service


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_status_below_400_is_well(address: str) -> None:
    services = [Service(str(code), (), health=f"{address}/{code}") for code in (200, 300, 401, 503)]
    assert unwell(services) == ("401", "503")


def test_nobody_there_is_unwell_and_nothing_to_ask_is_well() -> None:
    assert unwell([Service("a", (), health="http://127.0.0.1:1/"), Service("b", ())]) == ("a",)
