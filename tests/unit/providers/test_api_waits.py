"""Services that wait for their APIs share looks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from piston_iac.dynamic_providers.api_waits import Api, ApiWaits, Places

NOVA, CINDER = (8774, "/"), (8776, "/")


class Apis:
    """Counts looks, and holds the first one until it is let go."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.began, self.go = threading.Event(), threading.Event()

    def look(self, apis: Mapping[str, Api]) -> Mapping[str, Places]:
        self.asked.append(set(apis))
        if len(self.asked) == 1:
            self.began.set()
            assert self.go.wait(5)
        return {name: {"address": port} for name, (port, _) in apis.items()}


def test_who_asks_soon_after_gets_what_is_known() -> None:
    apis, waits = Apis(), ApiWaits(fresh_s=60.0)
    apis.go.set()
    assert waits.places("nova", NOVA, apis.look) == {"address": 8774}
    assert waits.places("cinder", CINDER, apis.look) == {"address": 8776}
    assert waits.places("nova", NOVA, apis.look) == {"address": 8774}
    assert apis.asked == [{"nova"}, {"nova", "cinder"}]


def test_an_old_look_answers_nobody() -> None:
    apis, waits = Apis(), ApiWaits(fresh_s=0.0)
    apis.go.set()
    for _ in range(2):
        waits.places("nova", NOVA, apis.look)
    assert apis.asked == [{"nova"}, {"nova"}]


def test_one_that_came_too_late_for_a_look_gets_its_own() -> None:
    apis, waits = Apis(), ApiWaits()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(waits.places, "nova", NOVA, apis.look)
        assert apis.began.wait(5)
        second = pool.submit(waits.places, "cinder", CINDER, apis.look)
        apis.go.set()
        assert (first.result(5), second.result(5)) == ({"address": 8774}, {"address": 8776})
    assert apis.asked[0] == {"nova"}


def test_nobody_asks_for_one_that_is_done() -> None:
    apis, waits = Apis(), ApiWaits(fresh_s=0.0)
    apis.go.set()
    waits.places("nova", NOVA, apis.look)
    waits.done("nova")
    waits.places("cinder", CINDER, apis.look)
    assert apis.asked[-1] == {"cinder"}


def test_a_look_that_fails_fails_all_who_wait_for_it_and_no_later_one() -> None:
    apis, waits = Apis(), ApiWaits()
    apis.go.set()

    def fails(_: Mapping[str, Api]) -> Mapping[str, Places]:
        raise OSError("no answer")

    with pytest.raises(OSError, match="no answer"):
        waits.places("nova", NOVA, fails)
    assert waits.places("nova", NOVA, apis.look) == {"address": 8774}
