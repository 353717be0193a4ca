"""Logs in at the dashboard with a real browser, and looks at the instances: pictures and their names.

`bin/at-operator --core .venv/bin/python -m tests.lab.dashboard_browser URL CA USER PROJECT DIRECTORY`, the
password on standard input, the project by its id. It needs what `setup/browser.sh` installs. Prints what the
table of instances says, and leaves `dashboard-login.png` and `dashboard-instances.png` in the directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

_WAIT_S = 60.0
_SIZE = "1280,800"


def trust(home: Path, authority: Path) -> None:
    """Have the browser that has this home take the site's authority, and no other certificate of its own."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    tool = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*tool, "-N", "--empty-password"], check=True)
    subprocess.run([*tool, "-A", "-t", "C,,", "-n", "site", "-i", str(authority)], check=True)


def browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for option in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        f"window-size={_SIZE}",
    ):
        options.add_argument(f"--{option}")
    return webdriver.Chrome(options, Service("/usr/bin/chromedriver"))


def look(url: str, user: str, password: str, project: str, directory: Path) -> str:
    """Log in, and choose a project by its id; the text of the table of instances."""
    page = browser()
    try:
        page.set_page_load_timeout(_WAIT_S)
        waiting = WebDriverWait(page, _WAIT_S)
        page.get(f"{url}/auth/login/")
        waiting.until(presence_of_element_located((By.NAME, "username"))).send_keys(user)
        page.find_element(By.NAME, "password").send_keys(password)
        page.save_screenshot(str(directory / "dashboard-login.png"))
        page.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        waiting.until(presence_of_element_located((By.CSS_SELECTOR, "a[href*='/auth/logout/']")))
        page.get(f"{url}/auth/switch/{project}/?next=/project/instances/")
        waiting.until(
            presence_of_element_located((By.CSS_SELECTOR, "table#instances tbody tr[data-object-id]"))
        )
        page.save_screenshot(str(directory / "dashboard-instances.png"))
        return page.find_element(By.ID, "instances").text
    finally:
        page.quit()


def main(arguments: list[str]) -> int:
    url, authority, user, project, directory = arguments
    with tempfile.TemporaryDirectory() as home:
        trust(Path(home), Path(authority))
        os.environ["HOME"] = home
        print(look(url, user, sys.stdin.readline().strip(), project, Path(directory)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
