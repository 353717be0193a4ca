"""What goes over the cables while something is done: tcpdump at the switches, and the streams put together.

A credential may be cut by the end of a packet, so what each side of a conversation said is also put together.
Source: pcap-savefile(5), RFC 791, RFC 9293.
"""

from __future__ import annotations

import re
import signal
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from piston_iac.lab.settings import Lab
from tests.lab.secret_search import Hit, Search

_ETHERNET, _IPV4, _VLAN, _TCP, _UDP = 14, 0x0800, 0x8100, 6, 17
_HEAD, _RECORD = 24, 16
_ROOM_KIB = "131072"


@contextmanager
def captured(lab: Lab, cables: Sequence[tuple[str, str]], where: Path) -> Iterator[list[Path]]:
    """Keep every packet of these cables, each given as switch and port, until the block ends."""
    files = [where / f"{switch}-{port}.pcap" for switch, port in cables]
    with ExitStack() as opened:
        for (switch, port), file in zip(cables, files, strict=True):
            opened.enter_context(_tcpdump(lab, switch, port, file))
        yield files


@contextmanager
def _tcpdump(lab: Lab, switch: str, port: str, file: Path) -> Iterator[None]:
    # A node boots meanwhile, over a cable as fast as memory: first in line for a processor, with room for
    # moments in which all are busy.
    words = ["tcpdump", "-i", port, "-n", "-s", "0", "-B", _ROOM_KIB, "-Z", "root", "-w", str(file)]
    process = subprocess.Popen(
        ["chrt", "--rr", "1", "nsenter", f"--net={lab.netns_path(switch)}", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        said = ""
        while "listening on" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        yield
    finally:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=30)
    assert re.search(r"^0 packets dropped by kernel", rest, re.MULTILINE), rest


def in_capture(search: Search, file: Path) -> set[Hit]:
    """Look at every packet, and at what each side said as a whole."""
    said = conversations(file.read_bytes())
    return search.in_files([file]) | search.in_pieces({f"{file}: {name}": it for name, it in said.items()})


def conversations(capture: bytes) -> dict[str, bytes]:
    """What was said, by who said it to whom: `10.30.10.11:443 > 10.30.10.5:9442`. Pure.

    TCP in the order of sequence numbers, so that a packet that was sent twice is there once.
    """
    parts: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    for number, packet in enumerate(_packets(capture)):
        found = _payload(packet, number)
        if found is not None:
            who, order, payload = found
            parts[who].setdefault(order, payload)
    return {who: b"".join(it[order] for order in sorted(it)) for who, it in parts.items()}


def _packets(capture: bytes) -> Iterator[bytes]:
    at = _HEAD
    while at + _RECORD <= len(capture):
        (kept,) = struct.unpack_from("<I", capture, at + 8)
        yield capture[at + _RECORD : at + _RECORD + kept]
        at += _RECORD + kept


def _payload(packet: bytes, number: int) -> tuple[str, int, bytes] | None:
    """Who to whom, where in the conversation, and what; None for other protocols and empty packets."""
    at = _ETHERNET
    (kind,) = struct.unpack_from("!H", packet, at - 2)
    while kind == _VLAN:
        at += 4
        (kind,) = struct.unpack_from("!H", packet, at - 2)
    if kind != _IPV4 or len(packet) < at + 20:
        return None
    header, total, protocol = (
        (packet[at] & 15) * 4,
        struct.unpack_from("!H", packet, at + 2)[0],
        packet[at + 9],
    )
    source, target = (".".join(map(str, packet[at + it : at + it + 4])) for it in (12, 16))
    inner, end = at + header, at + total
    if protocol == _UDP:
        start, order = inner + 8, number
    elif protocol == _TCP:
        start, order = inner + (packet[inner + 12] >> 4) * 4, struct.unpack_from("!I", packet, inner + 4)[0]
    else:
        return None
    if start >= end:
        return None
    ports = struct.unpack_from("!HH", packet, inner)
    return f"{source}:{ports[0]} > {target}:{ports[1]}", order, packet[start:end]
