"""From a stack file and from the engine's config to a site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from piston_iac.errors import PistonError
from piston_iac.site.faults import SiteFaults
from piston_iac.site.load import load_config, load_file, read_stack
from piston_iac.site.schema import Site
from piston_iac.site.values import SEALED_PLACEHOLDER, Model

STACKS = Path(__file__).parents[3] / "stacks"
LAB = (STACKS / "Pulumi.lab.yaml").read_text()
SECRETS = {
    "seed": "0123456789abcdef0123456789abcdef",
    "factoryPassword": "ADMIN",
    "community": "public",
    "password": "correct horse",
}


def decrypted() -> dict[str, object]:
    """The lab's config as the engine holds it once its secrets are open."""

    def opened(value: object, name: str) -> object:
        if isinstance(value, dict):
            sealed = value.keys() == {"secure"}
            return SECRETS[name] if sealed else {key: opened(child, key) for key, child in value.items()}
        return value

    # YAML 1.1 reads some MAC addresses as numbers; none of the lab's.
    config = yaml.safe_load(LAB)["config"]
    return {key: opened(value, key.removeprefix("piston:")) for key, value in config.items()}


def as_json(config: dict[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def as_entries(config: dict[str, object]) -> dict[str, object]:
    return {key: {"value": value, "secret": False} for key, value in as_json(config).items()}


def open_text(site: Site) -> str:
    """The whole site as text, for comparing; secrets show as asterisks."""
    return str(site.model_dump())


def test_the_lab_is_sound_and_its_secrets_stay_sealed() -> None:
    site = load_file(STACKS / "Pulumi.lab.yaml")
    assert (site.name, site.environment, site.release, len(site.nodes)) == ("lab", "lab", "2026.11", 5)
    assert site.timeouts.model_dump() == {"boot_s": 150, "converge_s": 90, "bmc_s": 12}
    assert (site.ipmi.write_interval_s, site.disk_layout.image_cache_gib) == (0, 1)
    for secret in (site.seed, site.ipmi.factory_password, site.dashboard.password):
        assert secret.get_secret_value() == SEALED_PLACEHOLDER


def test_the_example_is_sound_and_has_every_setting() -> None:
    site = load_file(STACKS / "Pulumi.example.yaml")
    assert (site.name, site.environment, len(site.nodes)) == ("example", "production", 5)
    text = (STACKS / "Pulumi.example.yaml").read_text()
    names = {field.alias for model in Model.__subclasses__() for field in model.model_fields.values()}
    for name in names - {"name"}:  # the site's name is the file's
        assert f"{name}:" in text, f"the example does not show {name}"


@pytest.mark.parametrize("form", [dict, as_json, as_entries])
def test_config_comes_as_data_as_json_and_as_the_engine_prints_it(form: object) -> None:
    assert callable(form)
    site = load_config("lab", form(decrypted()))
    assert site.seed.get_secret_value() == SECRETS["seed"]
    assert site.ipmi.factory_password.get_secret_value() == "ADMIN"
    assert open_text(site) == open_text(load_file(STACKS / "Pulumi.lab.yaml"))


def test_config_of_others_is_left_alone() -> None:
    config = {**decrypted(), "pulumi:disable-default-providers": "[]", "openstack:cloud": "lab"}
    assert load_config("lab", config).name == "lab"


def faults_of_config(name: str, changes: Mapping[str, object]) -> SiteFaults:
    config = {key: value for key, value in {**as_json(decrypted()), **changes}.items() if value is not None}
    with pytest.raises(SiteFaults) as caught:
        load_config(name, config)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"piston:dns": "[10.30"}, "dns", "is not JSON"),
        ({"piston:dns": None}, "dns", "is missing"),
        ({"piston:dms": "[]"}, "piston:dms", "did you mean piston:dns?"),
        ({"piston:seed": {"secret": True}}, "seed", "was not decrypted"),
        ({"piston:seed": "short"}, "seed", "is shorter than 32 characters"),
        ({"piston:dashboard": {"password": 4711}}, "dashboard.password", "is not text"),
        (
            {"piston:ipmi": {"factoryUser": "A", "factoryPassword": "x" * 21}},
            "ipmi.factoryPassword",
            "than 20",
        ),
        ({"piston:bootNode": "{}"}, "bootNode.address", "is missing"),
    ],
)
def test_bad_config_is_told_without_a_file(changes: dict[str, object], path: str, words: str) -> None:
    error = faults_of_config("lab", changes)
    [fault, *_] = error.faults
    assert (fault.file, fault.line, fault.path) == ("", 0, path)
    assert words in f"{fault.cause}; {fault.fix}"


def test_a_bad_stack_name_is_a_fault() -> None:
    assert [fault.path for fault in faults_of_config("My Site", {}).faults] == ["name"]


def test_the_error_is_one_line_that_counts_the_rest() -> None:
    error = faults_of_config("lab", {"piston:dns": "[]", "piston:ntp": "[]", "piston:seed": "short"})
    assert isinstance(error, PistonError)
    assert "\n" not in str(error)
    assert str(error).startswith("stack lab: could not read its settings: seed is shorter")
    assert "(and 2 more). `piston check lab` lists all" in str(error)


def test_no_fault_shows_a_secret() -> None:
    secrets = {
        "piston:seed": "hunter2",
        "piston:dashboard": {"password": ["hunter2"]},
        "piston:snmp": {"x": "hunter2"},
    }
    error = faults_of_config("lab", secrets)
    assert len(error.faults) >= 4
    assert "hunter2" not in f"{error} {error.faults!r} {error.__cause__!r} {error.__context__!r}"
    in_file = LAB.replace("secure: v1:", "secure: hunter2 v1:").replace(
        "      community:", "      community: hunter2 #"
    )
    _, faults = read_stack("lab", in_file, "x")
    assert faults
    assert "hunter2" not in repr(faults)


@pytest.mark.parametrize("name", ["lab.yaml", "Pulumi.yaml", "Pulumi.lab.yml"])
def test_the_site_is_named_by_its_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LAB)
    with pytest.raises(SiteFaults) as caught:
        load_file(tmp_path / name)
    assert "call it Pulumi.<site>.yaml" in {fault.fix for fault in caught.value.faults}


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe\xfa", b"# nothing\n", b"just text", b"- a\n- b", b"\0"]
)
def test_an_unreadable_file_is_a_fault(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "Pulumi.lab.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SiteFaults) as caught:
        load_file(path)
    [fault] = caught.value.faults
    assert fault.path == "the file"


def test_secrets_of_a_service_or_a_cloud_key_are_fine() -> None:
    salt = next(line for line in LAB.splitlines() if line.startswith("encryptionsalt"))
    by_cloud_key = LAB.replace(salt, "secretsprovider: awskms://alias/piston\nencryptedkey: QUJD")
    assert read_stack("lab", by_cloud_key, "x")[1] == []


def test_each_line_may_be_lost() -> None:
    lines = LAB.splitlines(keepends=True)
    for index, lost in enumerate(lines):
        site, faults = read_stack("lab", "".join(lines[:index] + lines[index + 1 :]), "x")
        assert (site is None) == bool(faults), lost
        assert all(1 <= fault.line <= len(lines) and fault.cause and fault.fix for fault in faults), lost


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(LAB)), st.integers(0, 30), st.text(st.characters(codec="utf-8"), max_size=8))
def test_no_text_gets_past_as_anything_but_faults(at: int, length: int, noise: str) -> None:
    site, faults = read_stack("lab", LAB[:at] + noise + LAB[at + length :], "x")
    assert (site is None) == bool(faults)
    assert all("\n" not in str(fault) for fault in faults)
