"""Does the suite notice? One guard or field is broken at a time, in a copy; some test has to fail.

Only tests that need no rack are asked: what they miss, a rack's hour would have to find.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.operator_shell import CHECKOUT

pytestmark = [pytest.mark.timeout(900), pytest.mark.judged_always]

_COPIED = ("piston_iac", "tests", "policies", "stacks", "pyproject.toml", "__main__.py", "docs", "README.md")
_LINKED = (
    ".venv",
    "bin",
    "build",
    "env.sh",
    ".github",
    "setup",
    "requirements.lock",
    "Makefile",
    "Pulumi.yaml",
)
_LIMIT_S = 600


@dataclass(frozen=True)
class Fault:
    """`old` in `file` becomes `new`; `tests` have to notice."""

    file: str
    old: str
    new: str
    tests: str = "tests/unit"


FAULTS = {
    "the plan tells no difference": Fault(
        "dynamic_providers/converging.py", "changes=bool(lines)", "changes=False"
    ),
    "a device that cannot be read stops the plan": Fault(
        "dynamic_providers/converging.py",
        '            outs["fault"] = fault_of(error)\n        names',
        "            raise\n        names",
        "tests/contract/host tests/unit",
    ),
    "a secret is shown in a difference": Fault(
        "dynamic_providers/shown.py", "if name in secrets:", "if not name:", "tests/unit"
    ),
    "another machine behind the address is taken": Fault(
        "dynamic_providers/bmc_common.py", "if pinned and not", "if not pinned and not"
    ),
    "foreign data on a local disk is taken for nothing": Fault(
        "disk_claims.py", 'if disk.marker == "blank":', 'if disk.marker != "x":'
    ),
    "a disk in use may be wiped": Fault("disk_claims.py", "if disk.live:", "if False:"),
    "one mon is a majority": Fault("plan/ceph/steps.py", "needed = len(wanted.mons) // 2 + 1", "needed = 1"),
    "another cluster is taken for ours": Fault(
        "plan/ceph/steps.py", "if attempt.born and attempt.born != cluster.born:", "if not cluster.born:"
    ),
    "a lost cluster is made again": Fault(
        "plan/ceph/steps.py",
        'if attempt.born or (look.permit and look.permit.state == "finished"):',
        "if False:",
    ),
    "a pool of others is removed with its data": Fault(
        "plan/ceph/strangers.py", ".objects == 0]", ".objects >= 0]"
    ),
    "a flag that somebody set is not told": Fault(
        "plan/ceph/fields.py", '"flags": strange_flags(cluster),', '"flags": [],'
    ),
    "an OSD that is out is told as in": Fault(
        "plan/ceph/fields.py", "'in' if osd.is_in else 'out'", "'in' if osd.up else 'out'"
    ),
    "the factory account goes first": Fault(
        "plan/credentials.py",
        "    if seen.user is not Account.RIGHT:\n        steps.append(Change.PUT_USER)\n",
        "    if seen.factory is Account.ENABLED:\n        return (Change.DISABLE_FACTORY,)\n"
        "    if seen.user is not Account.RIGHT:\n        steps.append(Change.PUT_USER)\n",
    ),
    "an administrator of others is not told": Fault(
        "plan/credentials.py", "if slot.administrator and", "if not slot.administrator and"
    ),
    "a disabled BMC user is told as enabled": Fault(
        "devices/bmc/commands.py", "messaging and not disabled", "not disabled"
    ),
    "a permit counts twice": Fault(
        "boot_node/permits.py", "if held.state is not PermitState.ISSUED:", "if held.token != token:"
    ),
    "a VLAN's trunk list is not compared": Fault(
        "devices/switch/ovsdb_decide.py", "if row.trunks != trunk:", "if row.trunks and not trunk:"
    ),
    "an interface's MTU is not compared": Fault(
        "node_agent/network_steps.py",
        "if port.mtu_request != wanted.mtu or (link is not None and link.mtu != wanted.mtu):",
        "if False:",
    ),
    "an OSD that is down is told as up": Fault("devices/ceph_answers.py", 'up=bool(it["up"])', "up=True"),
    "a degraded mirror is told as healthy": Fault(
        "node_agent/disks.py", '"degraded" if lost else "healthy"', '"healthy"'
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout, whose tests run with this interpreter."""
    place = tmp_path_factory.mktemp("mutated")
    for name in _COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, place / name)
        elif source.exists():
            shutil.copy(source, place / name)
    for name in _LINKED:
        if (CHECKOUT / name).exists():
            (place / name).symlink_to(CHECKOUT / name)
    yield place


@pytest.mark.parametrize("tests", ["tests/unit", "tests/contract/host"])
def test_the_copy_is_sound(copy: Path, tests: str) -> None:
    done = _run(copy, tests)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", FAULTS)
def test_the_suite_notices(copy: Path, name: str) -> None:
    fault = FAULTS[name]
    file = copy / "piston_iac" / fault.file
    sound = file.read_text()
    assert sound.count(fault.old) == 1, f"{fault.file} has {fault.old!r} {sound.count(fault.old)} times"
    file.write_text(sound.replace(fault.old, fault.new))
    try:
        done = _run(copy, fault.tests)
    finally:
        file.write_text(sound)
    # A run that could not even begin proves nothing: a test has to have failed. Workers that stop at the
    # first one end with another status than a single process does.
    assert done.returncode in (1, 2), done.stdout[-3000:]
    assert "\nFAILED " in done.stdout, done.stdout[-3000:]


def _run(copy: Path, tests: str) -> subprocess.CompletedProcess[str]:
    parallel = ["-n", "2"] if tests == "tests/unit" else ["-p", "no:xdist"]
    command = [sys.executable, "-m", "pytest", "-x", *parallel, *tests.split()]
    return subprocess.run(
        command,
        cwd=copy,
        env={
            "PYTHONPATH": str(copy),
            "HOME": str(Path.home()),
            "PATH": f"{CHECKOUT}/build/tools:/usr/sbin:/usr/bin:/bin:/sbin",
        },
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
