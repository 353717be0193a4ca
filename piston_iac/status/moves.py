"""Which virtual machines were started elsewhere, as their node was taken for dead: Nova keeps a record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from piston_iac import cloud_layout as layout
from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.cloud_defaults import CloudDefaultsInputs
from piston_iac.dynamic_providers.control_access import open_control_plane
from piston_iac.errors import DeviceRefused
from piston_iac.plan.cloud.api_call import OK, Call
from piston_iac.program.declared import Declared
from piston_iac.status.asking import Probe
from piston_iac.status.timeline import NOVA, Event, record_event

MOVES = "Nova's record of moves"
_DEVICE = "the cloud"
_LOOK_S, _LIMIT_S = 12.0, 30.0
# The first version that tells the kind of a move.
_VERSION = (("OpenStack-API-Version", "compute 2.23"),)
_LOOK = Call("GET", "/v2.1/os-migrations?migration_type=evacuation", port=layout.NOVA_PORT, headers=_VERSION)
_FAILED = ("error", "failed")


def moves_probes(declared: Iterable[Declared]) -> list[Probe]:
    """The one question, where the site has a cloud."""
    return [_probe(it.inputs) for it in declared if isinstance(it.inputs, CloudDefaultsInputs)]


def _probe(inputs: CloudDefaultsInputs) -> Probe:
    def ask(deadline: Deadline) -> list[dict[str, Any]]:
        (answer,) = open_control_plane(inputs).ask(inputs.login(), (_LOOK,), deadline)
        if answer.code != OK:
            raise DeviceRefused(_DEVICE, "read its record of moves", answer.reason(), "See Nova's own line.")
        moves: list[dict[str, Any]] = answer.body["migrations"]
        return moves

    return Probe(MOVES, _DEVICE, _LOOK_S, _LIMIT_S, ask)


def from_nova(records: Iterable[Any]) -> list[Event]:
    """Events of what `MOVES` was answered with. Pure; a record that does not fit is left out."""
    return [event for it in records if (event := record_event(NOVA, _told(it), "source")) is not None]


def _told(record: Any) -> dict[str, Any]:
    try:
        where = record["dest_compute"] or "another node"
        verb = "did not start" if record["status"] in _FAILED else "was started"
        what = f"virtual machine {record['instance_uuid']} {verb} on {where}: this node was taken for dead"
        return {"at": record["created_at"], "source": record["source_compute"], "what": what}
    except (KeyError, TypeError):
        return {}
