"""Ctrl-C in the middle of an install: the run ends soon, nothing stays locked, the next run continues."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from tests.lab.operator_shell import CHECKOUT, Rack
from tests.lab.stack_file import OPTIONS

UNDER_WAY_S = 8.0
END_S = 40.0


def test_ctrl_c_leaves_a_state_that_the_next_run_continues_from(ready: Rack) -> None:
    ready.lab("power n3 off --hard")
    ready.lab("power n4 off --hard")
    # Its own session, like a terminal's foreground job: Ctrl-C reaches engine, program and host at once.
    run = subprocess.Popen(
        ["bash", "-c", f". ./env.sh; exec pulumi up {OPTIONS} --yes --skip-preview --non-interactive"],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    time.sleep(UNDER_WAY_S)
    assert run.poll() is None, "the run was over before it could be interrupted"
    os.killpg(run.pid, signal.SIGINT)
    text, _ = run.communicate(timeout=END_S)
    ready.runs.append(text)
    assert run.returncode != 0, text
    again = ready.up()
    assert again.code == 0, again.text
    after = ready.preview()
    assert after.is_clean(), after.text
