"""Where does everything go? Plain arithmetic; nothing is drawn here.

From top to bottom: title and core network, data switch, rows of nodes, management switch, then boot node,
operator and legend. The first row's data cables end at the data switch, the last row's management cables
at the management switch. Between two rows lie two cable trays: the upper row's management tray leaves
to the right, the lower row's data tray comes from the left. Trays nest, so no two of them cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

MARGIN = 28.0
CARD_WIDTH, CARD_HEIGHT, CARD_GAP = 168.0, 158.0, 16.0
SWITCH_HEIGHT = 48.0
CABLE = 46.0
"""Length of the cable between a card and the switch or tray."""
DATA_TRAY, MANAGEMENT_TRAY = 20.0, 10.0
"""Widths of the two kinds of cable tray."""
CORE_WIDTH, CORE_HEIGHT = 268.0, 48.0
FOOT_HEIGHT = 166.0
_EDGE = 20.0  # at each end of the switches, beside the ways of the trays

_TRAY_GAP = 12.0
_CORE_CABLE = 40.0
_DATA_SWITCH_Y = MARGIN + CORE_HEIGHT + _CORE_CABLE
_DATA_WAY, _MANAGEMENT_WAY = DATA_TRAY + _TRAY_GAP, MANAGEMENT_TRAY + _TRAY_GAP
_BETWEEN = CABLE + _MANAGEMENT_WAY + DATA_TRAY + CABLE  # from the cards of one row to those of the next
_COLUMNS = 5  # a full row; more nodes than four such rows hold make rows longer
_PLAIN_ROWS = 4


@dataclass(frozen=True)
class Card:
    """A node's place. `x` and `y`: its upper left corner."""

    node: str
    x: float
    y: float

    @property
    def data_x(self) -> float:
        """Where the data cable comes in, on the upper edge."""
        return self.x + CARD_WIDTH / 2

    @property
    def boot_x(self) -> float:
        """Where the boot card's cable leaves, on the lower edge."""
        return self.x + CARD_WIDTH / 4

    @property
    def bmc_x(self) -> float:
        """Where the BMC's cable leaves, on the lower edge."""
        return self.x + CARD_WIDTH * 3 / 4


@dataclass(frozen=True)
class Row:
    """A row of cards. Trays are None where the row is plugged into the switch itself.

    `data_tray` and `management_tray` are (x of the way from or to the switch, y of the way along the row).
    """

    cards: tuple[Card, ...]
    data_tray: tuple[float, float] | None
    management_tray: tuple[float, float] | None


@dataclass(frozen=True)
class Layout:
    """The places of all parts. The switches go from `left` to `right`."""

    width: float
    height: float
    left: float
    right: float
    data_switch_y: float
    management_switch_y: float
    foot_y: float
    own_port_x: float
    """The data switch's own management cable."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Frame:
    """What all rows share. Cards lie between `cards_left` and `cards_right`; `trays`: rows less one."""

    left: float
    cards_left: float
    cards_right: float
    right: float
    first_card_x: float
    trays: int


def lay_out(nodes: Sequence[str]) -> Layout:
    """Places for a rack with these nodes, in their order. At least one node."""
    per_row = _per_row(len(nodes))
    names = [nodes[start : start + per_row] for start in range(0, len(nodes), per_row)]
    frame = _frame(per_row, len(names) - 1)
    rows = tuple(_row(frame, index, row) for index, row in enumerate(names))
    management_switch_y = rows[-1].cards[0].y + CARD_HEIGHT + CABLE
    foot_y = management_switch_y + SWITCH_HEIGHT + CABLE
    return Layout(
        width=frame.right + MARGIN,
        height=foot_y + FOOT_HEIGHT + MARGIN,
        left=frame.left,
        right=frame.right,
        data_switch_y=_DATA_SWITCH_Y,
        management_switch_y=management_switch_y,
        foot_y=foot_y,
        own_port_x=frame.right - _EDGE / 2 - 2,
        rows=rows,
    )


def _frame(per_row: int, trays: int) -> _Frame:
    inner = _span(max(per_row, _COLUMNS))
    # Equal gutters keep cards in the middle, under the core network.
    gutter = max(trays * _DATA_WAY, (trays + 1) * _MANAGEMENT_WAY) + _EDGE
    cards_left = MARGIN + gutter
    cards_right = cards_left + inner
    first_card_x = cards_left + (inner - _span(per_row)) / 2
    return _Frame(MARGIN, cards_left, cards_right, cards_right + gutter, first_card_x, trays)


def _row(frame: _Frame, index: int, names: Sequence[str]) -> Row:
    y = _DATA_SWITCH_Y + SWITCH_HEIGHT + CABLE + index * (CARD_HEIGHT + _BETWEEN)
    pitch = CARD_WIDTH + CARD_GAP
    cards = tuple(Card(name, frame.first_card_x + i * pitch, y) for i, name in enumerate(names))
    # The second row's data tray takes the innermost way at the left, the first row's management tray the
    # outermost at the right.
    data_x = frame.cards_left - index * _DATA_WAY + DATA_TRAY / 2
    outward = (frame.trays - index) * _MANAGEMENT_WAY
    management_x = frame.cards_right + _EDGE / 2 + outward - MANAGEMENT_TRAY / 2
    return Row(
        cards=cards,
        data_tray=(data_x, y - CABLE - DATA_TRAY / 2) if index else None,
        management_tray=(management_x, y + CARD_HEIGHT + CABLE + MANAGEMENT_TRAY / 2)
        if index < frame.trays
        else None,
    )


def _per_row(count: int) -> int:
    """Nodes in a row, so that rows are as even as they can be: 6 nodes make 3 and 3."""
    longest = max(_COLUMNS, ceil(sqrt(count)) if count > _COLUMNS * _PLAIN_ROWS else 0)
    return ceil(count / ceil(count / longest))


def _span(cards: int) -> float:
    return cards * (CARD_WIDTH + CARD_GAP) - CARD_GAP
