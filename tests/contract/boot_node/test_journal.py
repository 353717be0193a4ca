"""`piston why` reads the boot node's journal over the real service; nobody but the operator may."""

from __future__ import annotations

import pytest

from piston_iac.dynamic_providers.access import Access
from piston_iac.errors import AccessRefused
from piston_iac.status.history import journal_probe
from piston_iac.status.timeline import from_boot_node
from piston_iac.trust.authority import Identity, new_request, node_authority, node_peer_name
from tests.contract.boot_node.rig import BOOTD, CA_PEM, N1_MAC, OPERATOR, SEED, Bootd, settings, soon


def access(who: Identity) -> Access:
    return Access(ca_pem=CA_PEM, certificate_pem=who.certificate_pem, key_pem=who.key_pem.get_secret_value())


def test_the_journal_tells_what_was_changed_and_by_whom(bootd: Bootd) -> None:
    client = bootd.client()
    client.put_settings(settings(), soon())
    client.open_window("n1", N1_MAC, "", 60, soon())
    answer = journal_probe(access(OPERATOR), BOOTD, bootd.https_port).ask(soon())
    assert isinstance(answer, dict)
    writes = bootd.writes()
    assert answer["writes"] == writes, "reading it is no write"
    events = from_boot_node(answer)
    assert [(event.device, event.what) for event in events] == [
        ("operator", "settings"),
        ("operator", "restarted piston-dnsmasq.service"),
        ("operator", "restarted chrony.service"),
        ("operator", "opened window of n1"),
    ]
    bootd.restart()
    assert from_boot_node({"entries": answer["entries"]}) == events


def test_a_node_may_not_read_it(bootd: Bootd) -> None:
    csr, key = new_request("n1")
    node = Identity(node_authority(SEED, "lab").issue_for_request(csr, node_peer_name("n1")), key)
    with pytest.raises(AccessRefused):
        journal_probe(access(node), BOOTD, bootd.https_port).ask(soon())
