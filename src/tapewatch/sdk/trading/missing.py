"""Which numbers of a stream never came: a short, exact list of ranges."""

from bisect import bisect_right
from typing import NamedTuple


class Range(NamedTuple):
    """Numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


class Missing:
    """
    Ranges in order of their numbers, at most ``ranges_max``; the lowest is forgotten first.

    ``forgotten_count`` says how many numbers were forgotten so.
    """

    def __init__(self, ranges_max: int = 64) -> None:
        self.ranges_max = ranges_max
        self.forgotten_count = 0
        self._ranges: list[Range] = []

    @property
    def ranges(self) -> tuple[Range, ...]:
        """What is missing now."""
        return tuple(self._ranges)

    @property
    def count(self) -> int:
        """How many numbers are missing now."""
        return sum(last - first + 1 for first, last in self._ranges)

    def add(self, first: int, last: int) -> None:
        """Note that ``first`` to ``last`` are missing."""
        self._ranges.insert(bisect_right(self._ranges, (first, last)), Range(first, last))
        if len(self._ranges) > self.ranges_max:
            oldest = self._ranges.pop(0)
            self.forgotten_count += oldest.last - oldest.first + 1

    def take(self, first: int, last: int) -> bool:
        """Cross out ``first`` to ``last``; say whether any of them was missing."""
        if not self._ranges or first > self._ranges[-1].last:
            return False
        before = self._ranges
        self._ranges = [rest for each in before for rest in _without(each, first, last)]
        return self._ranges != before


def _without(each: Range, first: int, last: int) -> list[Range]:
    if last < each.first or each.last < first:
        return [each]
    left, right = Range(each.first, first - 1), Range(last + 1, each.last)
    return [part for part in (left, right) if part.first <= part.last]
