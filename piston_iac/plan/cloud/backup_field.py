"""Do the backups of the databases go on? One field of the plan, made of what the hosts say. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from piston_iac.plan.cloud.backups import shown
from piston_iac.plan.cloud.seen import HostLook

CURRENT = "current"
_OLD_S = 300


def backup_state(looks: Sequence[HostLook], before: str) -> str:
    """`current`; else `none yet` or how far they go, and why where a host says so.

    Silent while nobody can make one: that storage or database is away is told by another line. So is the time
    until hosts that have just got them back have made one.

    Args:
        looks: of the hosts that answer.
        before: the field's last value, for when none does.
    """
    able = [it.backup for it in looks if it.database.usable and it.backup.able_s and not it.backup.waits]
    if not looks:
        return before
    if not able or min(it.age_s for it in able) <= _OLD_S or max(it.able_s for it in able) <= _OLD_S:
        return CURRENT
    until = max(it.until for it in able)
    faults = sorted({it.fault for it in able if it.fault})
    why = f" ({'; '.join(faults)})" if faults else ""
    return (f"last at {shown(until)}" if until else "none yet") + why
