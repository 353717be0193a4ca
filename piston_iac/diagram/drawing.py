"""How does a shape become SVG? The few shapes that the picture needs, on one XML tree.

Lengths are pixels of the picture; x grows to the right, y downward. All text is escaped by the tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree  # only writes: nothing foreign is parsed

from piston_iac.diagram.style import INK, MONO, SANS

Point = tuple[float, float]

# Widest usual average of the fonts named in `style`, as a share of the font size.
_WIDTH = {SANS: 0.55, MONO: 0.61}


class Drawing:
    """A picture, or a group of shapes within one."""

    def __init__(self, element: ElementTree.Element) -> None:
        self._element = element

    def group(self, kind: str, tip: str = "") -> Drawing:
        """A group of that class; `tip` is what a browser shows when the pointer rests on it."""
        group = ElementTree.SubElement(self._element, "g", {"class": kind})
        if tip:
            ElementTree.SubElement(group, "title").text = tip
        return Drawing(group)

    def box(
        self,
        corner: Point,
        size: Point,
        fill: str,
        *,
        stroke: str = "none",
        radius: float = 0,
        weight: float = 1,
    ) -> None:
        """A rectangle from its upper left corner."""
        (x, y), (width, height) = corner, size
        self._add("rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke)
        if stroke != "none" and weight != 1:
            self._element[-1].set("stroke-width", _number(weight))

    def line(self, points: Iterable[Point], stroke: str, weight: float) -> None:
        """A line through the points, bent round at each."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self._add("polyline", points=path, fill="none", stroke=stroke)
        self._element[-1].attrib |= {"stroke-width": _number(weight), "stroke-linejoin": "round"}

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: float = 12,
        fill: str = INK,
        bold: bool = False,
        anchor: str = "start",
        font: str = SANS,
    ) -> None:
        """One line of text; `at` is on its baseline. `anchor`: start, middle or end."""
        self._add("text", x=at[0], y=at[1], fill=fill)
        element = self._element[-1]
        element.text = words
        element.attrib |= {"font-family": font, "font-size": _number(size)}
        if bold:
            element.set("font-weight", "600")
        if anchor != "start":
            element.set("text-anchor", anchor)

    def _add(self, tag: str, **attributes: str | float) -> None:
        told = {
            name: value if isinstance(value, str) else _number(value) for name, value in attributes.items()
        }
        ElementTree.SubElement(self._element, tag, told)


class Picture(Drawing):
    """The whole picture. `title` and `summary` are for readers who cannot see it."""

    def __init__(self, width: float, height: float, title: str, summary: str) -> None:
        size = {"width": _number(width), "height": _number(height)}
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                **size,
                "viewBox": f"0 0 {size['width']} {size['height']}",
                "role": "img",
            },
        )
        ElementTree.SubElement(self._root, "title").text = title
        ElementTree.SubElement(self._root, "desc").text = summary
        super().__init__(self._root)

    def to_text(self) -> str:
        """The SVG file, one shape a line."""
        ElementTree.indent(self._root, " ")
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"


def fit(words: str, width: float, *, size: float = 12, font: str = SANS) -> str:
    """The words, with an ellipsis in their middle where they would be wider than `width` pixels.

    Names of ports and nodes differ at their ends.
    """
    room = max(int(width / (size * _WIDTH[font])), 3)
    if len(words) <= room:
        return words
    head = (room - 1) // 2
    return f"{words[:head]}…{words[len(words) - (room - 1 - head) :]}"


def _number(value: float) -> str:
    return f"{value:.6g}"
