"""The base of the micro-OS: Debian's packages in a directory, kept by the digest of what it is made from.

mmdebstrap does the work, in a mount namespace of its own: what it mounts is gone with it, however it ends.
The Debian mirror is the one this machine's own apt uses.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from piston_iac.errors import SetupError
from piston_iac.micro_os.database.build import add_database
from piston_iac.micro_os.recipe import Recipe

_NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "mksquashfs": "squashfs-tools",
    "patch": "patch",
    "unshare": "util-linux",
}
_NO_FILES = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*")


def apt_texts(root: Path = Path("/etc/apt")) -> list[str]:
    """The texts of this machine's apt sources, in the order apt reads them."""
    paths = [root / "sources.list", *sorted((root / "sources.list.d").glob("*"))]
    return [path.read_text() for path in paths if path.is_file() and path.suffix in (".list", ".sources")]


def mirrors(texts: list[str]) -> tuple[str, str]:
    """The Debian mirror and the mirror of its security updates, from apt sources in either format.

    Pure. The second is empty when the sources name none.

    Raises:
        SetupError: the sources name no Debian mirror.
    """
    found = re.findall(r"^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+)", "\n".join(texts), re.MULTILINE)
    archives = [uri.rstrip("/") for uri in found]
    main = next((uri for uri in archives if uri.endswith("/debian")), "")
    security = next((uri for uri in archives if uri.endswith("/debian-security")), "")
    if not main:
        cause = "its apt sources name no Debian mirror (a line with a URI that ends in /debian)"
        raise SetupError(
            "this machine", "build the micro-OS image", cause, "Add one to /etc/apt/sources.list.d."
        )
    return main, security


def source_lines(suite: str, main: str, security: str) -> list[str]:
    """apt source lines for the suite with its updates."""
    lines = [f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
    return lines + ([f"deb {security} {suite}-security main"] if security else [])


def check_tools() -> None:
    """Raise when this machine lacks root or a tool that the build needs.

    Raises:
        SetupError: names what is missing and how to get it.
    """
    if os.geteuid() != 0:
        raise SetupError("this machine", "build the micro-OS image", "it needs root", "Run it with sudo.")
    missing = sorted(package for tool, package in _NEEDED.items() if shutil.which(tool) is None)
    if missing:
        remedy = f"Run: apt-get install {' '.join(missing)}"
        raise SetupError("this machine", "build the micro-OS image", f"{', '.join(missing)} missing", remedy)


def ensure_base(recipe: Recipe, cache: Path, say: Callable[[str], None]) -> Path:
    """The directory with the base of this recipe; built when the cache does not hold it yet.

    Raises:
        SetupError: mmdebstrap failed, or a patch does not fit; the last lines of it are the cause.
    """
    root = cache / "base" / recipe.base_digest()[:16]
    if root.is_dir():
        return root
    half = root.with_name(f".{root.name}.half")
    _remove(half)
    half.parent.mkdir(parents=True, exist_ok=True)
    say(f"micro-OS: installing {len(recipe.packages)} Debian packages ({recipe.suite}) and what they need")
    try:
        _install(recipe, half)
        say("micro-OS: removing what nobody reads on a node")
        for pattern in recipe.strip:
            for path in half.glob(pattern):
                _remove(path)
        for patch in recipe.patches:
            apply_patch(patch, half)
        compile_modules(half, [name for patch in recipe.patches for name in modules_of(patch.read_text())])
        say("micro-OS: making an empty database with the schemas of all services")
        add_database(half)
        half.rename(root)
    finally:
        _remove(half)
    # One other is kept: two checkouts that share a cache would make each other build in turn.
    others = sorted((it for it in root.parent.iterdir() if it != root), key=lambda it: it.stat().st_mtime)
    for other in others[:-1]:
        _remove(other)
    return root


def apply_patch(patch: Path, root: Path) -> None:
    """Change files of a package below `root` by a unified diff, which has to fit to the letter.

    Raises:
        SetupError: the files are not what the patch was made for: Debian has another version now.
    """
    command = ["patch", "--strip=1", "--fuzz=0", "--forward", "--reject-file=-", "--no-backup-if-mismatch"]
    command += ["--batch", f"--directory={root}", f"--input={patch}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        remedy = "See whether the fault it mends is still there; then drop the patch or make it anew."
        cause = " / ".join(lines[-3:])
        raise SetupError("this machine", f"apply {patch.name} to the micro-OS", cause, remedy)


def modules_of(patch: str) -> list[str]:
    """The Python modules that a unified diff changes, by their absolute paths. Pure."""
    return re.findall(r"^\+\+\+ b(/\S+\.py)$", patch, re.MULTILINE)


def compile_modules(root: Path, modules: Sequence[str]) -> None:
    """Make bytecode of changed modules anew: a node can keep none, and would compile them at each start.

    Raises:
        SetupError: one of them is no Python.
    """
    command = ["chroot", str(root), "python3", "-m", "compileall", "-q", *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        cause = " / ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise SetupError("this machine", "compile what patches changed", cause, "Look at the patch it names.")


def extract_packages(packages: Sequence[str], suite: str, target: Path) -> None:
    """The files of packages and of what they need, below `target`; nothing is installed.

    Raises:
        SetupError: mmdebstrap failed; the last lines of it are the cause.
    """
    _bootstrap(["--variant=extract", f"--include={','.join(packages)}"], suite, target)


def _install(recipe: Recipe, target: Path) -> None:
    options = ["--variant=essential", f"--include={','.join(recipe.packages)}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _NO_FILES]
    for account in recipe.accounts:
        written = f"echo '{account.passwd}' >> \"$1/etc/passwd\"; echo '{account.group}' >> \"$1/etc/group\""
        options.append(f"--essential-hook={written}")
    # Before any package that asks is configured.
    answers = " ".join(f"'{line}'" for line in recipe.answers)
    if answers:
        options.append(f"--essential-hook=printf '%s\\n' {answers} | chroot \"$1\" debconf-set-selections")
    _bootstrap(options, recipe.suite, target)


def _bootstrap(options: Sequence[str], suite: str, target: Path) -> None:
    main, security = mirrors(apt_texts())
    command = ["unshare", "--mount", "--propagation", "private", "mmdebstrap", "--quiet", "--mode=root"]
    command += ["--format=directory", "--aptopt=Apt::Install-Recommends false", *options, suite, str(target)]
    done = subprocess.run(
        [*command, *source_lines(suite, main, security)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        remedy = f"Check that apt works here and that the mirror has Debian {suite}, then run it again."
        raise SetupError("this machine", "install the micro-OS packages", " / ".join(lines[-3:]), remedy)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
