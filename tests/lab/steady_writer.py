"""Runs on a node: writes small objects without a pause and says how long the longest write took."""

import json
import sys
import time
from pathlib import Path

import rados

STOP = Path("/run/steady-writer.stop")
entity, pool = sys.argv[1:]
cluster = rados.Rados(name=entity, conffile="/etc/ceph/ceph.conf", conf={"key": "@KEY@"})
cluster.connect()
io = cluster.open_ioctx(pool)
io.write_full("steady-writer", b"begin")
print("writing", flush=True)
writes, longest_s = 0, 0.0
while not STOP.exists():
    began = time.monotonic()
    io.write_full(f"steady-writer-{writes % 64}", b"x" * 65536)
    longest_s = max(longest_s, time.monotonic() - began)
    writes += 1
    time.sleep(0.02)
print(json.dumps({"writes": writes, "longest_s": round(longest_s, 1)}), flush=True)
