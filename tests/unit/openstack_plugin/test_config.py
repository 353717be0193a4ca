"""Settings of a provider instance, as the SDK sends them."""

from __future__ import annotations

from piston_iac.openstack_plugin.config import faults, parse, secrets

LOGIN = {"authUrl": "https://cloud:5000/v3", "userName": "a", "password": "planted", "tenantId": "p"}


def test_a_login_has_openstacksdks_names() -> None:
    config = parse({**LOGIN, "region": "r1", "endpointType": "internalURL"})
    assert config.auth == {
        "auth_url": "https://cloud:5000/v3",
        "username": "a",
        "password": "planted",
        "project_id": "p",
    }
    assert (config.region, config.interface, config.insecure) == ("r1", "internal", False)


def test_what_is_no_text_comes_as_json() -> None:
    assert parse({**LOGIN, "insecure": "true"}).insecure
    assert not parse({**LOGIN, "insecure": "false"}).insecure


def test_the_password_is_in_no_text_of_it() -> None:
    assert "planted" not in repr(parse(LOGIN))
    assert secrets(LOGIN) == {"planted"}


def test_a_setting_without_effect_here_is_named() -> None:
    assert faults({**LOGIN, "delayedAuth": "true"}) == {}
    assert faults({**LOGIN, "token": "t"}).keys() == {"token"}


def test_without_a_place_there_is_no_cloud() -> None:
    assert faults({}).keys() == {"authUrl"}
    assert faults({"cloud": "lab"}) == {}
