"""The recipe and its digests, the mirrors, the manifest, our layer of the image."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from piston_iac.errors import SetupError
from piston_iac.micro_os.debian import apply_patch, mirrors, modules_of, source_lines
from piston_iac.micro_os.layer import freeze_times, write_layer
from piston_iac.micro_os.recipe import Recipe, SourceFile, load_recipe
from piston_iac.micro_os.release import (
    Manifest,
    ReleaseFile,
    manifest_from_json,
    read_manifest,
    release_dir,
)

DEB822 = """Types: deb
# http://snapshot.example/archive/debian/1
URIs: http://mirror.example/debian
Suites: bookworm

Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
"""


_CODE = "usr/lib/piston/"
_PACKAGE = Path(__file__).parents[3]
# Lies beside what runs on the boot node, and runs where its key is made.
_AT_HOME = f"{_CODE}piston_iac/boot_node/cloudkey.py"


def test_mirrors_in_both_formats() -> None:
    expected = ("http://mirror.example/debian", "http://mirror.example/debian-security")
    assert mirrors([DEB822]) == expected
    listed = "deb [signed-by=/k] http://mirror.example/debian bookworm main\ndeb-src http://x/debian y main\n"
    assert mirrors(["deb https://other.example/apt stable main\n", listed]) == (expected[0], "")


def test_no_debian_mirror_is_said() -> None:
    with pytest.raises(SetupError, match="no Debian mirror"):
        mirrors(["deb https://other.example/apt stable main\n"])


def test_source_lines_follow_the_machine() -> None:
    assert len(source_lines("trixie", "http://m/debian", "http://m/debian-security")) == 3
    assert len(source_lines("trixie", "http://m/debian", "")) == 2


@pytest.fixture
def recipe() -> Recipe:
    return load_recipe()


def test_the_recipe_holds_what_runs_on_nodes_and_nothing_else(recipe: Recipe) -> None:
    targets = {file.target for file in recipe.files}
    assert "usr/lib/piston/piston_iac/node_agent/__main__.py" in targets
    assert "usr/lib/piston/piston_iac/boot_node/__main__.py" in targets
    assert "usr/lib/piston/piston_iac/node_programs/ceph_call.py" in targets
    assert "usr/lib/piston/piston_iac/ceph_layout.py" in targets
    assert "usr/lib/systemd/system/piston-agent.service" in targets
    assert not any("/site/" in target or "/lab/" in target for target in targets)
    assert not {"openssh-server", "sudo"} & set(recipe.packages)


def test_whatever_code_on_nodes_imports_is_there(recipe: Recipe) -> None:
    there = {it.target: it.source for it in recipe.files if it.target.startswith(f"{_CODE}piston_iac/")}
    asked = {name for target, source in there.items() if target != _AT_HOME for name in _imports(source)}
    assert "piston_iac.deadline" in asked
    assert {name for name in asked if not {_file(name), _file(f"{name}.__init__")} & there.keys()} == set()


def _file(module: str) -> str:
    return f"{_CODE}{module.replace('.', '/')}.py"


def _imports(source: Path) -> set[str]:
    """Modules of ours that a module imports. `from a import b` may name a module or what is in one."""
    found = set()
    for it in ast.walk(ast.parse(source.read_text())):
        names = [alias.name for alias in it.names] if isinstance(it, ast.Import | ast.ImportFrom) else []
        if isinstance(it, ast.ImportFrom) and it.module:
            inside = [f"{it.module}.{name}" for name in names]
            names = [
                name if (_PACKAGE / f"{name.replace('.', '/')}.py").exists() else it.module for name in inside
            ]
        found |= {name for name in names if name.startswith("piston_iac")}
    return found


def test_users_whose_data_stays_keep_their_numbers(recipe: Recipe) -> None:
    lines = [it.passwd for it in recipe.accounts]
    assert "mysql:x:100:102::/nonexistent:/usr/sbin/nologin" in lines
    assert [it.group for it in recipe.accounts] == ["mysql:x:102:", "rabbitmq:x:110:"]
    assert replace(recipe, accounts=()).base_digest() != recipe.base_digest()


def test_our_code_changes_the_digest_but_not_the_base(recipe: Recipe, tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("a = 1\n")
    before = replace(recipe, files=(SourceFile(source, "usr/lib/piston/module.py"),))
    first = before.digest()
    source.write_text("a = 2\n")
    assert before.digest() != first
    assert before.base_digest() == recipe.base_digest()
    assert replace(recipe, packages=()).base_digest() != recipe.base_digest()
    assert replace(recipe, patches=()).base_digest() != recipe.base_digest()
    assert replace(recipe, masks=()).digest() != recipe.digest()


def test_the_layer_masks_logins_and_frees_containers_of_host_units(recipe: Recipe, tmp_path: Path) -> None:
    write_layer(recipe, tmp_path)
    system = tmp_path / "etc/systemd/system"
    assert (system / "getty@.service").readlink() == Path("/dev/null")
    assert (
        "ConditionVirtualization=!container" in (system / "systemd-udevd.service.d/piston.conf").read_text()
    )
    assert "RefuseManualStart=yes" in (system / "systemd-logind.service.d/on-demand.conf").read_text()
    assert (system / "multi-user.target.wants/piston-agent.service").is_symlink()
    assert (tmp_path / "usr/lib/piston/chrony-options").stat().st_mode & 0o111
    assert (tmp_path / "etc/machine-id").read_text() == ""
    # The agent takes a unit from below /etc for somebody else's.
    assert [it.name for it in system.glob("*.*") if it.is_file() and not it.is_symlink()] == []


def test_the_same_layer_has_the_same_times(recipe: Recipe, tmp_path: Path) -> None:
    write_layer(recipe, tmp_path)
    freeze_times(tmp_path)
    assert len({path.lstat().st_mtime for path in (tmp_path, *tmp_path.rglob("*"))}) == 1


def test_manifest_round_trip_and_half_made_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PISTON_CACHE", str(tmp_path))
    manifest = Manifest("r1", "d", {"root.squashfs": ReleaseFile("s", 3)})
    assert manifest_from_json(manifest.to_json()) == manifest
    assert read_manifest("r1") is None
    directory = release_dir("r1")
    directory.mkdir(parents=True)
    (directory / "manifest.json").write_text(manifest.to_json())
    assert read_manifest("r1") is None
    (directory / "root.squashfs").write_bytes(b"abc")
    assert read_manifest("r1") == manifest
    (directory / "manifest.json").write_text("{}")
    assert read_manifest("r1") is None


PATCH = """Why it is there.

--- a/usr/share/module.py
+++ b/usr/share/module.py
@@ -1,3 +1,2 @@
 import os
-import bcrypt
 import sys
"""


def test_a_patch_fits_to_the_letter_or_the_build_fails(tmp_path: Path) -> None:
    patch, module = tmp_path / "mend.patch", tmp_path / "root/usr/share/module.py"
    patch.write_text(PATCH)
    module.parent.mkdir(parents=True)
    module.write_text("import os\nimport bcrypt\nimport sys\n")
    apply_patch(patch, tmp_path / "root")
    assert module.read_text() == "import os\nimport sys\n"
    others = (
        "import os\nimport sys\n",
        "import os\nfrom bcrypt import x\nimport sys\n",
        "import os\nimport bcrypt\nimport re\n",
    )
    for other in others:
        module.write_text(other)
        with pytest.raises(SetupError, match=r"apply mend\.patch"):
            apply_patch(patch, tmp_path / "root")
        assert module.read_text() == other
    module.unlink()
    with pytest.raises(SetupError, match=r"apply mend\.patch"):
        apply_patch(patch, tmp_path / "root")


def test_modules_that_a_patch_changes_are_known() -> None:
    (patch,) = [it for it in load_recipe().patches if it.name == "nova-links-up.patch"]
    assert modules_of(patch.read_text()) == ["/usr/lib/python3/dist-packages/nova/virt/libvirt/driver.py"]
    assert modules_of("+++ b/etc/some.conf\n+++ a line of a file.py\n") == []
