"""What tests do on a machine that others starve; see `tests.starvation`."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests import starvation

BEGAN = pytest.StashKey[starvation.ProcessorTime]()
UNSURE = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Remember how much processor time there was when a test began."""
    item.stash[BEGAN] = starvation.processor_time()
    return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What would outlast the gate's hour is left out, and says so."""
    if _is("lab", item) and starvation.gate_is_over(os.environ.get("PISTON_GATE_BEGAN", "")):
        pytest.skip("the hour of the change gate is over: this machine is too slow for the rest")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure of minutes in which others had the processor is no verdict, nor what follows on that rack."""
    report = yield
    if report.failed and not item.get_closest_marker("judged_always"):
        taken = starvation.processor_time().share_since(item.stash[BEGAN])
        unsure = item.config.stash.get(UNSURE, False)
        if taken >= starvation.STARVED or unsure:
            item.config.stash[UNSURE] = _is("lab", item)
            reason = f"not judged: others took {taken:.0%} of the processor time{', or before' * unsure}"
            starvation.keep(item.nodeid, reason, str(report.longrepr))
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1] or 0, reason)
    return report


def _is(kind: str, item: pytest.Item) -> bool:
    return f"tests/{kind}/" in item.nodeid
