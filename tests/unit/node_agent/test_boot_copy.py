"""The boot copy on the mirror: whole or not there, verified, the release before kept, and made in quiet."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from piston_iac.deadline import Deadline
from piston_iac.node_agent.boot_copier import BootCopier
from piston_iac.node_agent.boot_copy import BootSource, CopyFailed, keep_copy, paced, parse_source
from piston_iac.node_agent.tools import ToolFailed

ARGUMENTS = (
    "piston.site=lab piston.node=n1 piston.release={release} piston.sha256={sha256} "
    "piston.image=http://10.30.10.5:8080/releases/{release}/root.squashfs systemd.machine_id=firmware"
)
IMAGE = b"image" * 1000


def source(release: str, content: bytes) -> BootSource:
    found = parse_source(ARGUMENTS.format(release=release, sha256=hashlib.sha256(content).hexdigest()))
    assert found is not None
    return found


class Server:
    """Gives these bytes for every URL, in pieces, and counts how often it was asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, url: str) -> Iterator[bytes]:
        self.asked.append(url)
        for start in range(0, len(self.content), 999):
            yield self.content[start : start + 999]


def at_once(chunks: Iterable[bytes], bytes_per_s: int) -> Iterator[bytes]:
    assert bytes_per_s > 0
    yield from chunks


def keep(mirror: Path, wanted: BootSource, server: Server) -> bool:
    return keep_copy(mirror, wanted, server, at_once)


def current(mirror: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((mirror / "boot/current.json").read_bytes())
    return found


def files(mirror: Path) -> set[str]:
    return {str(path.relative_to(mirror)) for path in mirror.rglob("*") if path.is_file()}


def test_the_command_line_says_what_to_keep() -> None:
    found = source("2026.11", IMAGE)
    assert (found.release, found.sha256) == ("2026.11", hashlib.sha256(IMAGE).hexdigest())
    assert found.url == "http://10.30.10.5:8080/releases/2026.11/root.squashfs"
    assert parse_source(f"BOOT_IMAGE=vmlinuz initrd=initrd {found.arguments}\n") == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "piston.release=1 piston.sha256=ab",
        "piston.release=../x piston.sha256=ab piston.image=http://a/b",
        "piston.release=1 piston.sha256=ab piston.image=file:///etc/shadow",
    ],
)
def test_nothing_is_kept_of_a_boot_without_an_image(text: str) -> None:
    assert parse_source(text) is None


def test_a_copy_is_made_once_and_then_only_looked_at(tmp_path: Path) -> None:
    wanted, server = source("2026.11", IMAGE), Server(IMAGE)
    assert keep(tmp_path, wanted, server)
    assert server.asked == [wanted.url]
    assert current(tmp_path) == {
        "release": "2026.11",
        "sha256": wanted.sha256,
        "arguments": wanted.arguments,
    }
    assert (tmp_path / "boot/2026.11/root.squashfs").read_bytes() == IMAGE
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert not keep(tmp_path, wanted, server)
    assert len(server.asked) == 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_other_bytes_leave_the_old_copy_and_nothing_else(tmp_path: Path) -> None:
    keep(tmp_path, source("2026.11", IMAGE), Server(IMAGE))
    before = files(tmp_path), current(tmp_path)
    with pytest.raises(CopyFailed, match="came with SHA-256"):
        keep(tmp_path, source("2026.12", b"new"), Server(b"evil"))
    assert (files(tmp_path), current(tmp_path)) == before


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken(url: str) -> Iterator[bytes]:
        yield b"half"
        raise CopyFailed(f"{url} does not come")

    with pytest.raises(CopyFailed, match="does not come"):
        keep_copy(tmp_path, source("2026.11", IMAGE), broken, at_once)
    assert files(tmp_path) == set()


def test_an_altered_copy_is_fetched_again(tmp_path: Path) -> None:
    wanted, server = source("2026.11", IMAGE), Server(IMAGE)
    keep(tmp_path, wanted, server)
    image = tmp_path / "boot/2026.11/root.squashfs"
    image.write_bytes(IMAGE.replace(b"i", b"j"))
    assert keep(tmp_path, wanted, server)
    assert image.read_bytes() == IMAGE


def test_new_arguments_alone_need_no_download(tmp_path: Path) -> None:
    wanted, server = source("2026.11", IMAGE), Server(IMAGE)
    keep(tmp_path, wanted, server)
    assert keep(tmp_path, replace(wanted, arguments=f"{wanted.arguments} quiet"), server)
    assert len(server.asked) == 1
    assert current(tmp_path)["arguments"].endswith(" quiet")


def test_the_release_before_stays_and_older_ones_go(tmp_path: Path) -> None:
    for release in ("2026.10", "2026.11", "2026.12", "2026.12"):
        keep(tmp_path, source(release, release.encode()), Server(release.encode()))
    assert files(tmp_path) == {
        "boot/current.json",
        "boot/2026.11/root.squashfs",
        "boot/2026.12/root.squashfs",
    }
    assert current(tmp_path)["release"] == "2026.12"


def test_the_same_release_with_other_bytes_replaces_them(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        keep(tmp_path, source("2026.11", content), Server(content))
    assert (tmp_path / "boot/2026.11/root.squashfs").read_bytes() == b"two"
    assert current(tmp_path)["sha256"] == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]"])
def test_a_spoilt_current_is_written_again(tmp_path: Path, spoilt: bytes) -> None:
    wanted, server = source("2026.11", IMAGE), Server(IMAGE)
    keep(tmp_path, wanted, server)
    (tmp_path / "boot/current.json").write_bytes(spoilt)
    assert keep(tmp_path, wanted, server)
    assert current(tmp_path)["sha256"] == wanted.sha256


def test_the_name_comes_after_the_image(tmp_path: Path) -> None:
    """At every moment `current.json` names an image that is there, with the digest it says."""
    keep(tmp_path, source("2026.11", IMAGE), Server(IMAGE))

    def looking(url: str) -> Iterator[bytes]:
        assert url
        for byte in b"new":
            said = current(tmp_path)
            image = tmp_path / "boot" / said["release"] / "root.squashfs"
            assert hashlib.sha256(image.read_bytes()).hexdigest() == said["sha256"]
            yield bytes([byte])

    assert keep_copy(tmp_path, source("2026.12", b"new"), looking, at_once)


def test_bytes_come_no_faster_than_the_pace() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    assert list(paced([b"x" * 10] * 5, 10, lambda: now[0], sleep)) == [b"x" * 10] * 5
    assert now[0] == pytest.approx(5.0)


def test_it_waits_for_an_applied_document_and_for_quiet() -> None:
    made = threading.Event()

    def make() -> str:
        made.set()
        return ""

    copier = BootCopier(make, quiet_s=0.3, retry_s=60)
    thread = threading.Thread(target=copier.run, daemon=True)
    thread.start()
    assert not made.wait(0.5), "nothing was applied yet"
    for _ in range(5):
        copier.applied()
        assert not made.wait(0.1), "another document was applied a moment ago"
    assert made.wait(10)
    thread.join(10)
    assert not thread.is_alive(), "once in a boot is enough"


def test_it_waits_for_a_node_that_has_no_time_but_not_for_ever() -> None:
    busy, made = threading.Event(), threading.Event()

    def copier(patience_s: float) -> BootCopier:
        return BootCopier(
            lambda: made.set() or "",  # type: ignore[func-returns-value]
            quiet_s=0.0,
            busy=busy.is_set,
            look_s=0.02,
            patience_s=patience_s,
        )

    for patience_s, frees in ((60.0, True), (0.3, False)):
        busy.set()
        made.clear()
        waiting = copier(patience_s)
        waiting.applied()
        threading.Thread(target=waiting.run, daemon=True).start()
        assert not made.wait(0.15), "it has no time now"
        if frees:
            busy.clear()
        assert made.wait(10)


def test_it_tries_again_after_a_failure_and_says_each_reason_once(caplog: pytest.LogCaptureFixture) -> None:
    answers: Iterator[str | Exception] = iter([ToolFailed("no answer"), ToolFailed("no answer"), "kept"])

    def make() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    copier = BootCopier(make, quiet_s=0.0, retry_s=0.01)
    copier.applied()
    with caplog.at_level("INFO", logger="piston-agent"):
        thread = threading.Thread(target=copier.run, daemon=True)
        thread.start()
        deadline = Deadline.after(10)
        while thread.is_alive() and not deadline.over():
            deadline.pause(0.05)
    assert caplog.messages == ["no answer", "kept"]
