"""What one service adds to a node document."""

from __future__ import annotations

from dataclasses import dataclass

from piston_iac.node_document import File


@dataclass(frozen=True)
class Fragment:
    """Files that the service owns and units that are to be active because of it."""

    files: tuple[File, ...]
    units: tuple[str, ...]
