"""Runs `mon_rebuild VERB` inside a test machine, with daemons as plain processes."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, "/run")
import driven  # type: ignore[import-not-found]

from piston_iac.node_programs.ceph_osd import Units
from piston_iac.node_programs.mon_rebuild import main

status = main(sys.argv[1:], Units(driven.start, driven.stop))
sys.stdout.flush()
os._exit(status)
