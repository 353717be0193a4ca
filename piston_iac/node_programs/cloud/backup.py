"""Backs the database up all the time: `python3 -m piston_iac.node_programs.cloud.backup run`.

It runs on every control host. The one that holds the lock makes chains (`backup_chain`) of its own member: a
full copy now and then, the binary logs every few seconds. The others stand by.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud import backup_source as source
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.backup_maker import LostLock, Maker, Settings
from piston_iac.node_programs.cloud.backup_status import DATABASE, STORAGE
from piston_iac.node_programs.cloud.backup_store import StorageAway, open_store
from piston_iac.node_programs.program import Fault, guarded, leave


def read_settings(path: Path = Path(layout.BACKUP_CONF)) -> Settings:
    """What the document says.

    Raises:
        Fault: it does not fit this image.
    """
    try:
        return Settings(**json.loads(path.read_text()))
    except (OSError, TypeError, ValueError) as error:
        raise Fault(f"{path} does not fit this image ({type(error).__name__})") from None


def run() -> None:
    """Back up until stopped."""
    settings, access = read_settings(), read_access()
    maker = Maker(settings, access.node, defers=next(iter(access.members)) == access.node)
    said = ""
    while True:
        try:
            source.server()
            with open_store() as store:
                while True:
                    maker.once(store)
                    said = _told(said, "")
                    time.sleep(settings.round_s)
        except source.DatabaseAway as error:
            maker.away(DATABASE, str(error))
            said = _told(said, str(error))
        except StorageAway as error:
            maker.away(STORAGE, str(error))
            said = _told(said, str(error))
        except LostLock as error:
            said = _told(said, str(error))
        time.sleep(settings.round_s)


def _told(before: str, now: str) -> str:
    """Each fault is one line of the journal, however long it lasts."""
    if now != before:
        print(now or "goes on", file=sys.stderr, flush=True)
    return now


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments == ["run"]:
        return guarded(run)
    print("usage: backup run", file=sys.stderr)
    return 2


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
