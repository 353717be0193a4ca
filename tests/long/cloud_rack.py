"""A rack from nothing with a control plane on it, taken down at the end in any case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.cloud import Cloud
from tests.lab.fresh_rack import fresh_rack


@contextmanager
def cloud_rack(trail: str) -> Iterator[Cloud]:
    """Everything is deployed. `trail`: as of `fresh_rack`."""
    with fresh_rack(trail) as rack:
        made = Cloud(rack)
        done = made.up()
        assert done.code == 0, done.text
        print(f"from powered off to placement in {done.seconds:.0f} s")
        yield made
