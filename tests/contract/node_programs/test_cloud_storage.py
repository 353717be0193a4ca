"""Objects, volumes and their backups in a real Ceph, each with no more than its own key may do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import subprocess
from email.utils import formatdate
from pathlib import Path

import pytest

from piston_iac import ceph_layout
from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.rgw import differs
from piston_iac.plan.ceph.caps import CINDER, CINDER_BACKUP, CLIENTS, CLOUD_CLIENTS, GLANCE, RGW
from piston_iac.plan.services import rgw
from piston_iac.site.load import load_file
from tests.contract.node_programs.machines import ADDRESSES, FSID, Done, Machines, conf, key, wait_until
from tests.contract.node_programs.test_cluster import bootstrap, make, new_osd

SITE = load_file(Path(__file__).parents[3] / "stacks" / "Pulumi.example.yaml")
POOLS = {"images": "rbd", "volumes": "rbd", "backups": "rbd", "objects": "rgw"}
KEYS = {**CLIENTS, **CLOUD_CLIENTS}
_AS_CEPH = ("setpriv", "--reuid=ceph", "--regid=ceph", "--init-groups")
# Status and body of one request.
_ASK = """
import sys, urllib.request, urllib.error
method, url, *headers = sys.argv[1:]
body = sys.stdin.buffer.read() or None
named = dict(it.split("=", 1) for it in headers)
request = urllib.request.Request(url, data=body, method=method, headers=named)
try:
    answer = urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
except OSError:
    sys.exit("0")
print(answer.status, answer.read().decode(errors="replace"))
"""


@pytest.fixture(scope="module")
def storage(rack: Machines) -> Machines:
    """One mon, one OSD, the pools, and the users as the cluster's resource makes them."""
    alone = "osd_pool_default_size = 1\nosd_pool_default_min_size = 1\nmon_allow_pool_size_one = true\n"
    for node in ADDRESSES:
        text = conf(node).replace("= host=", "= root=default host=").replace("[mon]\n", f"{alone}[mon]\n", 1)
        rack.write(node, ceph_layout.CONF, text)
        assert rack.run(node, "chmod", "644", ceph_layout.CONF).status == 0
    assert rack.program("n1", "ceph_mon", "bootstrap", bootstrap()).answer == {"made": True}
    new_osd(rack, 0)
    assert rack.program("n1", "ceph_osd", "make", make(0)).answer == {"made": True}
    wait_until(lambda: rack.look("status")["osdmap"]["num_up_osds"] == 1, "the OSD up")
    for pool, application in POOLS.items():
        made = rack.call(
            "change",
            {"prefix": "osd pool create", "pool": pool, "pg_num": 8},
            {"prefix": "osd pool application enable", "pool": pool, "app": application},
        )
        assert [it["code"] for it in made] == [0, 0], made
    for entity in (GLANCE, CINDER, CINDER_BACKUP, RGW):
        caps = [word for pair in KEYS[entity].items() for word in pair]
        text = f"[{entity}]\n\tkey = {key(entity)}\n"
        (added,) = rack.call("change", {"prefix": "auth add", "entity": entity, "caps": caps}, text=text)
        assert added["code"] == 0, added
        rack.write("n1", f"/etc/ceph/ceph.{entity}.keyring", text)
    return rack


@pytest.fixture(scope="module")
def store(storage: Machines) -> Machines:
    """The object store of n1, as its unit starts it."""
    files = {it.path: it.content for it in rgw.SERVICE.files(SITE, "n1")}
    mons = f"mon_host = [v2:{ADDRESSES['n1']}:{ceph_layout.MON_PORT}]"
    text = re.sub("fsid = .*", f"fsid = {FSID}", re.sub("mon_host = .*", mons, files[layout.RGW_CONF]))
    storage.write("n1", layout.RGW_CONF, text)
    storage.write("n1", layout.RGW_ZONE, files[layout.RGW_ZONE])
    words = (*_AS_CEPH, "python3", "-m", "piston_iac.node_programs.cloud.rgw", "run")
    # It ends with the machines.
    subprocess.Popen(storage.command("n1", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: ask(storage, "GET", rgw.SERVICE.health).startswith("200"), "the store answers", 120)
    return storage


def ask(rack: Machines, method: str, path: str, body: str = "", **headers: str) -> str:
    url = f"http://{rgw.SERVICE.loopback}{path}"
    words = [f"{name}={value}" for name, value in headers.items()]
    return rack.run("n1", "python3", "-c", _ASK, method, url, *words, stdin=body).output.strip()


def signed(method: str, path: str, user: tuple[str, str]) -> dict[str, str]:
    """Headers of an S3 request, by the second version of its signatures."""
    date = formatdate()
    kind = "application/octet-stream"
    text = f"{method}\n\n{kind}\n\nx-amz-date:{date}\n{path}"
    digest = base64.b64encode(hmac.new(user[1].encode(), text.encode(), hashlib.sha1).digest()).decode()
    return {"Authorization": f"AWS {user[0]}:{digest}", "x-amz-date": date, "Content-Type": kind}


def admin(rack: Machines, *words: str) -> Done:
    way = ("--conf", layout.RGW_CONF, "--name", RGW)
    return rack.run("n1", *_AS_CEPH, "radosgw-admin", *way, *words)


def rbd(rack: Machines, entity: str, *words: str) -> Done:
    return rack.run("n1", "rbd", "--id", entity.removeprefix("client."), *words)


def test_the_store_makes_no_pool_of_its_own(store: Machines) -> None:
    pools = {it["pool_name"] for it in store.look("osd dump")["pools"]}
    assert pools - {".mgr"} == set(POOLS)


def test_a_zone_that_is_as_wanted_stays(store: Machines) -> None:
    said = admin(store, "zone", "get", "--rgw-zone", "default").output
    assert not differs(json.loads(rgw.zone()), json.loads(said)), said


def test_what_is_put_can_be_got(store: Machines) -> None:
    made = admin(store, "user", "create", "--uid=t", "--display-name=t", "--access-key=a", "--secret-key=s")
    assert made.status == 0, made.errors
    user = ("a", "s")
    assert ask(store, "PUT", "/box", **signed("PUT", "/box", user)).startswith("200")
    assert ask(store, "PUT", "/box/it", "what is kept", **signed("PUT", "/box/it", user)).startswith("200")
    assert ask(store, "GET", "/box/it", **signed("GET", "/box/it", user)) == "200 what is kept"


def test_the_store_reads_nobody_elses_keys_and_pools(store: Machines) -> None:
    way = ("--conf", layout.RGW_CONF, "--name", RGW)
    for words in (("auth", "ls"), ("config-key", "dump"), ("osd", "pool", "create", "more")):
        assert store.run("n1", *_AS_CEPH, "ceph", *way, *words).status != 0, words
    assert store.run("n1", *_AS_CEPH, "rados", *way, "-p", "volumes", "ls").status != 0


def test_a_volume_is_made_of_an_image_that_it_may_not_change(storage: Machines) -> None:
    assert rbd(storage, GLANCE, "create", "--size", "8", "images/system").status == 0
    for words in (("snap", "create"), ("snap", "protect")):
        assert rbd(storage, GLANCE, *words, "images/system@snap").status == 0
    cloned = rbd(storage, CINDER, "clone", "images/system@snap", "volumes/root")
    assert cloned.status == 0, cloned.errors
    assert rbd(storage, CINDER, "create", "--size", "8", "volumes/plain").status == 0
    assert rbd(storage, CINDER, "create", "--size", "8", "images/more").status != 0
    assert rbd(storage, CINDER, "resize", "--size", "16", "images/system").status != 0


def test_backups_of_volumes_stay_in_their_pool(storage: Machines) -> None:
    assert rbd(storage, CINDER_BACKUP, "create", "--size", "8", "backups/one").status == 0
    assert rbd(storage, CINDER_BACKUP, "ls", "volumes").status != 0
