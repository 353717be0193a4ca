"""Nothing lies on anything else, for any number of nodes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from piston_iac.diagram.drawing import fit
from piston_iac.diagram.layout import (
    CARD_HEIGHT,
    CARD_WIDTH,
    DATA_TRAY,
    MANAGEMENT_TRAY,
    MARGIN,
    SWITCH_HEIGHT,
    Layout,
    lay_out,
)

COUNTS = [*range(1, 27), 40, 100, 200]


def laid_out(count: int) -> Layout:
    return lay_out([f"n{number}" for number in range(1, count + 1)])


@pytest.mark.parametrize(
    ("count", "rows"),
    [(1, [1]), (5, [5]), (6, [3, 3]), (7, [4, 3]), (12, [4, 4, 4]), (20, [5, 5, 5, 5]), (30, [6] * 5)],
)
def test_rows_are_even(count: int, rows: list[int]) -> None:
    assert [len(row.cards) for row in laid_out(count).rows] == rows


@pytest.mark.parametrize("count", COUNTS)
def test_cards_and_trays_keep_apart_from_top_to_bottom(count: int) -> None:
    layout = laid_out(count)
    bands = [(layout.data_switch_y, layout.data_switch_y + SWITCH_HEIGHT)]
    for row in layout.rows:
        if row.data_tray:
            bands.append((row.data_tray[1] - DATA_TRAY / 2, row.data_tray[1] + DATA_TRAY / 2))
        bands.append((row.cards[0].y, row.cards[0].y + CARD_HEIGHT))
        if row.management_tray:
            y = row.management_tray[1]
            bands.append((y - MANAGEMENT_TRAY / 2, y + MANAGEMENT_TRAY / 2))
    bands.append((layout.management_switch_y, layout.management_switch_y + SWITCH_HEIGHT))
    assert all(upper[1] < lower[0] for upper, lower in pairwise(bands))
    assert bands[-1][1] < layout.foot_y < layout.height - MARGIN


@pytest.mark.parametrize("count", COUNTS)
def test_ways_of_trays_nest_beside_the_cards(count: int) -> None:
    layout = laid_out(count)
    left = [row.data_tray[0] for row in layout.rows if row.data_tray]
    right = [row.management_tray[0] for row in layout.rows if row.management_tray]
    inside = [card.x for row in layout.rows for card in row.cards]
    # A later row's data tray passes outside an earlier one's; management trays the other way round.
    assert all(inner - outer > DATA_TRAY for inner, outer in pairwise([min(inside), *left]))
    ways = [*reversed(right), layout.own_port_x]
    assert all(
        outer - inner > MANAGEMENT_TRAY for inner, outer in pairwise([max(inside) + CARD_WIDTH, *ways])
    )
    assert all(layout.left < x < layout.right for x in (*left, *ways))


@pytest.mark.parametrize("count", COUNTS)
def test_cards_of_a_row_keep_apart_and_inside(count: int) -> None:
    layout = laid_out(count)
    for row in layout.rows:
        assert all(one.x + CARD_WIDTH < other.x for one, other in pairwise(row.cards))
        assert layout.left < row.cards[0].x
        assert row.cards[-1].x + CARD_WIDTH < layout.right


def test_words_that_fit_are_left_alone() -> None:
    assert fit("Ethernet48", 62, size=11) == "Ethernet48"
    assert fit("n1", 1) == "n1"
    assert fit("abcdefghij", 40, size=12) == "ab…hij"
