"""Permits over the real driver and the node's own client: issued, used up once, closed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from piston_iac.devices.boot_node import HeldPermit
from piston_iac.errors import DeviceRefused
from piston_iac.node_agent.bootd import Bootd as BootdClient
from piston_iac.node_agent.bootd import BootdRefused
from piston_iac.trust.authority import Identity, new_request, node_authority, node_peer_name
from tests.contract.boot_node.rig import BOOTD, CA_PEM, OPERATOR, SEED, Bootd, settings, soon

PURPOSE = "ceph-bootstrap"


def identity_of(node: str) -> Identity:
    csr, key = new_request(node)
    return Identity(node_authority(SEED, "lab").issue_for_request(csr, node_peer_name(node)), key)


N1_IDENTITY, N2_IDENTITY = identity_of("n1"), identity_of("n2")


@pytest.fixture
def ready(bootd: Bootd) -> Bootd:
    """A boot node that knows n1 and n2."""
    bootd.client().put_settings(settings(), soon())
    return bootd


def use(bootd: Bootd, who: Identity, token: str) -> None:
    BootdClient(BOOTD, bootd.http_port, bootd.https_port).use_permit(CA_PEM, who, PURPOSE, token)


def held(bootd: Bootd) -> dict[str, HeldPermit]:
    return bootd.client().observe(soon()).permits


def test_a_permit_from_its_issue_to_its_end(ready: Bootd) -> None:
    client = ready.client()
    assert held(ready) == {}
    token = client.issue_permit(PURPOSE, "n1", soon())
    assert client.issue_permit(PURPOSE, "n1", soon()) == token
    assert held(ready) == {PURPOSE: HeldPermit("n1", "issued")}
    use(ready, N1_IDENTITY, token)
    assert held(ready) == {PURPOSE: HeldPermit("n1", "used")}
    with pytest.raises(BootdRefused, match="the permit ceph-bootstrap is used"):
        use(ready, N1_IDENTITY, token)
    ready.restart()
    with pytest.raises(BootdRefused, match="is used"):
        use(ready, N1_IDENTITY, token)
    for _ in range(2):
        client.finish_permit(PURPOSE, soon())
    assert held(ready) == {PURPOSE: HeldPermit("n1", "finished")}
    with pytest.raises(DeviceRefused, match="is finished"):
        client.issue_permit(PURPOSE, "n1", soon())
    for _ in range(2):
        client.delete_permit(PURPOSE, soon())
    assert held(ready) == {}
    assert ready.journal()[-4:] == [
        f"issued permit {PURPOSE} to n1",
        f"used permit {PURPOSE}",
        f"finished permit {PURPOSE}",
        f"deleted permit {PURPOSE}",
    ]


def test_only_the_node_that_it_is_for_may_use_it(ready: Bootd) -> None:
    token = ready.client().issue_permit(PURPOSE, "n1", soon())
    for stranger in (N2_IDENTITY, OPERATOR):
        with pytest.raises(BootdRefused, match="may not act as node n1"):
            use(ready, stranger, token)
    use(ready, N1_IDENTITY, token)


def test_a_permit_taken_away_counts_no_more(ready: Bootd) -> None:
    client = ready.client()
    old = client.issue_permit(PURPOSE, "n1", soon())
    with pytest.raises(DeviceRefused, match="is issued to n1"):
        client.issue_permit(PURPOSE, "n2", soon())
    new = client.issue_permit(PURPOSE, "n2", soon(), instead_of="n1")
    with pytest.raises(BootdRefused, match="may not act as node n2"):
        use(ready, N1_IDENTITY, old)
    use(ready, N2_IDENTITY, new)
    with pytest.raises(DeviceRefused, match="is used by n2"):
        client.issue_permit(PURPOSE, "n1", soon())


def test_a_refusal_names_the_holder_as_data_too(ready: Bootd) -> None:
    ready.client().issue_permit(PURPOSE, "n1", soon())
    status, answer = ready.call("POST", f"/v1/permits/{PURPOSE}", OPERATOR, {"node": "n2"})
    assert status == 409
    assert {"node": "n1", "state": "issued"}.items() <= json.loads(answer).items()


def test_of_many_uses_at_once_one_counts(ready: Bootd) -> None:
    token = ready.client().issue_permit(PURPOSE, "n1", soon())

    def attempt(_: int) -> bool:
        try:
            use(ready, N1_IDENTITY, token)
        except BootdRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_no_permit_is_for_a_node_that_nobody_knows(ready: Bootd) -> None:
    with pytest.raises(DeviceRefused, match="know no node n9"):
        ready.client().issue_permit(PURPOSE, "n9", soon())


def test_the_same_again_writes_nothing(ready: Bootd) -> None:
    client = ready.client()
    client.issue_permit(PURPOSE, "n1", soon())
    writes = ready.writes()
    client.issue_permit(PURPOSE, "n1", soon())
    assert ready.writes() == writes
    client.finish_permit(PURPOSE, soon())
    client.finish_permit(PURPOSE, soon())
    assert ready.writes() == writes + 1


def test_the_token_is_in_no_answer_but_its_own(ready: Bootd) -> None:
    token = ready.client().issue_permit(PURPOSE, "n1", soon())
    assert token not in ready.call("GET", "/v1/state", OPERATOR)[1].decode()
    assert token not in "".join(ready.journal())
    status, answer = ready.call("POST", f"/v1/permits/{PURPOSE}", OPERATOR, {"node": "n2"})
    assert status == 409
    assert token not in answer.decode()
