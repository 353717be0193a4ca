"""Puts the empty database into a base that was just made."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.errors import SetupError
from piston_iac.micro_os.database.schemas import PROGRAM, order

# The copy of the base, the work in memory, and all that runs there end with the namespaces.
_INSIDE = r"""set -eu
base=$1 scratch=$2 program=$3
mount -t tmpfs work "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
mount -t proc proc "$scratch/root/proc"
mount --bind /dev "$scratch/root/dev"
ip link set lo up
mkdir "$scratch/root/making"
cp "$program" "$scratch/root/making/make.py"
LC_ALL=C chroot "$scratch/root" python3 /making/make.py /making
for name in database.tar schemas.json; do
    install -D -m 0644 "$scratch/root/making/$name" "$base$(dirname "$4")/$name"
done
"""


def add_database(base: Path) -> None:
    """Make it with the programs of `base`, and leave it there.

    Raises:
        SetupError: a step failed; the last lines of it are the cause.
    """
    with tempfile.TemporaryDirectory(prefix="build-database-", dir=base.parent) as scratch:
        words = ["sh", "-c", _INSIDE, "build", str(base), scratch, str(PROGRAM), layout.EMPTY_DATABASE]
        namespaces = [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        ]
        done = subprocess.run(
            [*namespaces, *words], input=json.dumps(order()), capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        remedy = "Free memory and disk space, or run it as root."
        cause = " / ".join(lines[-3:]) or f"exit status {done.returncode}"
        raise SetupError("this machine", "make the micro-OS's empty database", cause, remedy)
