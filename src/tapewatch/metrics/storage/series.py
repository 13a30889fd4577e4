"""
Which series is which: a table of label sets, compact enough for millions.

A row of the table is a series. Label names and values are symbols, kept once; a row is the pairs of
its symbols, and its stable hash, which is its identity wherever tables meet. Finding series by
matchers reads one column of symbols and looks every distinct value up once.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import Grouping, LabelSets
from tapewatch.metrics.storage.piece import ranges
from tapewatch.model.compiled import twin
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher, MatchKind

NO_SYMBOL: Final = 0
"""The symbol of an absent label; it stands for the empty text."""

Rows = NDArray[np.int64]
Symbols = NDArray[np.uint32]
Arrays = dict[str, NDArray[np.generic]]


class Table(Protocol):
    """What the compiled table and its twin both do."""

    def __len__(self) -> int: ...
    def add(self, labels: Labels) -> int:
        """Return the row of ``labels``, made where it is missing; -1 when two sets share a hash."""
        ...

    def find(self, labels: Labels) -> int:
        """Return the row of ``labels``, or -1."""
        ...

    def labels(self, row: int) -> Labels:
        """Return the label set of a row."""
        ...

    def symbol(self, number: int) -> str:
        """Return the text of a symbol."""
        ...

    def symbol_of(self, text: str) -> int:
        """Return the symbol of a text that occurs somewhere, or -1."""
        ...

    def column(self, rows: Rows, name: str) -> Symbols:
        """Return for each row the symbol of its value of the label ``name``."""
        ...

    def hashes(self) -> NDArray[np.uint64]:
        """Return the stable hash of every row."""
        ...

    def label_names(self, rows: Rows) -> list[str]:
        """Return every label name that occurs in ``rows``, sorted."""
        ...

    def size_bytes(self) -> int:
        """Return how much memory the table takes."""
        ...

    def to_arrays(self) -> Arrays:
        """Return the table as plain arrays, for a file."""
        ...


_twin = twin("tapewatch.metrics.storage.series")


def new_table() -> Table:
    """Make an empty table."""
    table: Table = _twin.SeriesTable()
    return table


def table_from(arrays: Arrays) -> Table:
    """Make a table from what ``to_arrays`` gave."""
    table: Table = _twin.SeriesTable.from_arrays(arrays)
    return table


def sub_arrays(arrays: Arrays, rows: Rows) -> Arrays:
    """Cut some rows, in their order, out of a table's arrays; symbols nobody uses are left out."""
    pair_begins, pair_lengths = _runs(arrays["pair_ends"], rows)
    pairs = arrays["pairs"].reshape(-1, 2)[ranges(pair_begins, pair_lengths)].reshape(-1)
    used = np.union1d(pairs, [NO_SYMBOL]).astype(np.int64)
    text_begins, text_lengths = _runs(arrays["symbol_ends"], used)
    return {
        "symbol_text": arrays["symbol_text"][ranges(text_begins, text_lengths)],
        "symbol_ends": np.concatenate(([0], np.cumsum(text_lengths))).astype(np.uint64),
        "pairs": np.searchsorted(used, pairs).astype(np.uint32),
        "pair_ends": np.concatenate(([0], np.cumsum(pair_lengths))).astype(np.uint64),
        "hashes": arrays["hashes"][rows],
    }


def _runs(ends: NDArray[np.generic], chosen: Rows) -> tuple[Rows, Rows]:
    """Return where the chosen runs begin, and how long they are."""
    whole = ends.astype(np.int64)
    return whole[chosen], whole[chosen + 1] - whole[chosen]


class Finder:
    """Finds the rows of one table by matchers, and remembers them while the table grows."""

    _REMEMBERED_MAX: Final = 8192

    def __init__(self, table: Table) -> None:
        self.table = table
        self._found: dict[tuple[Matcher, ...], tuple[int, Rows]] = {}
        self._labels: dict[tuple[Matcher, ...], tuple[int, TableLabels]] = {}

    def rows(self, matchers: tuple[Matcher, ...]) -> Rows:
        """Return the rows that pass every matcher, rising."""
        count = len(self.table)
        seen, rows = self._found.get(matchers, (0, _NO_ROWS))
        if seen < count:
            fresh = filter_rows(self.table, np.arange(seen, count), matchers)
            rows = np.concatenate([rows, fresh]) if len(rows) else fresh
            self._remember(matchers, count, rows)
        return rows

    def _remember(self, matchers: tuple[Matcher, ...], count: int, rows: Rows) -> None:
        if len(self._found) >= self._REMEMBERED_MAX:
            self._found.clear()
        self._found[matchers] = count, rows


_NO_ROWS: Final[Rows] = np.empty(0, dtype=np.int64)


def filter_rows(table: Table, rows: Rows, matchers: Sequence[Matcher]) -> Rows:
    """Keep the rows that pass every matcher; the cheapest matchers go first."""
    for matcher in sorted(matchers, key=_cost):
        if not len(rows):
            break
        rows = rows[_passing(table, rows, matcher)]
    return rows


def _cost(matcher: Matcher) -> tuple[int, bool]:
    order = (MatchKind.EQUAL, MatchKind.REGEX, MatchKind.NOT_EQUAL, MatchKind.NOT_REGEX)
    return order.index(matcher.kind), matcher.name != METRIC_NAME


def _passing(table: Table, rows: Rows, matcher: Matcher) -> NDArray[np.bool_]:
    symbols = table.column(rows, matcher.name)
    if matcher.kind in (MatchKind.EQUAL, MatchKind.NOT_EQUAL):
        wanted = table.symbol_of(matcher.value) if matcher.value else NO_SYMBOL
        passing: NDArray[np.bool_] = (symbols == wanted) == (matcher.kind is MatchKind.EQUAL)
        return passing
    distinct, inverse = np.unique(symbols, return_inverse=True)
    verdicts = [matcher.matches(table.symbol(int(number))) for number in distinct]
    return np.array(verdicts, dtype=bool)[inverse]


class TableLabels(LabelSets):
    """Label sets of a table's rows, built only when somebody looks at them."""

    __slots__ = ("_built", "_numbers", "_table")

    def __init__(self, table: Table, rows: Rows) -> None:
        self._table = table
        self._numbers = rows
        self._built: tuple[Labels, ...] | None = None
        self._derived = {}

    @property
    def _rows(self) -> tuple[Labels, ...]:  # type: ignore[override]  # built on demand
        if self._built is None:
            labels = self._table.labels
            self._built = tuple([labels(row) for row in self._numbers.tolist()])
        return self._built

    def __len__(self) -> int:
        return len(self._numbers)

    def take(self, rows: NDArray[np.intp]) -> LabelSets:
        return TableLabels(self._table, self._numbers[rows])

    def _label_names(self) -> tuple[str, ...]:
        return tuple(self._table.label_names(self._numbers))

    def _label_values(self, name: str) -> tuple[str, ...]:
        symbols = np.unique(self._table.column(self._numbers, name)).tolist()
        texts = [self._table.symbol(number) for number in symbols if number != NO_SYMBOL]
        return tuple(sorted(texts))

    def _group(self, names: tuple[str, ...], without: bool) -> Grouping:
        if without:
            dropped = {METRIC_NAME, *names}
            found = self._table.label_names(self._numbers)
            names = tuple(name for name in found if name not in dropped)
        columns = [self._table.column(self._numbers, name) for name in sorted(set(names))]
        ids, first = _number_rows(columns, len(self))
        chosen = self._numbers[first]
        texts = [
            [self._table.symbol(int(number)) for number in self._table.column(chosen, name)]
            for name in sorted(set(names))
        ]
        groups = [
            Labels.of(dict(zip(sorted(set(names)), values, strict=True)))
            for values in zip(*texts, strict=True)
        ] or [Labels()] * len(first)
        return Grouping(ids, LabelSets(groups))


def _number_rows(columns: list[Symbols], count: int) -> tuple[NDArray[np.int32], Rows]:
    """Number equal rows of the columns in order of appearance; also where each first appears."""
    combined = np.zeros(count, dtype=np.int64)
    for column in columns:
        _, codes = np.unique(column, return_inverse=True)
        combined = combined * (int(codes.max(initial=0)) + 1) + codes
        # Numbered anew after each column, so that many columns cannot run over.
        _, combined = np.unique(combined, return_inverse=True)
    _, first, codes = np.unique(combined, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place[codes], first[order].astype(np.int64)
