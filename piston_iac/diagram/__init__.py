"""A picture of one site: the rack, its cables and its networks, as SVG text. Pure, standard library only."""

from __future__ import annotations

from piston_iac.diagram.rack import rack_svg

__all__ = ["rack_svg"]
