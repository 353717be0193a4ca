"""What OpenStack's own clients are told of the cloud."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from piston_iac.plan.cloud.clouds_yaml import cloud_ca, clouds_yaml, dashboard_url
from piston_iac.plan.services import horizon
from piston_iac.site.load import load_file
from piston_iac.site.schema import Site
from piston_iac.trust.service_authority import Kind, authority

EXAMPLE = load_file(Path(__file__).parents[4] / "stacks" / "Pulumi.example.yaml")


def site(password: str) -> Site:
    dashboard = EXAMPLE.dashboard.model_copy(update={"password": SecretStr(password)})
    return EXAMPLE.model_copy(update={"dashboard": dashboard})


@pytest.mark.parametrize("password", ["plain", 'correct "horse": ünd # %{x}', "yes", "0123", "a\tb'"])
def test_it_says_what_is_declared_whatever_the_password(password: str) -> None:
    told = yaml.safe_load(clouds_yaml(site(password), "/somewhere/ca.pem"))
    assert told == {
        "clouds": {
            "example": {
                "auth": {
                    "auth_url": "https://10.64.20.10:5000/v3",
                    "username": "admin",
                    "password": password,
                    "project_name": "admin",
                    "user_domain_name": "Default",
                    "project_domain_name": "Default",
                },
                "region_name": "region-one",
                "interface": "public",
                "identity_api_version": "3",
                "cacert": "/somewhere/ca.pem",
            }
        }
    }


def test_the_authority_is_the_one_that_the_balancers_have() -> None:
    assert cloud_ca(EXAMPLE) == authority(EXAMPLE.seed, EXAMPLE.name, Kind.WEB)
    assert cloud_ca(EXAMPLE).startswith("-----BEGIN CERTIFICATE-----\n")


def test_the_dashboard_is_where_browsers_look() -> None:
    assert horizon.SERVICE.port == 443
    assert dashboard_url(EXAMPLE) == "https://10.64.20.10/"
