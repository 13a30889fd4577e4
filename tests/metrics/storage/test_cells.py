"""Readers of a lane's histograms see those of their moment, whatever is written meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.storage.cells import Cells
from tapewatch.metrics.storage.page import Cell
from tapewatch.model.histograms import Histogram


def _cell(row, column=0):
    return Cell(column, row, Histogram(count=float(row)))


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20))
def test_a_view_never_changes_and_what_was_not_shown_never_comes_back(rows):
    shown, model, views = Cells(), [], []
    for row, (count, published) in enumerate(rows):
        own = [_cell(row, column) for column in range(count)]
        grown = shown.with_row(own)
        assert list(grown) == model + own
        if published:
            shown, model = grown, model + own
        views.append((shown, list(model)))
    for view, expected in views:
        assert list(view) == expected
        assert len(view) == len(expected)
        assert view[:] == expected
        assert [view[i] for i in range(len(view))] == expected


def test_the_newest_rows_are_found_from_the_end():
    cells = Cells()
    for row in (0, 2, 5):
        cells = cells.with_row([_cell(row), _cell(row, 1)])
    assert [cell.row for cell in cells.from_row(2)] == [5, 5, 2, 2]
    assert list(cells.from_row(6)) == []
