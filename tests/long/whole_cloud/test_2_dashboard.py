"""The dashboard in a real browser: log in, see the instance. Its pictures are those of the docs."""

from __future__ import annotations

import subprocess

import pytest

from tests.lab.cloud import ADDRESS, Cloud
from tests.lab.cloud_user import CloudUser
from tests.lab.operator_shell import CHECKOUT

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    """No other test needs one, and it is large."""
    subprocess.run([CHECKOUT / "setup" / "browser.sh"], check=True)


def test_a_user_logs_in_and_sees_the_instance(cloud: Cloud, user: CloudUser) -> None:
    address = user.starts("seen-in-the-dashboard", "n4")
    # An administrator has the check's project too, and the dashboard begins with either.
    project = user.sees("project show admin")["id"]
    pictures = CHECKOUT / "build" / "pictures"
    pictures.mkdir(exist_ok=True)
    browser = "bin/at-operator --core .venv/bin/python -m tests.lab.dashboard_browser"
    done = subprocess.run(
        [
            "bash",
            "-c",
            f". ./env.sh; {browser} https://{ADDRESS} {cloud.ca_file()} admin {project} {pictures}",
        ],
        cwd=CHECKOUT,
        input=f"{cloud.admin_password()}\n",
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    user.removes("seen-in-the-dashboard", address)
    assert done.returncode == 0, done.stderr
    assert "seen-in-the-dashboard" in done.stdout and "Active" in done.stdout, done.stdout
