"""Three machines with a disk each, over the built base: what the tests do to them from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import piston_iac
from piston_iac import ceph_layout
from piston_iac.micro_os.build import build
from piston_iac.micro_os.recipe import load_recipe
from piston_iac.micro_os.release import cache_dir
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.secret import Secret

FSID = "5c5e1f06-52f5-4c4c-9f0e-3d7a9f4a2b11"
SEED = Secret("a seed of the tests only, of no use elsewhere")
ADDRESSES = {"n1": "10.99.0.11", "n2": "10.99.0.12", "n3": "10.99.0.13"}
DISK_BYTES = 3 * 1024**3
_HERE = Path(__file__).parent
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "PYTHONPATH": "/usr/lib/piston",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def key(entity: str) -> str:
    return cephx_key(SEED, entity).get_secret_value()


def conf(node: str) -> str:
    mons = ",".join(f"[v2:{address}:{ceph_layout.MON_PORT}]" for address in ADDRESSES.values())
    return f"""[global]
fsid = {FSID}
mon_host = {mons}
public_addr = {ADDRESSES[node]}
cluster_addr = {ADDRESSES[node]}
crush_location = host={node}
ms_bind_msgr1 = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
log_to_file = false
log_to_stderr = true
debug_rocksdb = 0
osd_pool_default_pg_num = 8
osd_heartbeat_interval = 2
osd_heartbeat_grace = 6
[mon]
mon_data = {ceph_layout.MON_ROOT}/$cluster-$id
mon_cluster_log_to_file = false
mon_election_timeout = 2
mon_lease = 2
mon_data_avail_warn = 1
mon_data_avail_crit = 0
mgr_initial_modules = iostat
[mgr]
keyring = {ceph_layout.MGR_KEYRING}
[osd]
osd_mclock_skip_benchmark = true
bluestore_cache_autotune = false
bluestore_cache_size = 33554432
"""


@dataclass(frozen=True)
class Done:
    """How a program ended. `errors` is its last line of errors."""

    status: int
    output: str
    errors: str

    @property
    def answer(self) -> Any:
        assert self.status == 0, self.errors
        return json.loads(self.output)


@dataclass(frozen=True)
class Machines:
    """The machines. `init` is their first process, `scratch` where their roots are, seen from inside."""

    init: int
    scratch: Path

    def command(self, node: str, *words: str) -> list[str]:
        enter = ["nsenter", f"--target={self.init}", "--mount", "--net", "--pid"]
        environment = ["env", "-i", *(f"{name}={value}" for name, value in _ENVIRONMENT.items())]
        return [*enter, "chroot", str(self.scratch / node / "root"), *environment, *words]

    def run(self, node: str, *words: str, stdin: str = "", limit_s: float = 60.0) -> Done:
        """Run a command in a machine."""
        done = subprocess.run(
            self.command(node, *words),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return Done(done.returncode, done.stdout, lines[-1] if lines else "")

    def program(self, node: str, module: str, verb: str, request: Any = None) -> Done:
        """Run a program as the agent does."""
        stdin = "" if request is None else json.dumps(request)
        return self.run(node, "python3", "/run/driven.py", module, verb, stdin=stdin)

    def start(self, node: str, unit: str) -> None:
        assert self.run(node, "python3", "/run/driven.py", "start", unit).status == 0

    def crash(self, node: str, unit: str) -> None:
        """The daemon dies without a word."""
        assert self.run(node, "sh", "-c", f"kill -9 $(cat '/run/units/{unit}')").status == 0

    def write(self, node: str, path: str, text: str, owner: str = "ceph") -> None:
        script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chown "$2" "$1" && chmod 600 "$1"'
        assert self.run(node, "sh", "-c", script, "write", path, owner, stdin=text).status == 0

    def call(
        self, verb: str, *commands: dict[str, Any], node: str = "n1", to: str = "mon", text: str = ""
    ) -> Any:
        """Have the cluster asked, as the administrator; the answers."""
        return self.program(node, "ceph_call", verb, request(*commands, to=to, text=text)).answer["answers"]

    def look(self, prefix: str, node: str = "n1", **arguments: Any) -> Any:
        """The output of one command that only looks."""
        (answer,) = self.call("look", {"prefix": prefix, **arguments}, node=node)
        assert answer["code"] == 0, answer
        return answer["output"]


def request(
    *commands: dict[str, Any], to: str = "mon", text: str = "", timeout_s: float = 10.0
) -> dict[str, Any]:
    listed = [{"to": to, "command": command, "input": text} for command in commands]
    return {"name": "client.admin", "key": key("client.admin"), "timeout_s": timeout_s, "commands": listed}


def wait_until(holds: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until, f"not in time: {what}"
        time.sleep(0.25)


def base() -> Path:
    """The built base of the micro-OS, which is built when this checkout's is not there."""
    root = cache_dir() / "base" / load_recipe().base_digest()[:16]
    if not root.is_dir():
        build()
    return root


@contextmanager
def loop_device(backing: Path) -> Iterator[str]:
    """A blank disk."""
    with backing.open("wb") as stream:
        stream.truncate(DISK_BYTES)
    said = subprocess.run(
        ["losetup", "--find", "--show", str(backing)], capture_output=True, text=True, check=True
    )
    loop = said.stdout.strip()
    backing.unlink()
    # From here on the kernel frees it by itself with the last process that has it open, however that ends.
    descriptor = os.open(loop, os.O_RDONLY)
    try:
        subprocess.run(["losetup", "--detach", loop], check=True)
        yield Path(loop).name
    finally:
        os.close(descriptor)


@contextmanager
def machines(scratch: Path, disks: Sequence[str]) -> Iterator[Machines]:
    """Three machines, each with a disk `<node>-osd-1`; all they started ends with the context."""
    described = [
        f"{node}={address}={node}-osd-1:{loop}"
        for (node, address), loop in zip(ADDRESSES.items(), disks, strict=True)
    ]
    code = Path(piston_iac.__file__).parent
    words = [sys.executable, str(_HERE / "inside.py"), str(scratch), str(base()), str(code), *described]
    namespaces = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child=KILL",
    ]
    process = subprocess.Popen([*namespaces, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        made = Machines(int(children[0]), scratch)
        for node in ADDRESSES:
            furnish(made, node)
        yield made
    finally:
        with suppress(OSError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def furnish(made: Machines, node: str) -> None:
    """What the node's document would have written."""
    made.write(node, "/run/driven.py", (_HERE / "driven.py").read_text())
    made.write(node, ceph_layout.CONF, conf(node))
    assert made.run(node, "chmod", "644", ceph_layout.CONF).status == 0
    made.write(node, ceph_layout.MON_KEYRING, f"[mon.]\n\tkey = {key('mon.')}\n")
    made.write(node, ceph_layout.MGR_KEYRING, f"[mgr.{node}]\n\tkey = {key(f'mgr.{node}')}\n")
    serial = f"{node}-osd-1"
    made.write(
        node, ceph_layout.osd_key_file(serial), f"{key(ceph_layout.osd_key_name(serial))}\n", owner="root"
    )
