"""Who may change when: what a document restarts, and whether the others can do without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from piston_iac.node_document import File, NodeDocument, Service
from piston_iac.node_report import NodeReport
from piston_iac.plan.turns import not_back, not_now, restarts, services_of
from tests.unit.plan.test_node_steps import DOCUMENT, READY

GLANCE = Service("glance", ("wsgi@glance.service",), path="/persist/x")
GALERA = Service("galera", ("galera.service",), path="/persist/y")
WANTED: NodeDocument = replace(
    DOCUMENT,
    files=(
        File("/etc/glance", "g", restart=GLANCE.units),
        File("/etc/galera", "d", restart=GALERA.units),
        File("/etc/haproxy", "h", restart=("haproxy.service",)),
        File("/etc/hosts", "x"),
    ),
    units=("chrony.service", "haproxy.service"),
    services=(GLANCE, GALERA),
    reloadable=("haproxy.service",),
)
RUNS: NodeReport = replace(
    READY,
    files={it.path: it.digest() for it in WANTED.files},
    units={"chrony.service": "active", "haproxy.service": "active"},
    services={"glance": "running", "galera": "running"},
)


def changed(*paths: str) -> NodeReport:
    return replace(RUNS, files={**RUNS.files, **dict.fromkeys(paths, "other")})


def test_a_node_that_is_right_restarts_nothing() -> None:
    assert restarts(WANTED, RUNS) == ()


def test_only_the_changed_service_is_restarted() -> None:
    assert restarts(WANTED, changed("/etc/glance")) == GLANCE.units
    assert services_of(WANTED, GLANCE.units) == ("glance",)


def test_a_unit_that_reads_its_files_again_needs_no_turn() -> None:
    assert restarts(WANTED, changed("/etc/haproxy", "/etc/hosts")) == ()


def test_what_does_not_run_yet_needs_no_turn() -> None:
    empty = replace(RUNS, files={}, units={}, services={})
    assert restarts(WANTED, empty) == ()
    assert restarts(WANTED, replace(changed("/etc/glance"), services={"glance": "absent"})) == ()


def test_what_nobody_else_needs_takes_no_turn() -> None:
    """Nor does the boot node hear a word of it."""
    clock = File("/etc/chrony/chrony.conf", "c", restart=("chrony.service",))
    wanted = replace(WANTED, files=(*WANTED.files, clock))
    assert restarts(wanted, RUNS) == ()


def test_what_does_not_work_is_nothing_to_lose() -> None:
    """Seen: a setting that kept the database from starting anywhere could not be taken back."""
    ill = replace(changed("/etc/glance", "/etc/galera"), unwell=("galera",))
    assert restarts(WANTED, ill) == GLANCE.units


PEERS = {"n2": RUNS, "n3": RUNS}
ILL = replace(RUNS, unwell=("glance",))


@pytest.mark.parametrize(
    ("service", "peers", "cause"),
    [
        ("glance", PEERS, ""),
        ("glance", {}, ""),
        ("glance", {**PEERS, "n2": ILL}, "glance does not work on n2"),
        ("glance", {**PEERS, "n2": replace(RUNS, services={"glance": "stopped"})}, "not work on n2"),
        # One of three is away: another one still answers.
        ("glance", {**PEERS, "n2": None}, ""),
        ("glance", {"n2": None, "n3": None}, "glance of n2, n3 gives no answer"),
        # A majority would be lost.
        ("galera", {**PEERS, "n2": None}, "galera of n2 gives no answer"),
        ("galera", {**PEERS, "n2": ILL}, ""),
        # It is none of this service's peers.
        ("glance", {**PEERS, "n2": replace(RUNS, services={})}, ""),
    ],
)
def test_peers_have_to_do_without_it(service: str, peers: dict[str, NodeReport | None], cause: str) -> None:
    said = not_now((service,), peers)
    assert cause in said
    assert bool(said) == bool(cause)


def test_what_worked_has_to_work_again() -> None:
    assert not_back(RUNS, RUNS) == ()
    assert not_back(RUNS, ILL) == ("glance",)
    assert not_back(RUNS, replace(RUNS, services={**RUNS.services, "galera": "stopped"})) == ("galera",)
    # It did not work before either, or is no longer wanted.
    assert not_back(ILL, ILL) == ()
    assert not_back(RUNS, replace(RUNS, services={"galera": "running"})) == ()
