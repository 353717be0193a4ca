"""How do snapshot and writes look on the wire? Pure. Source: RFC 7047, sections 5.1 and 5.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from piston_iac.devices.switch.ovsdb_rows import (
    BRIDGE,
    AddSvi,
    InterfaceRow,
    PortRow,
    RemoveSvi,
    SetColumn,
    SetId,
    Snapshot,
    Write,
    svi_name,
)

_COLUMNS = {
    "Open_vSwitch": ("next_cfg", "cur_cfg", "external_ids"),
    "Bridge": ("name", "ports", "external_ids"),
    "Port": ("_uuid", "name", "tag", "trunks", "vlan_mode", "external_ids"),
    "Interface": ("name", "type", "mtu_request", "external_ids", "error"),
}

Operation = dict[str, object]
_Rows = list[dict[str, object]]


class Malformed(Exception):
    """The server's answer is not what RFC 7047 says."""


class Refused(Exception):
    """The server understood and said no; the text is its reason."""


def snapshot_operations() -> list[Operation]:
    """One transaction that reads everything at one moment."""
    return [
        {"op": "select", "table": table, "where": [], "columns": list(columns)}
        for table, columns in _COLUMNS.items()
    ]


def parse_snapshot(result: object) -> Snapshot:
    """The answer to `snapshot_operations`.

    Raises:
        Refused: there is no bridge of ours. Malformed: this is not an Open vSwitch database.
    """
    parts = _list(result)
    if len(parts) != len(_COLUMNS):
        raise Malformed
    try:
        return _snapshot(*map(_rows, parts))
    except (KeyError, IndexError):
        raise Malformed from None


def _snapshot(systems: _Rows, bridges: _Rows, ports: _Rows, interfaces: _Rows) -> Snapshot:
    ours = [row for row in bridges if row["name"] == BRIDGE]
    if not ours or not systems:
        raise Refused(f"it has no bridge {BRIDGE}")
    members = set(_uuids(ours[0]["ports"]))
    port_rows = [row for row in map(_port, ports) if row.uuid in members]
    return Snapshot(
        ports={row.name: row for row in port_rows},
        interfaces={row.name: row for row in map(_interface, interfaces)},
        bridge_ids=_map(ours[0]["external_ids"]),
        system_ids=_map(systems[0]["external_ids"]),
        next_cfg=_int(systems[0]["next_cfg"]),
        cur_cfg=_int(systems[0]["cur_cfg"]),
    )


def write_operations(snapshot: Snapshot, writes: Sequence[Write]) -> list[Operation]:
    """One transaction that does the writes if what they rest on is still so.

    Its last operation reads the configuration number that vswitchd will report when it is done.
    """
    operations = [operation for write in writes for operation in _operations(snapshot, write)]
    count: Operation = {
        "op": "mutate",
        "table": "Open_vSwitch",
        "where": [],
        "mutations": [["next_cfg", "+=", 1]],
    }
    read: Operation = {"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"]}
    return [*operations, count, read]


def parse_written(result: object) -> int | None:
    """Configuration number of the transaction; None when what it rested on had changed.

    Raises:
        Refused: the server's reason.
    """
    replies = _list(result)
    errors = [reply for reply in replies if isinstance(reply, dict) and reply.get("error")]
    if any(reply["error"] == "timed out" for reply in errors):
        return None
    if errors:
        raise Refused(f"{errors[0]['error']}: {errors[0].get('details', 'no details')}")
    return _int(_rows(replies[-1])[0]["next_cfg"])


def _operations(snapshot: Snapshot, write: Write) -> Iterator[Operation]:
    match write:
        case SetColumn(table, name, column, value):
            yield _still(snapshot, table, name, column)
            yield {"op": "update", "table": table, "where": _named(name), "row": {column: _encode(value)}}
        case SetId(table, name, key, value):
            # A mutation, not a write of the whole map: parallel changes of other keys do not collide.
            changes: list[list[object]] = [["external_ids", "delete", ["set", [key]]]]
            if value is not None:
                changes.append(["external_ids", "insert", ["map", [[key, value]]]])
            yield {"op": "mutate", "table": table, "where": _named(name), "mutations": changes}
        case AddSvi():
            yield from _add_svi(write)
        case RemoveSvi(vid, unused_by):
            for name in unused_by:
                yield _still(snapshot, "Port", name, "tag")
                yield _still(snapshot, "Port", name, "trunks")
            yield _members("delete", ["uuid", snapshot.ports[svi_name(vid)].uuid])


def _add_svi(svi: AddSvi) -> Iterator[Operation]:
    name = svi_name(svi.vid)
    interface = {
        "name": name,
        "type": "internal",
        "mtu_request": svi.mtu,
        "external_ids": _encode_map(svi.interface_ids),
    }
    port = {
        "name": name,
        "interfaces": ["named-uuid", "interface"],
        "tag": svi.vid,
        "external_ids": _encode_map(svi.port_ids),
    }
    # Somebody who shares this switch may have made it since: then we look again.
    for table in ("Port", "Interface"):
        yield _not_yet(table, name)
    yield {"op": "insert", "table": "Interface", "uuid-name": "interface", "row": interface}
    yield {"op": "insert", "table": "Port", "uuid-name": "port", "row": port}
    yield _members("insert", ["named-uuid", "port"])


def _not_yet(table: str, name: str) -> Operation:
    """Fail the transaction when there is a row of that name by now."""
    return {
        "op": "wait",
        "timeout": 0,
        "table": table,
        "where": _named(name),
        "columns": ["name"],
        "until": "==",
        "rows": [],
    }


def _members(mutator: str, port: list[str]) -> Operation:
    """Change the bridge's set of ports by one member; parallel changes do not collide."""
    mutation = ["ports", mutator, ["set", [port]]]
    return {"op": "mutate", "table": "Bridge", "where": _named(BRIDGE), "mutations": [mutation]}


def _still(snapshot: Snapshot, table: str, name: str, column: str) -> Operation:
    """Fail the transaction when the column no longer holds what the snapshot says."""
    seen: dict[str, int | str | tuple[int, ...] | None]
    if table == "Port":
        port = snapshot.ports[name]
        seen = {"tag": port.tag, "trunks": port.trunks, "vlan_mode": port.mode or None}
    else:
        interface = snapshot.interfaces[name]
        seen = {"type": interface.kind, "mtu_request": interface.mtu_request}
    return {
        "op": "wait",
        "timeout": 0,
        "table": table,
        "where": _named(name),
        "columns": [column],
        "until": "==",
        "rows": [{column: _encode(seen[column])}],
    }


def _named(name: str) -> list[list[str]]:
    return [["name", "==", name]]


def _encode(value: int | str | tuple[int, ...] | None) -> object:
    if value is None:
        return ["set", []]
    return ["set", list(value)] if isinstance(value, tuple) else value


def _encode_map(items: Mapping[str, str]) -> list[object]:
    return ["map", [[key, value] for key, value in items.items()]]


def _port(row: Mapping[str, object]) -> PortRow:
    return PortRow(
        uuid=_uuids(row["_uuid"])[0],
        name=str(row["name"]),
        tag=next(iter(_ints(row["tag"])), None),
        trunks=tuple(sorted(_ints(row["trunks"]))),
        mode=next((str(mode) for mode in _set(row["vlan_mode"])), ""),
        external_ids=_map(row["external_ids"]),
    )


def _interface(row: Mapping[str, object]) -> InterfaceRow:
    return InterfaceRow(
        name=str(row["name"]),
        kind=str(row["type"]),
        mtu_request=next(iter(_ints(row["mtu_request"])), None),
        external_ids=_map(row["external_ids"]),
        error=next((str(error) for error in _set(row["error"])), ""),
    )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed
    return value


def _rows(reply: object) -> list[dict[str, object]]:
    if not isinstance(reply, dict) or "rows" not in reply:
        raise Malformed
    return [row for row in _list(reply["rows"]) if isinstance(row, dict)]


def _set(value: object) -> list[object]:
    """Members of a set. A set of one is written as its member."""
    if isinstance(value, list) and value[:1] == ["set"]:
        return _list(value[1])
    return [value]


def _ints(value: object) -> Iterable[int]:
    return [_int(member) for member in _set(value)]


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise Malformed
    return value


def _uuids(value: object) -> list[str]:
    return [str(_list(member)[1]) for member in _set(value)]


def _map(value: object) -> dict[str, str]:
    return {str(_list(pair)[0]): str(_list(pair)[1]) for pair in _list(_list(value)[1])}
