"""PISTON_BENCH_RESOURCES independent resources."""

from __future__ import annotations

import os

from sleeper import Sleeper

for number in range(int(os.environ["PISTON_BENCH_RESOURCES"])):
    Sleeper(f"sleeper-{number:03}")
