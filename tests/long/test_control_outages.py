"""Each control host in turn dies in each way, under a probe on the core network; then all of them together.

Nobody repairs anything here: what is whole again is so by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab.cloud import HOSTS, Cloud, Probe
from tests.long.cloud_rack import cloud_rack

pytestmark = pytest.mark.timeout(1500)

# From a crash until the APIs answer again.
AWAY_S = 10.0
APIS = ("keystone", "glance", "placement", "write")
DAEMONS = (
    "piston-galera piston-rabbitmq piston-ovn-nb piston-ovn-sb piston-ovn-northd memcached haproxy keepalived"
    " piston-wsgi@keystone piston-wsgi@glance piston-wsgi@placement"
)
WATCH_S = 25.0


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_rack("control-outages.log") as made:
        made.wait_whole()
        yield made


def kill(cloud: Cloud, host: str) -> None:
    """Every daemon of the control plane at once, without a chance to leave in order."""
    cloud.rack.lab(f"console {host} -- systemctl kill --signal=KILL {DAEMONS}")


def check_promises(cloud: Cloud, probe: Probe) -> None:
    """Whatever Keystone said it had written is there."""
    lost = probe.promised() - cloud.projects()
    assert not lost, sorted(lost)


def check_short(cloud: Cloud, probe: Probe, since: float, what: str) -> None:
    """The APIs were away for a moment only."""
    away = {api: round(probe.longest_s(api, since), 1) for api in APIS}
    cloud.rack.runs.append(f"{what}: longest without an answer {away}\n")
    print(what, away)
    assert max(away.values()) <= AWAY_S, f"{what}: {away}\n{probe.bad(since)[:20]}"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("way", ["killed", "off", "cut", "wiped"])
def test_a_control_host_is_lost(cloud: Cloud, host: str, way: str) -> None:
    before = cloud.database_id()
    with cloud.probe() as probe:
        since = time.monotonic()
        if way == "killed":
            kill(cloud, host)
        elif way == "cut":
            cloud.rack.lab(f"cut {host} data")
        else:
            cloud.rack.lab(f"blackout {host}")
        time.sleep(WATCH_S)
        if way == "cut":
            cloud.rack.lab(f"plug {host} data")
        elif way != "killed":
            if way == "wiped":
                cloud.rack.lab(f"wipe-disks {host}")
            cloud.rack.lab(f"power {host} on")
        if way == "wiped":
            # A machine with blank disks has no identity: that only the operator can give it.
            done = cloud.up()
            assert done.code == 0, done.text
        whole_s = cloud.wait_whole()
        time.sleep(2.0)
        check_short(cloud, probe, since, f"{host} {way}, whole again after {whole_s:.0f} s")
        check_promises(cloud, probe)
    assert {cloud.look(it)["database"]["cluster"] for it in HOSTS} == {before}
    cloud.wait_healthy()


@pytest.mark.parametrize("order", [("n1", "n2", "n3"), ("n3", "n1", "n2"), ("n2", "n3", "n1")])
def test_all_lose_power_at_once(cloud: Cloud, order: tuple[str, ...]) -> None:
    before = cloud.database_id()
    with cloud.probe() as probe:
        time.sleep(5.0)
        cloud.rack.lab(f"blackout {' '.join(HOSTS)}")
    check_comes_back(cloud, probe, order, before, "all at once")


@pytest.mark.parametrize("last", HOSTS)
def test_the_one_with_the_newest_data_comes_last(cloud: Cloud, last: str) -> None:
    """The others left in order before, so it alone had what was written after that."""
    before = cloud.database_id()
    others = [host for host in HOSTS if host != last]
    with cloud.probe() as probe:
        for host in others:
            cloud.rack.lab(f"console {host} -- systemctl stop piston-galera")
            time.sleep(6.0)
        time.sleep(5.0)
        assert any(it.good for it in probe.requests("write", time.monotonic() - 4.0)), "nobody wrote any more"
        cloud.rack.lab(f"blackout {' '.join(HOSTS)}")
    check_comes_back(cloud, probe, (*others, last), before, f"newest data on {last}")


def check_comes_back(cloud: Cloud, probe: Probe, order: tuple[str, ...], before: str, what: str) -> None:
    """Power comes back to one host after the other; nobody helps."""
    for host in order:
        cloud.rack.lab(f"power {host} on")
        time.sleep(12.0)
    whole_s = cloud.wait_whole(240.0)
    line = f"{what}, back in the order {', '.join(order)}: whole {whole_s:.0f} s after the last one's power"
    cloud.rack.runs.append(f"{line}\n")
    print(line)
    check_promises(cloud, probe)
    assert {cloud.look(it)["database"]["cluster"] for it in HOSTS} == {before}
    cloud.wait_healthy()
