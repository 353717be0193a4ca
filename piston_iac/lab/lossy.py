"""A cable that loses frames: drops a share of what arrives at one end, in the kernel.

Many small kernels have no `tc netem`, but every one has XDP: seven instructions that draw a random
number for each frame and drop it or let it pass.
Source: Documentation/bpf/, linux/bpf.h; rtnetlink(7), IFLA_XDP.

Runs inside the namespace of the card: `python -m piston_iac.lab.lossy <interface> <share 0..1>`.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys

_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_PROG_LOAD, _PROG_TYPE_XDP = 5, 6
_ATTRIBUTES_BYTES = 128
_XDP_DROP, _XDP_PASS = 1, 2
_GET_PRANDOM_U32 = 7
_CALL, _AND, _JUMP_LESS, _MOVE, _EXIT = 0x85, 0x57, 0xA5, 0xB7, 0x95
_RTM_SETLINK, _NLM_F_REQUEST, _NLM_F_ACK = 19, 1, 4
_IFLA_XDP, _NESTED, _IFLA_XDP_FD, _IFLA_XDP_FLAGS = 43, 0x8000, 1, 3
_XDP_FLAGS_SKB_MODE = 2
_NO_PROGRAM = -1


def _instruction(code: int, *, register: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, register, offset, value)


def drop_program(share: float) -> bytes:
    """The program: `r0 = random & 0x7fffffff; return r0 < share ? DROP : PASS`. Pure."""
    threshold = min(int(share * 2**31), 2**31 - 1)
    return b"".join(
        (
            _instruction(_CALL, value=_GET_PRANDOM_U32),
            _instruction(_AND, value=0x7FFFFFFF),
            _instruction(_JUMP_LESS, offset=2, value=threshold),
            _instruction(_MOVE, value=_XDP_PASS),
            _instruction(_EXIT),
            _instruction(_MOVE, value=_XDP_DROP),
            _instruction(_EXIT),
        )
    )


def _load(program: bytes) -> int:
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    pointers = (ctypes.addressof(code), ctypes.addressof(licence))
    head = struct.pack("<IIQQ", _PROG_TYPE_XDP, len(program) // 8, *pointers)
    attributes = ctypes.create_string_buffer(head.ljust(_ATTRIBUTES_BYTES, b"\0"))
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(_SYS_BPF[os.uname().machine], _BPF_PROG_LOAD, attributes, _ATTRIBUTES_BYTES)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "load an XDP program")
    return int(result)


def _attach(interface: str, program: int) -> None:
    """Put a program on a card, or take the one that is there off (-1)."""
    inner = struct.pack("<HHi", 8, _IFLA_XDP_FD, program) + struct.pack(
        "<HHI", 8, _IFLA_XDP_FLAGS, _XDP_FLAGS_SKB_MODE
    )
    nested = struct.pack("<HH", 4 + len(inner), _IFLA_XDP | _NESTED) + inner
    body = struct.pack("<BxHiII", 0, 0, socket.if_nametoindex(interface), 0, 0) + nested
    header = struct.pack("<IHHII", 16 + len(body), _RTM_SETLINK, _NLM_F_REQUEST | _NLM_F_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(header + body)
        answer = netlink.recv(65536)
    number = -struct.unpack_from("<i", answer, 16)[0]
    if number:
        raise OSError(number, os.strerror(number), f"attach an XDP program to {interface}")


def set_loss(interface: str, share: float) -> None:
    """Drop this share (0 to 1) of the frames that arrive at the interface.

    Raises:
        OSError: the kernel said no.
    """
    _attach(interface, _load(drop_program(share)) if share > 0 else _NO_PROGRAM)


if __name__ == "__main__":
    set_loss(sys.argv[1], float(sys.argv[2]))
