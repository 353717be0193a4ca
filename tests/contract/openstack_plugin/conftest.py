"""The tenants' program, driven by the real engine with the stand-in, against a cloud on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.openstack_plugin.fake_cloud import PASSWORD, FakeCloud, serve

CHECKOUT = Path(__file__).resolve().parents[3]
_RUN_TIMEOUT_S = 300.0

_SITE = """
import json, os, pulumi
told = json.loads(os.environ["SITE_TELLS"])
pulumi.export("cloudsYaml", pulumi.Output.secret(told.pop("cloudsYaml")))
for name, value in told.items():
    pulumi.export(name, value)
"""


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    """A cloud with nothing in it but its administrator and the public network."""
    cloud, server = serve()
    yield cloud
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Run:
    """One engine command."""

    code: int
    text: str


class Tenants:
    """A copy of `tenants/` and a stack of the site beside it, with a backend of their own."""

    def __init__(self, directory: Path, cloud: FakeCloud) -> None:
        engine = (CHECKOUT / "build" / "engine-dir").read_text().strip()
        plugin = CHECKOUT / "piston_iac" / "openstack_plugin"
        self._directory = directory
        self.transcript = ""
        told = {
            "cloudsYaml": _clouds_yaml(cloud),
            "cloudCa": "",
            "publicNetwork": "public",
            "dashboardUrl": "https://cloud/",
        }
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "OS_"))},
            "PATH": f"{plugin}:{engine}:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{directory / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "XDG_STATE_HOME": str(directory / "state"),
            "SITE_TELLS": json.dumps(told),
        }
        (directory / "backend").mkdir()
        (directory / "guest.raw").write_bytes(b"a guest's disk")
        self._make_site()
        self._make_tenants()

    def run(self, command: str, *options: str, project: str = "tenants") -> Run:
        """Run an engine command to its end."""
        extra = ["--yes", "--skip-preview"] if command in ("up", "destroy") else []
        process = subprocess.Popen(
            ["pulumi", command, *extra, *options, "--non-interactive", "--color", "never"],
            cwd=self._directory / project,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C at the tests is not one at the engine
        )
        try:
            text = process.communicate(timeout=_RUN_TIMEOUT_S)[0]
        finally:
            self._end_what_hangs()
        self.transcript += text
        return Run(process.returncode, text)

    def edit(self, old: str, new: str) -> None:
        """Change the program."""
        path = self._directory / "tenants" / "__main__.py"
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new))

    def set(self, key: str, value: str) -> None:
        """Change a setting of the stack."""
        self._must("config", "set", key, value)

    def everything_stored(self) -> str:
        """All that outlives a run: the backend, the log of the plugin, and what was printed."""
        files = [
            it
            for place in ("backend", "state")
            for it in (self._directory / place).rglob("*")
            if it.is_file()
        ]
        return self.transcript + "".join(it.read_text(errors="replace") for it in files)

    def _end_what_hangs(self) -> None:
        """Engine, program and plugin of a run that did not end: each has a group of its own."""
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and (entry / "cwd").resolve().is_relative_to(self._directory):
                    os.kill(int(entry.name), signal.SIGKILL)

    def _make_site(self) -> None:
        directory = self._directory / "site"
        directory.mkdir()
        (directory / "Pulumi.yaml").write_text(json.dumps(_project("piston")))
        (directory / "__main__.py").write_text(_SITE)
        self._must("stack", "init", "lab", project="site")
        up = self.run("up", project="site")
        print(up.text)
        assert up.code == 0, up.text

    def _make_tenants(self) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "stacks")
        shutil.copytree(CHECKOUT / "tenants", self._directory / "tenants", ignore=ignored)
        project = {**_project("tenants"), "options": {"refresh": "always"}}
        (self._directory / "tenants" / "Pulumi.yaml").write_text(json.dumps(project))
        self._must("stack", "init", "lab")
        settings = {
            "site": "organization/piston/lab",
            "project": "demo",
            "image": str(self._directory / "guest.raw"),
            "publicKey": "ssh-ed25519 AAAA demo",
        }
        for key, value in settings.items():
            self.set(key, value)

    def _must(self, *words: str, project: str = "tenants") -> None:
        run = self.run(*words, project=project)
        assert run.code == 0, run.text


def _project(name: str) -> dict[str, object]:
    runtime = {"name": "python", "options": {"virtualenv": str(CHECKOUT / ".venv")}}
    return {"name": name, "runtime": runtime}


def _clouds_yaml(cloud: FakeCloud) -> str:
    return textwrap.dedent(
        f"""
        clouds:
          lab:
            auth:
              auth_url: {cloud.url}/identity/v3
              username: admin
              password: {PASSWORD}
              project_name: admin
              user_domain_name: Default
              project_domain_name: Default
            region_name: r1
            identity_api_version: 3
        """
    )


@pytest.fixture
def tenants(tmp_path: Path, cloud: FakeCloud) -> Tenants:
    """The program with its settings; nothing of it is up."""
    return Tenants(tmp_path, cloud)
