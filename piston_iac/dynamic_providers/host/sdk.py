"""Which Pulumi SDKs the host knows.

It stands on the SDK's protocol modules and on its pickled providers. An SDK outside the range is
refused at start; raise the range after tests/contract/host has passed with the new one.
"""

from __future__ import annotations

_OLDEST = (3, 272)
_NEWEST = (3, 272)


def fault(version: str) -> str | None:
    """Why an SDK of this version cannot be used, in one line; None when it can."""
    numbers = version.split(".")
    readable = len(numbers) >= 2 and numbers[0].isdigit() and numbers[1].isdigit()
    if readable and _OLDEST <= (int(numbers[0]), int(numbers[1])) <= _NEWEST:
        return None
    known = " to ".join(sorted({_dotted(_OLDEST), _dotted(_NEWEST)}))
    return (
        f"piston host: the Pulumi SDK {version} is not one this host knows ({known}); "
        "install the locked one with 'uv pip sync requirements.lock'"
    )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
