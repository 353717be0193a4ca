"""Which calls bring Keystone to what a service needs, and which fields a plan compares."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from piston_iac.plan.cloud import catalogue
from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.plan.cloud.catalogue import Records, WantedEntry
from tests.unit.plan.cloud.samples import records_of_glance

URL = "https://10.64.20.10:9292"
GLANCE = WantedEntry("glance", "image", URL, "region-one", "glance")
KEYSTONE = WantedEntry("keystone", "identity", "https://10.64.20.10:5000/v3", "region-one", "")


def records(**changes: list[Any]) -> Records:
    bodies = copy.deepcopy(records_of_glance(URL, "region-one"))
    return catalogue.records([Answer(200, {**body, **_of(body, changes)}) for body in bodies])


def _of(body: dict[str, Any], changes: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if name in body}


def calls(seen: Records, login: bool = True) -> list[Call]:
    return catalogue.calls(GLANCE, seen, login, "secret")


def test_what_is_as_wanted_needs_no_call_and_no_line() -> None:
    assert calls(records()) == []
    assert catalogue.seen_fields(GLANCE, records(), True) == catalogue.wanted_fields(GLANCE)


def test_first_what_others_refer_to() -> None:
    paths = [it.path for it in calls(records(projects=[], roles=[]))]
    assert paths == ["/v3/projects", "/v3/roles"]


def test_then_account_and_entry() -> None:
    paths = [(it.method, it.path) for it in calls(records(users=[], services=[], endpoints=[]))]
    assert paths == [("POST", "/v3/users"), ("POST", "/v3/services")]


@pytest.mark.parametrize(
    ("change", "field", "method", "path"),
    [
        (
            {"users": [{"id": "u-glance", "name": "glance", "enabled": False}]},
            "account",
            "PATCH",
            "/v3/users/u-glance",
        ),
        ({"role_assignments": []}, "account", "PUT", "/v3/projects/p-service/users/u-glance/roles/r-admin"),
        (
            {"services": [{"id": "s-image", "type": "image", "name": "glance", "enabled": False}]},
            "catalogue",
            "PATCH",
            "/v3/services/s-image",
        ),
    ],
)
def test_one_difference_is_one_field_and_its_call(
    change: dict[str, Any], field: str, method: str, path: str
) -> None:
    seen = records(**change)
    assert (method, path) in [(it.method, it.path) for it in calls(seen)]
    fields, want = catalogue.seen_fields(GLANCE, seen, True), catalogue.wanted_fields(GLANCE)
    assert [name for name in want if fields[name] != want[name]] == [field]


def test_an_endpoint_elsewhere_is_set_right_and_a_second_one_goes() -> None:
    endpoints = copy.deepcopy(records_of_glance(URL, "region-one")[1]["endpoints"])
    endpoints[0]["url"] = "https://elsewhere"
    endpoints.append({**endpoints[1], "id": "e-more"})
    found = [(it.method, it.path) for it in calls(records(endpoints=endpoints))]
    assert found == [("PATCH", "/v3/endpoints/e-admin"), ("DELETE", "/v3/endpoints/e-more")]


def test_a_password_that_does_not_work_is_set_and_is_only_in_the_body() -> None:
    (call,) = calls(records(), login=False)
    assert (call.method, call.path) == ("PATCH", "/v3/users/u-glance")
    assert call.body == {"user": {"password": "secret"}}
    assert catalogue.seen_fields(GLANCE, records(), False)["account"]["password"] == "does not work"


def test_a_service_without_account_has_none() -> None:
    assert "account" not in catalogue.wanted_fields(KEYSTONE)
    assert all(it.path.startswith("/v3/services") for it in catalogue.calls(KEYSTONE, records(), True, ""))


def test_an_answer_that_is_no_list_of_records_is_refused() -> None:
    with pytest.raises(ValueError, match="503"):
        catalogue.records([Answer(503, {})] * 6)
