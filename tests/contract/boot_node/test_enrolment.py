"""Enrolment: only with an open window, only that machine, only from its own address."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.contract.boot_node.rig import (
    CA_PEM,
    N1_MAC,
    N1_UUID,
    N2,
    N2_MAC,
    OPERATOR,
    Bootd,
    Newcomer,
    settings,
    soon,
)


@pytest.fixture
def ready(bootd: Bootd) -> Bootd:
    """A boot node that knows n1 and n2."""
    bootd.client().put_settings(settings(), soon())
    return bootd


def open_window(bootd: Bootd, seconds: float = 60, uuid: str = N1_UUID) -> None:
    bootd.client().open_window("n1", N1_MAC.upper(), uuid.upper(), seconds, soon())


def test_a_machine_under_deploy_becomes_a_node(ready: Bootd) -> None:
    open_window(ready)
    newcomer = Newcomer()
    status, answer = newcomer.enrol(ready)
    assert status == 200
    leaf, authority = x509.load_pem_x509_certificates(answer["certificate_pem"].encode())
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "node:n1"
    leaf.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(x509.load_pem_x509_certificate(CA_PEM.encode()))
    enrolled = ready.client().observe(soon()).enrolled["n1"]
    assert (enrolled.mac, enrolled.hardware_uuid, enrolled.boot_id) == (N1_MAC, N1_UUID, "boot-1")
    assert enrolled.seal_key == newcomer.seal_key


def test_without_a_window_nobody_enrols(ready: Bootd) -> None:
    status, answer = Newcomer().enrol(ready)
    assert (status, answer) == (403, {"error": "no deploy of n1 is under way"})


def test_the_window_closes_after_success_and_by_hand(ready: Bootd) -> None:
    open_window(ready)
    assert Newcomer().enrol(ready)[0] == 200
    assert ready.client().observe(soon()).windows == {}
    assert Newcomer().enrol(ready)[0] == 403
    open_window(ready)
    ready.client().close_window("n1", soon())
    assert Newcomer().enrol(ready)[0] == 403


def test_a_lost_answer_can_be_asked_for_again(ready: Bootd) -> None:
    open_window(ready)
    newcomer = Newcomer()
    first = newcomer.enrol(ready)
    writes = ready.writes()
    assert newcomer.enrol(ready) == first
    assert ready.writes() == writes


@pytest.mark.parametrize(
    ("newcomer", "said"),
    [
        (Newcomer(address=N2), "n1 has address 127.77.0.11, but 127.77.0.12 asks"),
        (Newcomer(mac=N2_MAC), f"n1 boots from card {N1_MAC}, not from {N2_MAC}"),
        (Newcomer(hardware_uuid="another"), "the deploy of n1 under way is for another machine"),
        (Newcomer(node="n2", mac=N2_MAC, address=N2), "no deploy of n2 is under way"),
        (Newcomer(node="n9"), "the settings know no node n9"),
        (Newcomer(node="n1-bmc"), "the settings know no node n1-bmc"),
    ],
    ids=["address", "card", "uuid", "other node", "unknown", "bmc"],
)
def test_no_other_machine_gets_in_through_the_window(ready: Bootd, newcomer: Newcomer, said: str) -> None:
    open_window(ready)
    assert newcomer.enrol(ready) == (403, {"error": said})
    assert "n1" in ready.client().observe(soon()).windows, "the window stays for the right one"


def test_a_uuid_that_is_not_known_yet_admits_the_card(ready: Bootd) -> None:
    open_window(ready, uuid="")
    assert Newcomer().enrol(ready)[0] == 200


def test_the_request_cannot_choose_its_name(ready: Bootd) -> None:
    open_window(ready)
    newcomer = Newcomer()
    newcomer.csr_pem = Newcomer(node="n2").csr_pem
    _, answer = newcomer.enrol(ready)
    leaf = x509.load_pem_x509_certificates(answer["certificate_pem"].encode())[0]
    assert leaf.subject.rfc4514_string() == "CN=node:n1"


@pytest.mark.parametrize("spoilt", ["", "not a request", "-----BEGIN CERTIFICATE REQUEST-----\n"])
def test_a_spoilt_request_is_refused_and_leaves_the_window_open(ready: Bootd, spoilt: str) -> None:
    open_window(ready)
    newcomer = Newcomer()
    newcomer.csr_pem = spoilt
    assert newcomer.enrol(ready)[0] == 400
    assert Newcomer().enrol(ready)[0] == 200


def test_a_long_body_is_refused_before_it_is_read(ready: Bootd) -> None:
    status, _ = ready.call("POST", "/v1/enrol", None, b"{" + b" " * 100_000)
    assert status == 413


def test_a_window_needs_a_node_that_the_settings_know(bootd: Bootd) -> None:
    status, answer = bootd.call(
        "POST", "/v1/windows", OPERATOR, {"node": "n1", "mac": N1_MAC, "hardware_uuid": "", "seconds": 60}
    )
    assert status == 409
    assert b"know no node n1" in answer


def test_a_new_seal_key_ends_the_old_document(ready: Bootd) -> None:
    open_window(ready)
    assert Newcomer().enrol(ready)[0] == 200
    ready.client().put_document("n1", b"sealed for the old key", soon())
    open_window(ready)
    assert Newcomer(seal_key="6f" * 32).enrol(ready)[0] == 200
    assert ready.client().observe(soon()).documents == {}
