"""
The histograms of a lane's rows, added to by a writer while readers look at those of a moment.

Every row would copy all histograms of the rows before it if a reader's view were a tuple; here a
view is a shared list and how much of it was there.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

from tapewatch.metrics.storage.page import Cell


class Cells(Sequence[Cell]):
    """The first cells of a list that only grows, in the order of their rows."""

    __slots__ = ("_all", "_count")

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        self._all = list(cells)
        self._count = len(self._all)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Cell]:
        return islice(self._all, self._count)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | list[Cell]:
        if isinstance(index, slice):
            return self._all[: self._count][index]
        return self._all[range(self._count)[index]]

    def with_row(self, cells: Iterable[Cell]) -> "Cells":
        """Return these and a row's; whoever holds these sees no more than before."""
        grown = Cells()
        # A row that was written and never shown leaves cells behind: those must not come back.
        shared = self._all if len(self._all) == self._count else self._all[: self._count]
        shared.extend(cells)
        grown._all, grown._count = shared, len(shared)
        return grown

    def from_row(self, row: int) -> Iterator[Cell]:
        """Yield the cells of a row and of those after it, the last first."""
        for place in range(self._count - 1, -1, -1):
            cell = self._all[place]
            if cell.row < row:
                return
            yield cell
