"""Who may do what: operator, node, nobody, and the operator of another site."""

from __future__ import annotations

import pytest

from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.errors import AccessRefused, Unreachable, WrongMachine
from piston_iac.trust.authority import Identity, node_authority, operator_identity, site_authority
from piston_iac.trust.secret import Secret
from tests.contract.boot_node.rig import (
    BOOTD,
    CA_PEM,
    N1_MAC,
    OPERATOR,
    SEED,
    Bootd,
    Newcomer,
    free_port,
    settings,
    soon,
)

OPERATOR_CALLS = [
    ("GET", "/v1/state"),
    ("PUT", "/v1/settings"),
    ("PUT", "/v1/releases/2026.11/root.squashfs"),
    ("DELETE", "/v1/releases/2026.11"),
    ("POST", "/v1/windows"),
    ("DELETE", "/v1/windows/n1"),
    ("PUT", "/v1/documents/n1"),
    ("DELETE", "/v1/documents/n1"),
    ("POST", "/v1/lease"),
    ("DELETE", "/v1/lease"),
    ("POST", "/v1/permits/ceph-bootstrap"),
    ("POST", "/v1/permits/ceph-bootstrap/finish"),
    ("DELETE", "/v1/permits/ceph-bootstrap"),
]
NODE_CALLS = [("GET", "/v1/documents/n1"), ("POST", "/v1/permits/ceph-bootstrap/use")]
OTHER_SITE = Secret("the seed of quite another site, 32+")


@pytest.fixture
def n1(bootd: Bootd) -> Identity:
    """n1's identity, enrolled as a real node is."""
    bootd.client().put_settings(settings(), soon())
    bootd.client().open_window("n1", N1_MAC, "", 60, soon())
    newcomer = Newcomer()
    return newcomer.identity(newcomer.enrol(bootd)[1])


@pytest.mark.parametrize(("method", "path"), OPERATOR_CALLS)
def test_a_node_may_do_nothing_of_the_operators(bootd: Bootd, n1: Identity, method: str, path: str) -> None:
    writes = bootd.writes()
    status, answer = bootd.call(method, path, n1, b"x")
    assert status == 403, answer
    assert bootd.writes() == writes


@pytest.mark.parametrize(("method", "path"), [*OPERATOR_CALLS, *NODE_CALLS])
def test_without_a_certificate_there_is_only_enrolment(bootd: Bootd, method: str, path: str) -> None:
    status, _ = bootd.call(method, path, None, b"x")
    assert status == 401


def test_a_node_reads_its_own_document_and_no_other(bootd: Bootd, n1: Identity) -> None:
    assert bootd.call("GET", "/v1/documents/n1", n1)[0] == 404
    for node in ("n1", "n2"):
        bootd.client().put_document(node, node.encode(), soon())
    assert bootd.call("GET", "/v1/documents/n1", n1) == (200, b"n1")
    assert bootd.call("GET", "/v1/documents/n2", n1)[0] == 403
    assert bootd.call("GET", "/v1/documents/n2", OPERATOR) == (200, b"n2")


def test_the_node_ca_cannot_make_an_operator(bootd: Bootd) -> None:
    forger = Newcomer()
    forged = node_authority(SEED, "lab").issue_for_request(forger.csr_pem, "operator")
    assert bootd.call("GET", "/v1/state", Identity(forged, forger.key_pem))[0] == 401


def test_the_operator_of_another_site_gets_no_answer(bootd: Bootd) -> None:
    # asyncio's TLS closes without an alert, so the caller cannot tell this from a service that died.
    with pytest.raises(Unreachable, match="closed connection without response"):
        bootd.client(operator_identity(OTHER_SITE, "lab")).observe(soon())


def test_a_boot_node_of_another_site_is_the_wrong_machine(bootd: Bootd) -> None:
    other_ca = site_authority(OTHER_SITE, "lab").certificate_pem
    with pytest.raises(WrongMachine, match="not of this site"):
        bootd.client(ca_pem=other_ca).observe(soon())


def test_without_an_identity_the_driver_says_access_refused(bootd: Bootd) -> None:
    with pytest.raises(AccessRefused, match="client certificate"):
        bootd.client(None).observe(soon())


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="refused"):
        BootNodeClient(BOOTD, CA_PEM, OPERATOR, port=free_port()).observe(soon())
