"""The control plane on the virtual rack: installed by one command, told truly, joined again by a lost host.

The lab's stack file leaves it out until it keeps its bounds there; these tests put it in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.fresh_rack import fresh_rack
from tests.lab.operator_shell import CHECKOUT, Rack, Result

pytestmark = pytest.mark.timeout(1500)

BEFORE = "  piston:dns:"
INSTALL_S = 1200.0
# From the customer's side of the gateway, as a user comes in.
PROBE = "nsenter --net=/run/netns/piston-core curl -sk -o /dev/null -w '%{http_code}' --max-time 5"
API = "https://10.30.20.10"


@dataclass(frozen=True)
class Cloud:
    """A rack with a control plane, and the stack file that says so."""

    rack: Rack
    stack: Path

    def up(self) -> Result:
        options = f"--yes --skip-preview --non-interactive --config-file {self.stack}"
        return self.rack.shell(f"pulumi up --stack lab {options}", INSTALL_S)

    def preview(self) -> Result:
        return self.rack.preview(self.stack)

    def database_id(self) -> str:
        return str(self.rack.state()["control-plane"]["outputs"]["databaseId"])

    def look(self, host: str) -> dict[str, object]:
        program = "PYTHONPATH=/usr/lib/piston python3 -m piston_iac.node_programs.cloud.look all"
        seen: dict[str, object] = json.loads(
            self.rack.lab(f"console {host} -- sh -c 'echo {{}} | {program}'")
        )
        return seen


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    stack = tmp_path_factory.mktemp("site") / "Pulumi.lab.yaml"
    text = (CHECKOUT / "stacks" / "Pulumi.lab.yaml").read_text()
    assert BEFORE in text
    stack.write_text(text.replace(BEFORE, f"  piston:controlPlane: {{}}\n\n{BEFORE}", 1))
    with fresh_rack("control-plane.log") as rack:
        made = Cloud(rack, stack)
        done = made.up()
        assert done.code == 0, done.text
        print(f"from powered off to placement in {done.seconds:.0f} s")
        yield made


def test_the_apis_answer_on_the_core_network(cloud: Cloud) -> None:
    for port, path in ((5000, "/v3"), (9292, "/healthcheck"), (8778, "/")):
        assert cloud.rack.must(f"{PROBE} {API}:{port}{path}").strip() == "200", port


def test_a_second_up_changes_nothing(cloud: Cloud) -> None:
    again = cloud.up()
    assert again.code == 0, again.text
    plan = cloud.preview()
    assert plan.is_clean(), plan.text
    print(f"second up {again.seconds:.0f} s, plan {plan.seconds:.1f} s")


@pytest.mark.parametrize(
    ("injected", "said"),
    [
        ("systemctl stop piston-wsgi@keystone", "api.n2: answers 503 => answers"),
        ("systemctl stop piston-galera", "database.n2: stopped => in step"),
        ("systemctl stop piston-rabbitmq", "queues.n2: stopped => member"),
        ("systemctl stop piston-ovn-sb", "ovn.n2: OVN_Southbound stopped => member"),
    ],
)
def test_what_is_stopped_is_told_and_started(cloud: Cloud, injected: str, said: str) -> None:
    cloud.rack.lab(f"console n2 -- {injected}")
    plan = cloud.preview()
    assert said in plan.text, plan.text
    done = cloud.up()
    assert done.code == 0, done.text
    after = cloud.preview()
    assert after.is_clean(), after.text
    print(f"{injected}: plan {plan.seconds:.1f} s, up {done.seconds:.0f} s")


def test_a_control_host_that_lost_its_disks_is_a_member_again(cloud: Cloud) -> None:
    before = cloud.database_id()
    cloud.rack.lab("power n3 off --hard")
    cloud.rack.lab("wipe-disks n3")
    cloud.rack.lab("power n3 on")
    done = cloud.up()
    assert done.code == 0, done.text
    assert cloud.database_id() == before
    seen = cloud.look("n3")
    assert seen["database"]["size"] == 3, seen  # type: ignore[index]
    assert len(seen["queues"]["running"]) == 3, seen  # type: ignore[index]
    after = cloud.preview()
    assert after.is_clean(), after.text
    print(f"up with the wiped host {done.seconds:.0f} s")
