"""ceph.conf and keyrings as the programs read them; keyrings as they write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from piston_iac.node_programs.ceph_conf import CephConf, endpoint, parse_conf, read_key
from piston_iac.node_programs.mon_store import MON_CAPS, Entity, keyring
from piston_iac.node_programs.program import Fault
from piston_iac.trust.secret import Secret

TEXT = """[global]
fsid = 5c5e1f06-52f5-4c4c-9f0e-3d7a9f4a2b11
mon_host = [v2:10.30.20.11:3300],[v2:10.30.20.12:3300]
public_addr = 10.30.20.12

[mon]
mon_data = /persist/ceph/mon/$cluster-$id
"""


def test_the_other_mons_are_all_but_this_node() -> None:
    conf = parse_conf(TEXT)
    mons = (("10.30.20.11", 3300), ("10.30.20.12", 3300))
    assert conf == CephConf("5c5e1f06-52f5-4c4c-9f0e-3d7a9f4a2b11", mons, "10.30.20.12")
    assert conf.peers == mons[:1]
    assert endpoint(mons[0]) == "[v2:10.30.20.11:3300]"


def test_no_cluster_is_a_fault_and_nothing_of_the_text_is_told() -> None:
    with pytest.raises(Fault, match="names no cluster"):
        parse_conf("[mon]\na = b\n")
    with pytest.raises(Fault) as told:
        parse_conf("key = AQsecret\n")
    assert "AQsecret" not in str(told.value)


def test_a_keyring_is_read_as_it_is_written(tmp_path: Path) -> None:
    entities = {"mon.": Entity(Secret("AQone=="), MON_CAPS), "client.admin": Entity(Secret("AQtwo=="), {})}
    text = keyring(entities)
    assert '\tcaps mon = "allow command \\"mon getmap\\""' in text
    path = tmp_path / "keyring"
    path.write_text(text)
    assert read_key(str(path), "mon.") == Secret("AQone==")
    with pytest.raises(Fault, match=r"has no key of osd\.1"):
        read_key(str(path), "osd.1")
