"""No credential of the rack is anywhere but where it is needed: not in state, logs, processes, disks, cables.

Each look also has to find a canary of ours, or a credential where it has to be: one that reaches nothing
would find nothing. What fails names place and credential, never a value.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from piston_iac.lab.settings import Lab, from_environment
from piston_iac.site.schema import Site
from tests.lab import credentials
from tests.lab.known_places import DISKS, FILES, MACHINES, PROCESSES, leaks, unused
from tests.lab.operator_shell import NODES, Rack
from tests.lab.secret_places import (
    Processes,
    disk_files,
    files_below,
    in_directory,
    in_journal,
    in_root,
    on_disk,
)
from tests.lab.secret_search import Credential, Hit, Search
from tests.lab.stack_file import OPTIONS, STORAGE_ONLY
from tests.lab.wire import captured, in_capture

STACK = STORAGE_ONLY
CANARY = "canary"
# In the switches, where the cables of the boot node, of a node that is rebooted and of its BMC end, and that
# over which the data switch is managed.
REBOOTED = "n1"
CABLES = (("mgmt", "boot"), ("mgmt", "n1-boot"), ("mgmt", "n1-bmc"), ("mgmt", "oob-data"))
# Five letters, printed in every vendor's manual, and its user is called the same: it is everywhere.
TOO_SHORT = {"config ipmi.factory_password"}
# What nobody listens for, at the boot node.
_TO = ("10.30.10.5", "9")
_SEND = (
    "import socket, sys; to = (sys.argv[1], int(sys.argv[2])); "
    "socket.socket(type=socket.SOCK_DGRAM).sendto(sys.stdin.buffer.read(), to)"
)
_CLOSING = "error: an unhandled error occurred: program exited with non-zero exit code: 1"
_PULUMI = f"pulumi {{verb}} {OPTIONS} --non-interactive"


@dataclass(frozen=True)
class Wanted:
    """What is looked for. `canary` is one of the credentials: planted to be found."""

    lab: Lab
    search: Search
    canary: str
    site: Site


@dataclass(frozen=True)
class Work:
    """What a real change left behind: what was printed, what processes showed, what cables carried."""

    printed: dict[str, bytes]
    processes: dict[str, bytes]
    looks: int
    captures: list[Path]
    fresh_files: list[Path]


def wanted_of(rack: Rack) -> Wanted:
    """Every credential of the rack as it is deployed now, and a canary."""
    lab, site = from_environment(), credentials.site_of(rack, STORAGE_ONLY)
    found = [*credentials.site_credentials(site), *credentials.node_credentials(lab, NODES)]
    searchable, short = credentials.searchable(found)
    assert short == TOO_SHORT
    # Of two that are alike, nobody could say which one was found.
    assert len({it.value for it in searchable}) == len(searchable)
    canary = secrets.token_urlsafe(24)
    return Wanted(lab, Search([*searchable, Credential(CANARY, canary.encode())]), canary, site)


def canaries(hits: set[Hit]) -> set[str]:
    """Places where the canary was found."""
    return {hit.place for hit in hits if hit.credential == CANARY}


def others(hits: set[Hit]) -> list[Hit]:
    """Leaks, without the canary that was planted."""
    return leaks(hit for hit in hits if hit.credential != CANARY)


# Looks that change nothing: each takes what to look for, and gives what was found.


def at_rest(wanted: Wanted) -> set[Hit]:
    """State, history and backups, logs, CloudKey, BMCs, switches: all files of the rack but disks and images.

    Disks are looked at for themselves. Images are compressed: their content is looked at on a node.
    """
    lab = wanted.lab
    disks = [file for node in NODES for file in disk_files(lab, node).values()]
    planted = lab.directory / "canary.log"
    planted.write_text(f"password={wanted.canary}\n")
    try:
        hits = in_directory(wanted.search, lab.directory, [*disks, *files_below(lab.images)])
    finally:
        planted.unlink()
    assert canaries(hits) == {str(planted)}
    return hits


def printed(rack: Rack, where: Path) -> dict[str, bytes]:
    """What the engine prints and logs. Its debug log only up to 6: from 7 on it writes what it hands out."""
    log = where / "debug.log"
    commands = {
        "stack export": "pulumi stack export --stack lab",
        "stack history": "pulumi stack history --stack lab --full-dates",
        "preview --diff": f"{_PULUMI.format(verb='preview')} --diff",
        "preview --json": f"{_PULUMI.format(verb='preview')} --json",
        "preview -v=6": f"{_PULUMI.format(verb='preview')} --logflow --logtostderr -v=6 2> {log}",
        "lab status": "piston lab status",
        "status": "piston status lab --once",
        "status --json": "piston status lab --json",
        "why": f"piston why {REBOOTED} lab",
    }
    told = {name: rack.shell(command).text.encode() for name, command in commands.items()}
    assert all(len(text) > 100 for text in told.values())
    told["log of preview -v=6"] = log.read_bytes()
    assert len(told["log of preview -v=6"]) > 100_000
    return told


def in_bundle(rack: Rack, where: Path) -> dict[str, bytes]:
    """The files of the bundle that one hands to somebody who helps."""
    bundle = where / "bundle.tar.gz"
    rack.must(f"piston support lab --out {bundle}")
    with tarfile.open(bundle) as packed:
        files = {it.name: packed.extractfile(it) for it in packed if it.isfile()}
        return {f"bundle: {name}": file.read() for name, file in files.items() if file}


def in_machines(wanted: Wanted) -> set[Hit]:
    """Roots and journals of nodes and boot node; of one node also what the image brought."""
    hits: set[Hit] = set()
    for machine in (*NODES, "boot"):
        hits |= in_root(wanted.search, wanted.lab, machine, whole=machine in (NODES[0], "boot"))
        hits |= in_journal(wanted.search, wanted.lab, machine)
    return hits


def on_disks(wanted: Wanted) -> set[Hit]:
    """Every disk of every node, byte by byte."""
    hits: set[Hit] = set()
    for node in NODES:
        for serial, file in disk_files(wanted.lab, node).items():
            hits |= on_disk(wanted.search, serial, file)
    return hits


# A real change, with everything watched --------------------------------------------------------------------


@contextmanager
def planted_process(canary: str) -> Iterator[None]:
    """A process that has the canary in its environment."""
    process = subprocess.Popen(["sleep", "600"], env={"CANARY": canary, "PATH": os.environ["PATH"]})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def say_on_the_wire(lab: Lab, canary: str) -> None:
    """One datagram with the canary from the operator to the boot node."""
    subprocess.run(
        ["nsenter", f"--net={lab.netns_path('operator')}", "python3", "-c", _SEND, *_TO],
        input=canary.encode(),
        check=True,
    )


def change_under_watch(rack: Rack, wanted: Wanted, where: Path) -> Work:
    """`up` with a change that gives every node another document, and boots one of them; then a preview."""
    text = STACK.read_text()
    line = "    location: virtual rack\n"
    assert line in text
    changed = where / STACK.name
    changed.write_text(text.replace(line, "    location: under watch\n"))
    began_s = time.time()
    rack.lab(f"power {REBOOTED} off --hard")
    with (
        captured(wanted.lab, CABLES, where) as captures,
        Processes() as processes,
        planted_process(wanted.canary),
    ):
        say_on_the_wire(wanted.lab, wanted.canary)
        up = rack.shell(f"{_PULUMI.format(verb='up')} --yes --diff --config-file {changed}", 400.0)
        preview = rack.preview(changed)
    assert up.code == 0, up.text
    assert preview.is_clean(), preview.text
    told = {"up --diff": up.text.encode(), "preview": preview.text.encode()}
    directories = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.home() / ".pulumi")
    fresh = [file for it in directories for file in files_below(it, began_s) if where not in file.parents]
    return Work(told, processes.seen, processes.looks, captures, fresh)


# Tests -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def work(ready: Rack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wanted, Work]]:
    """A change was made, and everything was watched. Afterwards the rack is as it was."""
    where = tmp_path_factory.mktemp("watched")
    # The node that boots anew keeps its identity: what is looked for stays the same.
    wanted = wanted_of(ready)
    try:
        yield wanted, change_under_watch(ready, wanted, where)
    finally:
        restored = ready.up()
        assert restored.code == 0, restored.text


@pytest.fixture(scope="module")
def wanted(work: tuple[Wanted, Work]) -> Wanted:
    """What is looked for. After the change, so that what it left behind is looked at too."""
    return work[0]


# The change itself is made for this one: a node boots, twice `up`.
@pytest.mark.timeout(1200)
def test_what_a_change_prints_and_leaves_in_temporary_files(work: tuple[Wanted, Work]) -> None:
    wanted, done = work
    assert others(wanted.search.in_pieces(done.printed) | wanted.search.in_files(done.fresh_files)) == []


def test_no_process_shows_one_while_a_change_is_made(work: tuple[Wanted, Work]) -> None:
    wanted, done = work
    hits = wanted.search.in_pieces(done.processes)
    assert len(canaries(hits)) == 1
    assert canaries(hits).pop().startswith("CANARY in the environment of sleep")
    assert done.looks > 100
    assert unused(PROCESSES, hits) == []
    assert others(hits) == []


def test_no_cable_carries_one_while_a_change_is_made(work: tuple[Wanted, Work]) -> None:
    wanted, done = work
    found = {file.name: in_capture(wanted.search, file) for file in done.captures}
    assert canaries(found["mgmt-boot.pcap"])
    assert all(file.stat().st_size > 1000 for file in done.captures)
    assert others({hit for hits in found.values() for hit in hits}) == []


@pytest.mark.timeout(600)
def test_files_of_the_rack_at_rest(wanted: Wanted) -> None:
    hits = at_rest(wanted)
    assert unused(FILES, hits) == []
    assert {f"password of BMC {node}, generation 1" for node in NODES} <= {it.credential for it in hits}
    assert others(hits) == []


def test_what_the_engine_prints_and_logs(ready: Rack, wanted: Wanted, tmp_path: Path) -> None:
    assert others(wanted.search.in_pieces(printed(ready, tmp_path))) == []


def test_what_one_hands_out_for_help(ready: Rack, wanted: Wanted, tmp_path: Path) -> None:
    files = in_bundle(ready, tmp_path)
    assert any(name.endswith("stack.yaml") for name in files)
    assert others(wanted.search.in_pieces(files)) == []


@pytest.mark.timeout(900)
def test_machines_hold_what_they_need_and_no_more(wanted: Wanted) -> None:
    hits = in_machines(wanted)
    assert unused(MACHINES, hits) == []
    for node in NODES:
        assert any(it.place.startswith(f"{node}:/etc/ceph/piston-osd/") for it in hits), node
    assert others(hits) == []


@pytest.mark.timeout(900)
def test_disks_hold_what_they_need_and_no_more(wanted: Wanted) -> None:
    hits = on_disks(wanted)
    assert unused(DISKS, hits) == []
    assert {it.credential for it in hits} >= {f"seal key of {node}" for node in NODES}
    assert others(hits) == []


def nothing_is_touched(rack: Rack, act: Callable[[], str]) -> str:
    """Do it: no device hears a word, the state stays as it was. Returns what was said."""
    writes, known = rack.writes(), _ids(rack)
    said = act()
    assert rack.writes() == writes
    assert _ids(rack) == known
    return said


def _ids(rack: Rack) -> dict[str, str]:
    """What the state knows. The engine writes it anew whatever it does, with another time and other seals."""
    return {name: entry.get("id", "") for name, entry in rack.state().items()}


def is_one_error(said: str) -> bool:
    """One piece, in words: no traceback, and one cause beside the engine's own closing line."""
    _, _, told = said.rpartition("Diagnostics:\n")
    return "Traceback" not in said and told.replace(_CLOSING, "").count("error:") == 1


@pytest.mark.parametrize("verb", ["preview", "up --yes --skip-preview"])
def test_a_wrong_passphrase_is_one_clear_error(ready: Rack, tmp_path: Path, verb: str) -> None:
    wrong = tmp_path / "passphrase"
    wrong.write_text("not the one\n")
    setting = f"export PULUMI_CONFIG_PASSPHRASE_FILE={wrong}"

    def act() -> str:
        done = ready.shell(f"{setting}; {_PULUMI.format(verb=verb)}")
        assert done.code != 0, done.text
        return done.text

    said = nothing_is_touched(ready, act)
    assert is_one_error(said), said
    assert "incorrect passphrase" in said, said


@pytest.mark.parametrize("verb", ["preview", "up --yes --skip-preview"])
def test_a_missing_secret_is_one_clear_error(ready: Rack, tmp_path: Path, verb: str) -> None:
    text = STACK.read_text()
    start = text.index("  piston:seed:\n")
    end = text.index("\n", text.index("secure:", start)) + 1
    without = tmp_path / STACK.name
    without.write_text(text[:start] + text[end:])

    def act() -> str:
        done = ready.shell(f"{_PULUMI.format(verb=verb)} --config-file {without}")
        assert done.code != 0, done.text
        return done.text

    said = nothing_is_touched(ready, act)
    assert is_one_error(said), said
    assert "could not read its settings: seed is missing; run: pulumi config set --secret" in said, said
