"""A status on a terminal: the rack at a glance, then what is not as wanted. Pure: makes what rich prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from piston_iac.plan.cloud.fields import HELD
from piston_iac.status.model import (
    SILENT,
    UNKNOWN,
    Bmc,
    BootNode,
    Ceph,
    Cloud,
    Node,
    Status,
    Switch,
    Verdict,
)
from piston_iac.status.render_wrong import render_wrong

_GOOD, _BAD, _DULL, _BUSY = "green", "bold red", "dim", "yellow"
_NOTHING = "-"
_HEADS = ("node", "power", "agent", "release", "mirror", "uplink", "OSDs", "wrong")
_GOOD_WORDS = frozenset({"on", "settled", "healthy", "up"})
_BUSY_WORDS = frozenset({"applying", "waiting"})
_WAITING_SHOWN = 3
# Lines of the picture beside nodes, Ceph's checks and what is wrong; the least rows that a table keeps.
_OTHER_LINES, _LEAST = 10, 3


def render(status: Status, lines: int | None = None) -> RenderableType:
    """The whole picture.

    Args:
        lines: how many the screen has; what has no room is counted. Nodes with something wrong come first.
    """
    most_nodes = None if lines is None else max(_LEAST, (lines - _OTHER_LINES) // 2)
    nodes = _rack(status.nodes, most_nodes)
    parts: list[RenderableType] = [_head(status), Text(), nodes, Text(), _devices(status)]
    taken = _OTHER_LINES + min(len(status.nodes), most_nodes or len(status.nodes)) + len(status.ceph.checks)
    room = None if lines is None else max(_LEAST, lines - taken)
    wrong = [row for row in status.wrong if row.verdict is not Verdict.UNASKED]
    parts += render_wrong(wrong, room)
    parts += [Text(f"note: {note}", style=_BUSY) for note in status.notes]
    return Group(*parts)


def verdict_line(status: Status) -> Text:
    """One line: is all well?"""
    wrong, asked = len(status.wrong), len(status.resources)
    open_ = sum(row.verdict is Verdict.UNASKED for row in status.wrong)
    if status.as_wanted:
        return Text(f"all as wanted: {asked} of {asked} resources", style=_GOOD)
    if open_ == wrong and status.waiting:
        return Text(f"asking: {asked - open_} of {asked} answered", style=_BUSY)
    if wrong == 0:
        but = f"Ceph says {status.ceph.health}" if status.ceph.health != "HEALTH_OK" else "see the notes"
        return Text(f"{asked} resources as wanted, but {but}", style=_BUSY)
    differ = sum(bool(row.differences) or row.verdict is Verdict.FAULT for row in status.wrong)
    counts = {"not as wanted": differ, "not to be seen": wrong - differ - open_, "not known yet": open_}
    told = [f"{count} {what}" for what, count in counts.items() if count]
    return Text(f"of {asked} resources {', '.join(told)}", style=_BAD)


def _head(status: Status) -> Text:
    time = status.at.partition("T")[2][:8]
    line = Text.assemble((f"{status.site}  ", "bold"), (f"{time} UTC  ", _DULL), verdict_line(status))
    slow = [f"{device} {waited_s:.0f} s" for device, waited_s in status.waiting.items() if waited_s >= 1]
    if slow:
        more = f" and {len(slow) - _WAITING_SHOWN} more" if len(slow) > _WAITING_SHOWN else ""
        line.append(f"  waiting for {', '.join(slow[:_WAITING_SHOWN])}{more}", style=_DULL)
    return line


def _rack(nodes: Sequence[Node], most: int | None) -> RenderableType:
    table = Table(*_HEADS, box=None, pad_edge=False, header_style="bold")
    shown = list(nodes)
    if most is not None and len(shown) > most:
        shown = sorted(nodes, key=lambda node: node.wrong == 0)[: max(most - 1, 1)]
    for node in shown:
        table.add_row(*_node_cells(node))
    if len(shown) == len(nodes):
        return table
    rest = [node for node in nodes if node not in shown]
    wrong = sum(node.wrong > 0 for node in rest)
    told = f"{wrong} of them with something wrong" if wrong else "all as wanted"
    return Group(table, Text(f"and {len(rest)} more nodes, {told}", style=_DULL))


def _node_cells(node: Node) -> list[Text]:
    release = _word(node.release)
    if node.release == node.release_wanted:
        release.stylize(_GOOD)
    elif node.release != UNKNOWN:
        release = Text(f"{node.release}, not {node.release_wanted}", style=_BAD)
    up = _NOTHING if node.osds_up is None else f"{node.osds_up}/{node.osds}"
    osd_style = _DULL if node.osds_up is None else _GOOD if node.osds_up == node.osds else _BAD
    wrong = Text(str(node.wrong), style=_BAD) if node.wrong else Text(_NOTHING, style=_DULL)
    phase = _word(node.phase)
    if node.power == "off" and node.phase == SILENT:
        # One cause, one red word.
        phase = Text(SILENT, style=_DULL)
    return [
        Text(node.name, style="bold"),
        _word(node.power),
        phase,
        release,
        _word(node.mirror),
        _word(node.uplink),
        Text(up, style=osd_style),
        wrong,
    ]


def _word(word: str) -> Text:
    if word == UNKNOWN:
        return Text(_NOTHING, style=_DULL)
    style = _GOOD if word in _GOOD_WORDS else _BUSY if word in _BUSY_WORDS else _BAD
    return Text(word, style=style)


def _devices(status: Status) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("BMCs", _bmcs(status.bmcs))
    table.add_row("switches", Text(", ").join([_switch(it) for it in status.switches]))
    table.add_row("boot node", _boot_node(status.boot_node))
    table.add_row("Ceph", _ceph(status.ceph))
    if status.cloud is not None:
        table.add_row("cloud", _cloud(status.cloud))
    return table


def _bmcs(bmcs: Sequence[Bmc]) -> Text:
    answering = sum(bmc.verdict in (Verdict.RIGHT, Verdict.DIFFERS) for bmc in bmcs)
    ours = sum(bmc.login == "right" for bmc in bmcs)
    total = len(bmcs)
    style = _GOOD if answering == ours == total else _unasked(bmcs)
    return Text(f"{answering} of {total} answer, {ours} take our login", style=style)


def _unasked(rows: Sequence[Bmc]) -> str:
    return _BUSY if any(row.verdict is Verdict.UNASKED for row in rows) else _BAD


def _switch(switch: Switch) -> Text:
    name = switch.device.removeprefix("switch ")
    if switch.verdict is Verdict.UNREACHABLE:
        return Text(f"{name} gives no answer", style=_BAD)
    style = {Verdict.RIGHT: _GOOD, Verdict.UNASKED: _BUSY}.get(switch.verdict, _BAD)
    return Text(f"{name} {switch.right} of {switch.total} right", style=style)


def _boot_node(boot: BootNode) -> Text:
    if not boot.services:
        gone = boot.verdict is Verdict.UNREACHABLE
        return Text("gives no answer" if gone else "asking", style=_BAD if gone else _BUSY)
    stopped = [f"{unit} {state}" for unit, state in boot.services.items() if state != "active"]
    serves = boot.release == boot.release_wanted and boot.release_complete
    release = f"release {boot.release}" + ("" if boot.release_complete else " incomplete")
    if boot.release != boot.release_wanted:
        release += f", not {boot.release_wanted}"
    parts = [
        Text(", ".join(stopped) or f"{len(boot.services)} services active", style=_BAD if stopped else _GOOD),
        Text(release, style=_GOOD if serves else _BAD),
        Text(f"clock {boot.clock}", style=_GOOD if boot.clock == "in step" else _BUSY),
        Text(f"lease {boot.lease}", style=_DULL if boot.lease == "free" else _BUSY),
    ]
    return Text(", ").join(parts)


def _ceph(ceph: Ceph) -> Text:
    if ceph.verdict is Verdict.UNASKED:
        return Text("asking", style=_BUSY)
    if ceph.health == UNKNOWN:
        made = ceph.verdict is not Verdict.DIFFERS
        return Text("no quorum of mons answers" if made else "not made yet", style=_BAD)
    style = {"HEALTH_OK": _GOOD, "HEALTH_WARN": _BUSY}.get(ceph.health, _BAD)
    parts = [
        Text(ceph.health, style=style),
        _count("mons", ceph.mons_in_quorum, ceph.mons, "in quorum"),
        _count("OSDs", ceph.osds_up, ceph.osds, "up"),
        _count("OSDs", ceph.osds_in, ceph.osds, "in"),
        _count("pools", ceph.pools_right, ceph.pools, "right"),
        Text(f"{ceph.used_gib} of {ceph.capacity_gib} GiB raw used", style=_DULL),
    ]
    line = Text(", ").join(parts)
    for name, text in ceph.checks.items():
        line.append(f"\n{name}: {text}", style=_BUSY)
    return line


def _cloud(cloud: Cloud) -> Text:
    if cloud.verdict is Verdict.UNASKED:
        return Text("asking", style=_BUSY)
    if cloud.databases is None:
        return Text("no control host answers", style=_BAD)
    parts = [
        _count("databases", cloud.databases, cloud.hosts, "in step"),
        _count("queue members", cloud.queues, cloud.hosts, "right"),
        _count("OVN members", cloud.ovn, cloud.ovn_hosts, "right"),
        Text(f"address {cloud.address}", style=_GOOD if cloud.address == HELD else _BAD),
        _count("services", cloud.services_right, cloud.services, "right"),
    ]
    return Text(", ").join(parts)


def _count(what: str, seen: int | None, wanted: int, how: str) -> Text:
    return Text(f"{seen} of {wanted} {what} {how}", style=_GOOD if seen == wanted else _BAD)
