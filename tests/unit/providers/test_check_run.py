"""One check of the cloud from its first call to the last: what it asks, what it leaves, when it gives up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from piston_iac import cloud_layout as layout
from piston_iac.dynamic_providers import check_run
from piston_iac.dynamic_providers.check_run import CheckRun
from piston_iac.dynamic_providers.waiting import Waiting
from piston_iac.errors import DeviceRefused, PistonError, TimedOut, Unreachable
from piston_iac.plan.cloud.api_call import Answer, Call
from piston_iac.plan.cloud.check import seen as looking
from piston_iac.plan.cloud.check.record import Record
from piston_iac.plan.cloud.check.seen import server_name
from tests.unit.plan.cloud.small_cloud import SmallCloud

HOSTS = ("n1", "n2")


class Driver:
    """Of a small cloud. `silent`: so many looks get no answer; `broken`: a program that finds a fault.

    `cut`: what so many first changes are answered with, in place of being done.
    """

    def __init__(self, cloud: SmallCloud, silent: int = 0, broken: str = "", cut: Sequence[int] = ()) -> None:
        self.cloud, self.silent, self.broken, self.cut = cloud, silent, broken, list(cut)
        self.asked: list[str] = []
        self.looks: list[int] = []

    def ask(self, _login: Any, calls: Sequence[Call], *_: object) -> tuple[Answer, ...]:
        if tuple(calls) == (looking.PROJECT_LOOK,):
            return (Answer(200, {"projects": [{"id": "p"}]}),)
        self.silent -= 1
        if self.silent >= 0:
            return tuple(Answer(0, {}) for _ in calls)
        told = dict(zip(looking.look("p"), self.cloud.answers(), strict=True))
        self.looks.append(len(calls))
        return tuple(told[call] for call in calls)

    def send(
        self, _login: Any, calls: Sequence[Call], *_: object, at_once: bool = False
    ) -> tuple[Answer, ...]:
        if self.cut:
            return (Answer(self.cut.pop(0), {}),)
        self.cloud.send(calls)
        return tuple(Answer(200, {}) for _ in calls)

    def change(self, login: Any, calls: Sequence[Call], *_: object) -> None:
        if any(it.lost for it in self.send(login, calls)):
            raise Unreachable("the cloud", "PATCH", "status 503", "")

    def pages(self, urls: Sequence[str], _deadline: object) -> dict[str, str]:
        names = {it["id"]: it["name"] for it in self.cloud.of("ports").values()}
        at = {it["floating_ip_address"]: names[it["port_id"]] for it in self.cloud.of("floatingips").values()}
        return {url: at[url.split("/")[2]] for url in urls}

    def run_as(self, _login: Any, program: str, *_: object) -> None:
        self.asked.append(program)
        if program == self.broken:
            raise DeviceRefused("n1", f"run {program}", "S3: PUT: status 500", "")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_run, "_WAITING", Waiting("the cloud", "check itself", "Look", poll_s=0.0))


def run(driver: Driver) -> CheckRun:
    made = CheckRun(driver, None, HOSTS)  # type: ignore[arg-type]
    made.run()
    return made


def test_everything_is_asked_and_nothing_is_left() -> None:
    driver = Driver(SmallCloud())
    done = run(driver)
    assert driver.asked == [layout.CHECK_OBJECTS, layout.CHECK_DASHBOARD]
    assert driver.cloud.left() == []
    assert len(done.seconds) == 5


def test_who_only_waits_asks_for_what_comes_by_itself() -> None:
    driver = Driver(SmallCloud())
    run(driver)
    whole, part = (len(it("p")) for it in (looking.look, looking.coming))
    assert set(driver.looks) == {whole, part}
    # Nothing was sent before a look at a part, so the whole one before it still counts.
    assert driver.looks[0] == whole


def test_a_service_that_is_silent_for_a_moment_is_asked_again() -> None:
    driver = Driver(SmallCloud(), silent=4)
    run(driver)
    assert driver.silent < 0


def test_a_call_that_is_lost_is_made_again() -> None:
    driver = Driver(SmallCloud(), cut=(502, 0, 503, 504))
    run(driver)
    assert driver.cut == []
    assert driver.cloud.left() == []


def test_the_record_of_a_check_is_kept_by_a_keystone_that_answers_late() -> None:
    driver = Driver(SmallCloud(), cut=())
    done = run(driver)
    driver.cut, kept = [503, 0], []
    driver.cloud.send = kept.extend  # type: ignore[method-assign]
    done.keep(Record("sha256:1", 2.0, HOSTS, done.seconds))
    assert [it.path for it in kept] == ["/v3/projects/p"]


def test_a_machine_that_is_given_up_without_a_word_is_started_again() -> None:
    driver = Driver(SmallCloud(gives_up="n2"))
    run(driver)
    assert driver.cloud.gives_up == ""
    assert driver.cloud.left() == []


def test_a_call_that_fails_ends_the_check() -> None:
    with pytest.raises(DeviceRefused, match="status 500"):
        run(Driver(SmallCloud(), cut=(500,)))


def test_one_that_stays_silent_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_run, "_CLEAN_S", 0.05)
    with pytest.raises(TimedOut, match="asked for networks: no answer"):
        run(Driver(SmallCloud(), silent=10**9))


@pytest.mark.parametrize(
    ("cloud", "broken", "said"),
    [
        (SmallCloud(), layout.CHECK_OBJECTS, "S3: PUT: status 500"),
        (SmallCloud(refuses="n2"), "", "no machine starts on n2"),
    ],
)
def test_what_does_not_work_is_said_and_nothing_is_left(cloud: SmallCloud, broken: str, said: str) -> None:
    with pytest.raises(PistonError, match=said):
        run(Driver(cloud, broken=broken))
    assert cloud.left() == []


def test_a_wrong_page_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_run, "_ANSWER_S", 0.05)
    driver = Driver(SmallCloud())
    right = driver.pages

    def wrong(urls: Sequence[str], deadline: object) -> dict[str, str]:
        return {**right(urls, deadline), **{it: server_name("n2") for it in urls if it.endswith("/volume")}}

    monkeypatch.setattr(driver, "pages", wrong)
    with pytest.raises(TimedOut, match=r"an answer of http://.*/volume"):
        run(driver)
    assert driver.cloud.left() == []


def test_no_host_that_can_ask_is_no_end_either() -> None:
    driver = Driver(SmallCloud())
    answers, left = driver.cloud.answers, [Unreachable("the cloud", "ask", "no host", "")]

    def once() -> tuple[Answer, ...]:
        if left:
            raise left.pop()
        return answers()

    driver.cloud.answers = once  # type: ignore[method-assign]
    run(driver)
    assert driver.cloud.left() == []
