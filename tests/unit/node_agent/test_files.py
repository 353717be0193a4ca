"""Files of the document: whose they are."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from piston_iac.node_agent.files import write_file
from piston_iac.node_agent.tools import ToolFailed
from piston_iac.node_document import File

# A user that every Debian has, and that this test does not run as.
OTHER = pwd.getpwnam("daemon")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_belongs_to_its_owner_and_his_group(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "key"
    file = File(str(path), "secret\n", mode="0600", secret=True, owner=OTHER.pw_name)
    for _ in range(2):
        write_file(file)
        seen = path.stat()
        assert (seen.st_uid, seen.st_gid, seen.st_mode & 0o7777) == (OTHER.pw_uid, OTHER.pw_gid, 0o600)
        os.chown(path, 0, 0)


def test_a_file_without_an_owner_s_name_is_the_agent_s(tmp_path: Path) -> None:
    write_file(File(str(tmp_path / "file"), "x"))
    assert (tmp_path / "file").stat().st_uid == os.geteuid()


def test_an_owner_that_the_image_lacks_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="has no user nobody-of-that-name"):
        write_file(File(str(tmp_path / "file"), "x", owner="nobody-of-that-name"))
    assert not (tmp_path / "file").exists()
