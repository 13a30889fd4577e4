"""Readers of a lane's histograms see those of their moment, whatever is written meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.storage.cells import Cells
from tapewatch.metrics.storage.page import Cell
from tapewatch.model.histograms import Histogram


def histogram(row, column=0):
    return Histogram(count=float(row), sum=0.5, positive={column: 1.0, 7: float(row)})


def by_place(cells):
    return sorted(cells, key=lambda cell: (cell.column, cell.row))


@given(st.lists(st.tuples(st.sets(st.integers(0, 3)), st.booleans()), max_size=20))
def test_a_view_never_changes_and_what_was_not_shown_never_comes_back(steps):
    shown, model, views, row = Cells(), [], [], 0
    for columns, published in steps:
        own = {column: histogram(row, column) for column in columns}
        grown = shown.with_row(row, own)
        told = [Cell(column, row, each) for column, each in own.items()]
        assert list(grown) == by_place([*model, *told])
        if published:
            shown, model, row = grown, [*model, *told], row + 1
        views.append((shown, list(model)))
    for view, expected in views:
        assert list(view) == by_place(expected)
        for begin, end in ((0, 5), (2, 3), (4, 99)):
            inside = [cell for cell in expected if begin <= cell.row < end and cell.column != 1]
            assert list(view.between([0, 2, 3], begin, end)) == by_place(inside)


def test_the_columns_of_the_newest_rows_are_known():
    cells = Cells()
    for row, columns in ((0, (0, 1)), (2, (1,)), (5, (1, 4))):
        cells = cells.with_row(row, {column: histogram(row) for column in columns})
    assert cells.columns_from(0) == [0, 1, 4]
    assert cells.columns_from(3) == [1, 4]
    assert cells.columns_from(6) == []


def test_histograms_of_one_layout_weigh_little_more_than_their_numbers():
    cells = Cells()
    for row in range(10):
        many = Histogram(count=row, positive={i: float(row) for i in range(40)})
        cells = cells.with_row(row, {0: many})
    assert cells.size_bytes < 10 * 1000
    assert len({id(cell.histogram.positive.packed.layout) for cell in cells}) == 1
