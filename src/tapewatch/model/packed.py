"""
Histograms as a layout and numbers, as they are kept in memory and on disk.

A histogram with two dictionaries takes two kilobytes; packed it takes its numbers and little more,
since neighbours in time share their layout. Unpacked it is a histogram like any other, whose
buckets become dictionaries when somebody looks at them: most samples of a window are only counted.
"""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from struct import Struct
from typing import Final, NamedTuple

from tapewatch.model.histograms import Histogram, ResetHint

LEADING: Final = 3
"""The numbers before the buckets: the zero bucket's count, the count and the sum."""
SUM: Final = 2
_PACKED_BYTES: Final = 400
"""About what the objects around the numbers take."""


class Layout(NamedTuple):
    """What the numbers of a histogram stand for."""

    schema: int
    zero_threshold: float
    positive: tuple[int, ...]
    negative: tuple[int, ...]
    custom_bounds: tuple[float, ...]

    @property
    def bucket_count(self) -> int:
        """How many buckets there are."""
        return len(self.positive) + len(self.negative)

    @property
    def width(self) -> int:
        """How many numbers there are."""
        return LEADING + self.bucket_count


class Packed(NamedTuple):
    """A histogram: its layout, what it says of the one before, and its numbers as doubles."""

    layout: Layout
    hint: ResetHint
    numbers: bytes

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it takes."""
        return _PACKED_BYTES + len(self.numbers)


class PackedBuckets(Mapping[int, float]):
    """The positive or the negative buckets of a packed histogram."""

    __slots__ = ("_buckets", "_positive", "packed")

    def __init__(self, packed: Packed, *, positive: bool) -> None:
        self.packed = packed
        self._positive = positive
        self._buckets: dict[int, float] | None = None

    def _filled(self) -> dict[int, float]:
        buckets = self._buckets
        if buckets is None:
            layout = self.packed.layout
            numbers = _doubles(layout.width).unpack(self.packed.numbers)
            if self._positive:
                indexes, first = layout.positive, LEADING
            else:
                indexes, first = layout.negative, LEADING + len(layout.positive)
            counts = numbers[first : first + len(indexes)]
            buckets = self._buckets = dict(zip(indexes, counts, strict=True))
        return buckets

    def __getitem__(self, index: int) -> float:
        return self._filled()[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._filled())

    def __len__(self) -> int:
        layout = self.packed.layout
        return len(layout.positive if self._positive else layout.negative)

    def __contains__(self, index: object) -> bool:
        return index in self._filled()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedBuckets):
            return self._filled() == other._filled()
        return self._filled() == other

    __hash__ = None  # type: ignore[assignment] # as of a dictionary

    def __repr__(self) -> str:
        return repr(self._filled())

    def __reduce__(self) -> tuple[type[dict[int, float]], tuple[dict[int, float]]]:
        return dict, (self._filled(),)

    # Mapping's own ways of these go through every key.

    def keys(self) -> KeysView[int]:
        """Return the indexes."""
        return self._filled().keys()

    def values(self) -> ValuesView[float]:
        """Return the counts."""
        return self._filled().values()

    def items(self) -> ItemsView[int, float]:
        """Return indexes with their counts."""
        return self._filled().items()


_EMPTY: Final[Mapping[int, float]] = {}
_STRUCTS: Final[dict[int, Struct]] = {}


def pack(histogram: Histogram, layouts: dict[Layout, Layout]) -> Packed:
    """Pack a histogram; ``layouts`` are those that it may share."""
    packed = packed_of(histogram)
    if packed is not None:
        layout = layouts.setdefault(packed.layout, packed.layout)
        return Packed(layout, histogram.reset_hint, packed.numbers)
    positive, negative = histogram.positive, histogram.negative
    layout = Layout(
        histogram.schema,
        histogram.zero_threshold,
        tuple(positive),
        tuple(negative),
        histogram.custom_bounds,
    )
    layout = layouts.setdefault(layout, layout)
    numbers = _doubles(layout.width).pack(
        histogram.zero_count,
        histogram.count,
        histogram.sum,
        *positive.values(),
        *negative.values(),
    )
    return Packed(layout, histogram.reset_hint, numbers)


def unpack(packed: Packed, hint: ResetHint | None = None) -> Histogram:
    """Return the histogram; its buckets are read when they are asked for."""
    layout, own_hint, numbers = packed
    zero_count, count, total = _LEADING_DOUBLES.unpack_from(numbers)
    return Histogram(
        layout.schema,
        count,
        total,
        layout.zero_threshold,
        zero_count,
        PackedBuckets(packed, positive=True),
        PackedBuckets(packed, positive=False) if layout.negative else _EMPTY,
        layout.custom_bounds,
        own_hint if hint is None else hint,
    )


def packed_of(histogram: Histogram) -> Packed | None:
    """Return what a histogram was unpacked from; its hint may be another one since."""
    buckets = histogram.positive
    return buckets.packed if type(buckets) is PackedBuckets else None


def _doubles(count: int) -> Struct:
    doubles = _STRUCTS.get(count)
    if doubles is None:
        doubles = _STRUCTS[count] = Struct(f"<{count}d")
    return doubles


_LEADING_DOUBLES: Final = _doubles(LEADING)
