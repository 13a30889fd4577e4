"""
The histograms of a lane's rows, added to by a writer while readers look at those of a moment.

Every row would copy all histograms of the rows before it if a reader's view were a tuple; here a
view is a shared track for each column and the number of rows that were there.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tapewatch.metrics.storage.page import Cell
from tapewatch.model.histograms import Histogram
from tapewatch.model.packed import Layout, Packed, pack, unpack


class _Track:
    """The histograms of one column with their rows, which rise."""

    __slots__ = ("packed", "rows")

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.packed: list[Packed] = []

    def cut(self, row: int) -> None:
        """Take away what is in ``row`` and after it."""
        while self.rows and self.rows[-1] >= row:
            self.rows.pop()
            self.packed.pop()

    def between(self, begin: int, end: int) -> slice:
        """Return where the histograms of some rows are."""
        return slice(bisect_left(self.rows, begin), bisect_left(self.rows, end))


class _Shelf:
    """What the views of a lane share."""

    __slots__ = ("layouts", "row_count", "tracks")

    def __init__(self) -> None:
        self.tracks: dict[int, _Track] = {}
        self.layouts: dict[Layout, Layout] = {}
        self.row_count = 0

    def cut(self, row: int) -> None:
        """Forget a row that was written and never shown: it must not come back."""
        for track in self.tracks.values():
            track.cut(row)
        self.row_count = row


class Cells:
    """The histograms of the first rows of a lane that only grows."""

    __slots__ = ("_rows", "_shelf", "size_bytes")

    def __init__(self) -> None:
        self._shelf = _Shelf()
        self._rows = 0
        self.size_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._shelf.tracks)

    def __iter__(self) -> Iterator[Cell]:
        """Yield them by column and row."""
        return self.between(sorted(self._shelf.tracks), 0, self._rows)

    def with_row(self, row: int, histograms: Mapping[int, Histogram]) -> "Cells":
        """Return these and a row's; whoever holds these sees no more than before."""
        if self._shelf.row_count > row:
            self._shelf.cut(row)
        grown = Cells()
        grown._shelf, grown._rows, grown.size_bytes = self._shelf, self._rows, self.size_bytes
        for column, histogram in histograms.items():
            grown.put(column, row, histogram)
        return grown

    def put(self, column: int, row: int, histogram: Histogram) -> None:
        """Add one, in a row after those that the column has."""
        shelf = self._shelf
        packed = pack(histogram, shelf.layouts)
        track = shelf.tracks.get(column)
        if track is None:
            track = shelf.tracks[column] = _Track()
        track.packed.append(packed)
        track.rows.append(row)
        shelf.row_count = max(shelf.row_count, row + 1)
        self._rows = max(self._rows, row + 1)
        self.size_bytes += packed.size_bytes

    def between(self, columns: Iterable[int], begin: int, end: int) -> Iterator[Cell]:
        """Yield those of some columns from row ``begin`` to before ``end``."""
        end = min(end, self._rows)
        for column in columns:
            track = self._shelf.tracks.get(column)
            if track is not None:
                span = track.between(begin, end)
                for row, packed in zip(track.rows[span], track.packed[span], strict=True):
                    yield Cell(column, row, unpack(packed))

    def columns_from(self, row: int) -> list[int]:
        """Return the columns that have a histogram in a row or in one after it."""
        tracks = list(self._shelf.tracks.items())
        spans = ((column, track.between(row, self._rows)) for column, track in tracks)
        return [column for column, span in spans if span.start < span.stop]


NO_CELLS: Final = Cells()
