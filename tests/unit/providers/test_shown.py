"""How a plan writes a change."""

from piston_iac.dynamic_providers.shown import shown_changes

OLD = {
    "vid": 20.0,
    "units": {"chrony.service": "inactive", "x": "active"},
    "password": "old",
    "trunk": [20.0],
}


def test_nothing_changed() -> None:
    assert shown_changes(OLD, dict(OLD), frozenset()) == []
    assert shown_changes({**OLD, "output": 1}, dict(OLD), frozenset()) == []


def test_field_old_and_new() -> None:
    new = {**OLD, "vid": 10, "units": {"chrony.service": "active", "x": "active"}, "trunk": [20, 30]}
    assert shown_changes(OLD, new, frozenset()) == [
        "trunk: 20 => 20, 30",
        "units.chrony.service: inactive => active",
        "vid: 20 => 10",
    ]


def test_secrets_stay_hidden() -> None:
    lines = shown_changes(OLD, {**OLD, "password": "new"}, frozenset({"password"}))
    assert lines == ["password: [secret] => [secret]"]


def test_empty_and_missing_values_have_words() -> None:
    assert shown_changes({"a": "", "b": True}, {"a": "x", "b": False, "c": []}, frozenset()) == [
        "a: (none) => x",
        "b: yes => no",
    ]


def test_lists_of_named_things_are_compared_thing_by_thing() -> None:
    n1, n2 = {"name": "n1", "mac": "a"}, {"name": "n2", "mac": "b"}
    new = {"hosts": [n2, {**n1, "mac": "c"}, {"name": "n3", "mac": "d"}]}
    assert shown_changes({"hosts": [n1, n2]}, new, frozenset()) == [
        "hosts.n1.mac: a => c",
        "hosts.n3: (none) => mac d",
    ]
