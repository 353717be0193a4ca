"""How the change gate's fencing token travels: one header, written by the operator's side, read by peers."""

from __future__ import annotations

HEADER = "X-Gate-Token"


def gate_headers(token: int | None) -> dict[str, str]:
    """The headers of a request; None: it needs no turn."""
    return {} if token is None else {HEADER: str(token)}


def parse_token(text: str | None) -> int | None:
    """The token of a request; None when it bears none.

    Raises:
        ValueError: it is no whole number.
    """
    if not text:
        return None
    if not text.isdecimal():
        raise ValueError(f"header {HEADER} is not a whole number")
    return int(text)
