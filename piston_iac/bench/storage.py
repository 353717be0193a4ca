"""How fast is the cluster storage of the lab? Ceph's own clients on one node, next to what they stand on.

All disks of the rack are files on one disk of this machine, and all daemons share its cores: the figures
say what the way through Ceph costs here, not what disks of their own would give.
"""

from __future__ import annotations

import json
import re

from piston_iac.bench.shell import output_of

_POOL = "volumes"
_SECONDS = 8
_MB = 1e6


def measure() -> dict[str, float]:
    """Bytes per second and operations per second, by the names of the table. The rack is up."""
    try:
        big = _rados(f"bench {_SECONDS} write -b 4194304 -t 8 --no-cleanup --run-name big")
        read = _rados(f"bench {_SECONDS} seq -t 8 --run-name big")
        small = _rados(f"bench {_SECONDS} write -b 4096 -t 16 --no-cleanup --run-name small")
        return {
            "rados_write_Bps": _told(big, "bandwidth") * _MB,
            "rados_read_Bps": _told(read, "bandwidth") * _MB,
            "rados_small_writes_ps": _told(small, "average_iops"),
            "rbd_write_Bps": _rbd("--io-size 4M --io-threads 8 --io-total 256M", "bytes"),
            "rbd_small_writes_ps": _rbd("--io-size 4096 --io-threads 16 --io-total 8M", "ops"),
            "bare_disk_write_Bps": _bare_disk(),
        }
    finally:
        for name in ("big", "small"):
            _rados(f"cleanup --run-name {name}")


def _rados(arguments: str) -> str:
    return output_of(f"piston ceph run lab -- rados -p {_POOL} --format json {arguments}")


def _told(text: str, field: str) -> float:
    told = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return float(told[field])


def _rbd(options: str, field: str) -> float:
    """`rbd bench` on an image of its own. `field`: `bytes` or `ops` per second."""
    image = f"{_POOL}/bench"
    tool = "piston ceph run lab -- rbd"
    output_of(f"{tool} create --size 512M {image}")
    try:
        text = output_of(f"{tool} bench --io-type write --io-pattern rand {options} {image}")
    finally:
        output_of(f"{tool} rm --no-progress {image}")
    said = re.search(r"ops/sec: ([\d.]+) +bytes/sec: ([\d.]+)( \wiB)?", text)
    if not said:
        raise ValueError(f"rbd bench said something else: {text[-200:]}")
    scale = {" KiB": 2**10, " MiB": 2**20, " GiB": 2**30}.get(said[3] or "", 1)
    return float(said[1]) if field == "ops" else float(said[2]) * scale


def _bare_disk() -> float:
    """Writing 256 MiB in pieces of 4 MiB straight to the local mirror of one node: two copies, no network."""
    write = "dd if=/dev/zero of=/persist/bench bs=4M count=64 oflag=direct conv=fsync"
    return dd_rate(output_of(f"piston lab console n1 -- sh -c '{write} 2>&1; rm -f /persist/bench'"))


def dd_rate(text: str) -> float:
    """Bytes per second, from what dd says at its end. Pure."""
    said = re.search(r"(\d+) bytes .* copied, ([\d.]+) s", text)
    if not said:
        raise ValueError(f"dd said something else: {text[-200:]}")
    return float(said[1]) / float(said[2])
