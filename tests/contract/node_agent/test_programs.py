"""Programs of the document: run by the operator alone, in time, with streams of any length."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from piston_iac.deadline import Deadline
from piston_iac.devices.node_agent import NodeAgentClient, ProgramResult
from piston_iac.errors import AccessRefused, DeviceRefused, Interrupted, TimedOut
from piston_iac.node_agent.programs import last_line, run_program
from piston_iac.node_document import Program
from piston_iac.trust.authority import operator_identity
from piston_iac.trust.tls import client_context
from tests.contract.node_agent.enrolment_server import SEED, SITE, EnrolmentServer
from tests.contract.node_agent.running_agent import Node, document, publish, soon

SECRET = b"key-that-nobody-may-see"


def shell(name: str, script: str, *, writes: bool = False, limit_s: float = 10.0) -> Program:
    return Program(name, ("sh", "-c", script), writes, limit_s)


PROGRAMS = (
    shell("echo", "cat"),
    shell("change", "cat >/dev/null; echo done", writes=True),
    shell("fail", "echo half; printf 'first\\n\\303\\274ber\\tall \\342\\200\\246\\n\\n' >&2; exit 3"),
    shell("deaf", "exec <&-; echo no need"),
    shell("slow", "echo begun; sleep 60 & wait", limit_s=0.5),
    shell("nap", "sleep 3"),
    shell("killed", "kill -9 $$"),
    shell("zeros", "cat | wc -c; head -c 100000000 /dev/zero", limit_s=60),
    Program("missing", ("/no/such/program",), False),
)


@pytest.fixture
def settled(bootd: EnrolmentServer, node: Node, tmp_path: Path) -> Node:
    publish(bootd, node, replace(document(tmp_path), programs=PROGRAMS))
    soon(node.settled)
    return node


def operator(node: Node) -> NodeAgentClient:
    return NodeAgentClient("127.0.0.1", "n1", node.ca_pem, operator_identity(SEED, SITE), port=node.port)


def run(node: Node, name: str, stdin: bytes = b"", seconds: float = 20.0) -> ProgramResult:
    return operator(node).run_program(name, stdin, Deadline.after(seconds))


def test_input_goes_in_and_output_comes_out(settled: Node) -> None:
    assert run(settled, "echo", SECRET) == ProgramResult(0, SECRET, "")
    assert run(settled, "echo") == ProgramResult(0, b"", "")


def test_status_output_and_the_last_line_of_errors_come_back(settled: Node) -> None:
    assert run(settled, "fail", b"x") == ProgramResult(3, b"half\n", "über all ?")
    assert run(settled, "killed").status == -9


def test_input_that_a_program_does_not_read_is_no_fault(settled: Node) -> None:
    assert run(settled, "deaf", bytes(3_000_000)) == ProgramResult(0, b"no need\n", "")


def test_only_what_the_document_names_is_run(settled: Node) -> None:
    with pytest.raises(DeviceRefused, match="names no program sh"):
        run(settled, "sh")
    with pytest.raises(DeviceRefused, match="missing: /no/such/program cannot be started"):
        run(settled, "missing", SECRET)


def test_before_the_first_document_there_is_nothing_to_run(node: Node) -> None:
    with pytest.raises(DeviceRefused, match="names no program echo"):
        run(node, "echo")


def test_a_node_may_run_nothing_even_on_itself(settled: Node) -> None:
    client = NodeAgentClient("127.0.0.1", "n1", settled.ca_pem, settled.identity, port=settled.port)
    with pytest.raises(AccessRefused, match="node:n1 may not ask"):
        client.run_program("change", bytes(3_000_000), Deadline.after(10))
    assert settled.journal.writes == 2


def test_a_program_is_killed_with_its_children_when_its_time_is_up(settled: Node) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"slow: it took longer than 0\.5 s"):
        run(settled, "slow", bytes(3_000_000))
    assert time.monotonic() - started < 3
    assert not [line for line in commands() if line.startswith("sleep 60")]


def commands() -> list[str]:
    """Command lines of this process's descendants and of those that lost their parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.getsid(int(path.parent.name)) not in (os.getsid(0), 0):
                found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def test_only_programs_that_write_are_in_the_journal_and_no_input_is_anywhere(
    settled: Node, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    run(settled, "echo", SECRET)
    run(settled, "change", SECRET)
    entries = settled.journal.entries()
    assert [it["what"] for it in entries[2:]] == ["run program change"]
    assert SECRET.decode() not in caplog.text + json.dumps(entries)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET in path.read_bytes()]


def test_programs_run_beside_each_other_and_beside_reports(settled: Node) -> None:
    started = time.monotonic()
    threads = [threading.Thread(target=run, args=(settled, "nap")) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert settled.report()["phase"] == "settled"
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 8


def test_a_cancelled_run_does_not_wait_for_a_program(settled: Node) -> None:
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        operator(settled).run_program("nap", b"", Deadline.after(20, cancelled))
    assert time.monotonic() - started < 2


def test_a_deadline_ends_the_wait_for_a_program(settled: Node) -> None:
    with pytest.raises(TimedOut):
        run(settled, "nap", seconds=0.7)


def test_long_streams_do_not_sit_in_the_agent_s_memory(settled: Node) -> None:
    """Both ends are this process: what may grow is the operator's copy of the answer, about twice."""
    body = bytes(50_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = run(settled, "zeros", body, 60)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert result.output[:9] == b"50000000\n"
    assert len(result.output) == 100_000_009
    assert grown < 250_000


def test_a_body_that_is_cut_short_never_counts_as_whole(settled: Node, tmp_path: Path) -> None:
    """A program that reads to the end of its input must not take a part for all of it."""
    marker = tmp_path / "taken"

    def pieces() -> Iterator[bytes]:
        yield b"some of it"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        run_program(("sh", "-c", f"cat >/dev/null; touch {marker}"), 10, pieces(), None)
    context = client_context(settled.ca_pem, operator_identity(SEED, SITE))
    with (
        socket.create_connection(("127.0.0.1", settled.port)) as plain,
        context.wrap_socket(plain) as secured,
    ):
        secured.sendall(b"POST /v1/programs/change HTTP/1.1\r\nContent-Length: 100\r\n\r\nsome of it")
    time.sleep(0.5)
    assert not marker.exists()
    assert not [line for line in commands() if "cat >/dev/null" in line]


@pytest.mark.parametrize("length", ["", "-1", "x", str((1 << 30) + 1)])
def test_a_body_without_a_fit_length_is_refused(settled: Node, length: str) -> None:
    context = client_context(settled.ca_pem, operator_identity(SEED, SITE))
    connection = http.client.HTTPSConnection("127.0.0.1", settled.port, timeout=5, context=context)
    connection.putrequest("POST", "/v1/programs/echo")
    if length:
        connection.putheader("Content-Length", length)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert response.read()
    connection.close()


def test_a_refused_connection_serves_the_next_request(settled: Node) -> None:
    """What was left of a body must not count as the next request."""
    context = client_context(settled.ca_pem, operator_identity(SEED, SITE))
    connection = http.client.HTTPSConnection("127.0.0.1", settled.port, timeout=5, context=context)
    for path, status in (("/v1/programs/none", 404), ("/v1/programs/deaf", 200), ("/v1/programs/echo", 200)):
        connection.request("POST", path, b"GET /v1/journal HTTP/1.1\r\n\r\n")
        response = connection.getresponse()
        assert response.status == status
        response.read()
    connection.close()


def test_the_last_line_of_errors() -> None:
    assert last_line(b"") == last_line(b"\n \n") == ""
    assert last_line(b"one\r\n\xc3\xbctwo\x1b[0m\t3\n") == "ütwo [0m 3"
    assert run_program((sys.executable, "-c", "print(1)"), 20, iter(()), None).errors == ""
