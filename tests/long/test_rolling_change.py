"""A changed setting of one service on a whole rack: see `rolling_change`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.long.cloud_rack import cloud_rack
from tests.long.rolling_change import check_rolling_change

pytestmark = pytest.mark.timeout(1500)


def test_only_the_changed_service_restarts_host_by_host(tmp_path: Path) -> None:
    with cloud_rack("rolling-change.log") as cloud:
        check_rolling_change(cloud, tmp_path)
