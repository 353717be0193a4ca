"""Does a service's API answer, at the virtual address and on each host? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from piston_iac import cloud_layout as layout

ADDRESS = "address"
ANSWERS = "answers"
_WORKING = (200, 300)


def working(code: int) -> bool:
    """Whether a health check's status says that the service works. 0: no answer."""
    return code in _WORKING


def seen_apis(codes: Mapping[str, int], silent: Collection[str], before: Mapping[str, str]) -> dict[str, str]:
    """What each place answers, in words.

    One that is on a node that is away keeps its last value, and so does one that cannot be asked for its
    certificate: the control plane's own line says that once, for all services there.
    """
    return {
        place: str(before.get(place, ANSWERS))
        if place in silent or code == layout.UNTRUSTED
        else _words(code)
        for place, code in codes.items()
    }


def wanted_apis(hosts: Collection[str]) -> dict[str, str]:
    """Every place answers."""
    return dict.fromkeys((ADDRESS, *hosts), ANSWERS)


def _words(code: int) -> str:
    if working(code):
        return ANSWERS
    return f"answers {code}" if code else "no answer"
