"""What is excused is as narrow as it says."""

from __future__ import annotations

import pytest

from tests.lab.known_places import KNOWN, leaks
from tests.lab.secret_search import Hit


@pytest.mark.parametrize(
    ("place", "credential"),
    [
        ("n2:/etc/ceph/piston.mgr.keyring", "cephx key of mgr.n2"),
        ("n2:/etc/ceph/piston-osd/n2-osd-1.key", "cephx key of osd/n2-osd-1"),
        ("n1:/persist/piston/identity/seal.key", "seal key of n1"),
        ("/var/lib/piston-lab/bmc3/state/ipmi_sim/n3/users", "password of BMC n3, generation 1"),
        ("disk n4-local-2", "TLS key of n4"),
        ("PULUMI_CONFIG in the environment of python (12), 7", "config seed"),
    ],
)
def test_what_has_to_be_there_is_no_leak(place: str, credential: str) -> None:
    assert leaks([Hit(place, credential, "plain")]) == []


@pytest.mark.parametrize(
    ("place", "credential"),
    [
        ("n2:/etc/ceph/piston.mgr.keyring", "cephx key of mgr.n3"),
        ("n2:/etc/ceph/piston.mgr.keyring", "cephx key of client.admin"),
        ("n2:/etc/ceph/piston-osd/n2-osd-1.key", "cephx key of osd/n3-osd-1"),
        ("n2:/etc/ceph/ceph.conf", "cephx key of mgr.n2"),
        ("n1:/persist/piston/identity/seal.key", "seal key of n2"),
        ("n1:/persist/piston/document.sealed", "cephx key of osd/n1-osd-1"),
        ("/var/lib/piston-lab/bmc3/sim.log", "password of BMC n3, generation 1"),
        ("/var/lib/piston-lab/bmc3/state/ipmi_sim/n3/users", "password of BMC n4, generation 1"),
        ("disk n4-local-2", "TLS key of n5"),
        ("disk n4-local-2", "config seed"),
        ("PULUMI_CONFIG in the environment of python (12), 7", "passphrase of the stack"),
        ("PULUMI_CONFIG in the environment of pulumi (12), 7", "config seed"),
        ("SEED in the environment of python (12), 7", "config seed"),
        ("disk n4-osd-1", "cephx key of osd/n4-osd-1"),
        ("/var/lib/piston-lab/cloudkey/node-ca.key", "TLS key of site CA"),
    ],
)
def test_what_does_not_have_to_be_there_is_one(place: str, credential: str) -> None:
    assert leaks([Hit(place, credential, "plain")]) == [Hit(place, credential, "plain")]


def test_every_excuse_has_its_reason() -> None:
    assert all(known.why for known in KNOWN)
