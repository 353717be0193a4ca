"""A changed setting of one service: only that one restarts, host by host, and its users see nothing of it."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

from tests.lab.cloud import HOSTS, Cloud

DECLARED = "  piston:controlPlane: {}"
CHANGED = "  piston:controlPlane: { debug: [glance] }"
GLANCE = "piston-wsgi@glance.service"
OTHERS = (
    "piston-wsgi@keystone.service",
    "piston-wsgi@placement.service",
    "piston-galera.service",
    "piston-rabbitmq.service",
    "piston-ovn-nb.service",
    "piston-ovn-sb.service",
    "haproxy.service",
    "keepalived.service",
    "memcached.service",
)


def started_s(cloud: Cloud, host: str) -> dict[str, float]:
    """When each unit of a host was last started, seconds of the monotonic clock, which all hosts share."""
    units = " ".join((GLANCE, *OTHERS))
    shown = cloud.rack.lab(f"console {host} -- systemctl show -p Id,ActiveEnterTimestampMonotonic {units}")
    found = {}
    for block in shown.strip().split("\n\n"):
        fields = dict(line.split("=", 1) for line in block.splitlines())
        found[fields["Id"]] = int(fields["ActiveEnterTimestampMonotonic"]) / 1e6
    return found


def check_rolling_change(cloud: Cloud, directory: Path) -> None:
    """Have Glance log every detail, and back."""
    stack = directory / "Pulumi.lab.yaml"
    text = cloud.stack.read_text()
    assert DECLARED in text
    stack.write_text(text.replace(DECLARED, CHANGED, 1))
    changed = replace(cloud, stack=stack)
    before = {host: started_s(cloud, host) for host in HOSTS}
    with cloud.probe() as probe:
        since = time.monotonic()
        plan = changed.preview()
        done = changed.up()
        assert done.code == 0, done.text
        time.sleep(3.0)
        bad = probe.bad(since)
        asked = len(probe.requests("glance", since))
    after = {host: started_s(cloud, host) for host in HOSTS}
    moved = {unit for host in HOSTS for unit, at in after[host].items() if at != before[host][unit]}
    assert moved == {GLANCE}
    turns = sorted(after[host][GLANCE] for host in HOSTS)
    gaps = [round(later - earlier, 1) for earlier, later in itertools.pairwise(turns)]
    print(
        f"plan {plan.seconds:.1f} s, up {done.seconds:.0f} s, {asked} requests, seconds between turns {gaps}"
    )
    # The next one's turn came only when the one before worked again.
    assert min(gaps) > 1.0, turns
    assert not bad, bad
    # And back.
    assert cloud.up().code == 0
    assert cloud.preview().is_clean()
