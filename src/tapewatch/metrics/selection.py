"""
The seam between queries and storage: what a query asks for, and the shape in which it is given.

A query names matchers and a time range; a ``Source`` answers with a ``Selection``: series in
``Strip``s (many series, one vector of timestamps: a scrape) and in ``Ragged`` parts (each series
with its own times). Label sets come as one ``LabelSets``, which remembers what was derived from
it, so a source that hands out the same object for the same series makes grouping and matching
free from the second query on.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, Protocol, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.summary import Columns
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.matchers import Matcher

ABSENT_BITS: Final = 0x7FF0_0000_0000_0003

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]
Indices = NDArray[np.int32]
Mask = NDArray[np.bool_]
T = TypeVar("T")

METRIC_TYPE: Final = "__type__"
METADATA_LABELS: Final = (METRIC_NAME, METRIC_TYPE, "__unit__")
_DERIVED_MAX: Final = 128


def bits_as_float(bits: int) -> float:
    """Return the float whose bits are ``bits`` (the two markers are NaNs among many)."""
    return float(np.array(bits, dtype=np.uint64).view(np.float64))


ABSENT: Final = bits_as_float(ABSENT_BITS)


class Grouping(NamedTuple):
    """Which group each row belongs to, and the label sets of the groups."""

    ids: Indices
    labels: "LabelSets"


class LabelSets(Sequence[Labels]):
    """
    The label sets of some series, in order.

    It never changes, and it is compared by identity: ``derive`` keeps what was computed from it
    for as long as it lives. A storage may subclass it and answer ``group`` from its own columns.
    """

    __slots__ = ("__weakref__", "_derived", "_rows")

    def __init__(self, rows: Iterable[Labels]) -> None:
        self._rows = tuple(rows)
        self._derived: dict[Hashable, object] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Labels: ...
    @overload
    def __getitem__(self, index: slice) -> "LabelSets": ...
    def __getitem__(self, index: int | slice) -> "Labels | LabelSets":
        return LabelSets(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __iter__(self) -> Iterator[Labels]:
        return iter(self._rows)

    def derive(self, key: Hashable, build: Callable[[], T]) -> T:
        """Return what ``build`` made the first time it was asked for under ``key``."""
        try:
            return cast("T", self._derived[key])
        except KeyError:
            value = build()
        if len(self._derived) >= _DERIVED_MAX:
            self._derived.clear()
        self._derived[key] = value
        return value

    def group(self, names: tuple[str, ...], *, without: bool = False) -> Grouping:
        """Group the rows ``by`` the labels in ``names``, or by all but them and the name."""
        if not names and not without:
            return self.derive("all", lambda: Grouping(np.zeros(len(self), np.int32), EMPTY_SET))
        return self.derive(("group", names, without), lambda: self._group(names, without))

    def _group(self, names: tuple[str, ...], without: bool) -> Grouping:
        if without:
            unwanted = frozenset((METRIC_NAME, *names))
            keys = (tuple(pair for pair in row if pair[0] not in unwanted) for row in self._rows)
        else:
            wanted = frozenset(names)
            keys = (tuple(pair for pair in row if pair[0] in wanted) for row in self._rows)
        return group_keys(keys, len(self))

    def without_metadata(self) -> "LabelSets":
        """Drop the name, the type and the unit from every row."""
        return self.derive("without metadata", lambda: NamelessLabels(self))

    def take(self, rows: NDArray[np.intp]) -> "LabelSets":
        """Return some rows, in the order asked for."""
        own = self._rows
        return LabelSets(own[row] for row in rows.tolist())

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metric name of every row."""
        return self.derive("metric names", self._metric_names)

    def _metric_names(self) -> tuple[str, ...]:
        ids, groups = self.group((METRIC_NAME,))
        names = [group.name for group in groups]
        return tuple([names[number] for number in ids.tolist()])

    def label_names(self) -> tuple[str, ...]:
        """Return every label name that occurs, sorted."""
        return self.derive("label names", self._label_names)

    def label_values(self, name: str) -> tuple[str, ...]:
        """Return every value of one label, sorted."""
        return self.derive(("label values", name), lambda: self._label_values(name))

    def _label_names(self) -> tuple[str, ...]:
        return tuple(sorted({name for labels in self for name, _ in labels}))

    def _label_values(self, name: str) -> tuple[str, ...]:
        return tuple(sorted({value for labels in self if (value := labels.get(name))}))

    @property
    def identity(self) -> Grouping:
        """Rows with equal label sets as one group each."""
        return self.derive("identity", lambda: group_keys(self, len(self)))

    @property
    def has_duplicates(self) -> bool:
        """Whether two rows have the same label set."""
        return self.derive("has duplicates", self._has_duplicates)

    def _has_duplicates(self) -> bool:
        return len(set(self)) < len(self)

    @property
    def sorted_rows(self) -> NDArray[np.intp]:
        """The rows in the order of their label sets."""
        return self.derive("sorted rows", self._sorted_rows)

    @property
    def in_order(self) -> "LabelSets":
        """The label sets in the order of ``sorted_rows``."""
        return self.derive("in order", lambda: self.take(self.sorted_rows))

    def _sorted_rows(self) -> NDArray[np.intp]:
        return np.array(sorted(range(len(self)), key=self._rows.__getitem__), dtype=np.intp)

    def __repr__(self) -> str:
        return f"LabelSets({list(self._rows)!r})"


class LazyLabels(LabelSets, ABC):
    """Label sets that are built only when somebody looks at them."""

    __slots__ = ("_built",)

    def __init__(self) -> None:
        self._built: tuple[Labels, ...] | None = None
        self._derived = {}

    @property
    def _rows(self) -> tuple[Labels, ...]:  # type: ignore[override]  # built on demand
        if self._built is None:
            self._built = tuple(self._build())
        return self._built

    @abstractmethod
    def _build(self) -> Iterable[Labels]:
        """Build all rows."""

    @abstractmethod
    def __len__(self) -> int: ...


class JoinedLabels(LazyLabels):
    """The label sets of several parts, one after the other; no series is in two of them."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[LabelSets]) -> None:
        super().__init__()
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def _build(self) -> Iterable[Labels]:
        return (labels for part in self._parts for labels in part)

    def _group(self, names: tuple[str, ...], without: bool) -> Grouping:
        numbers: dict[Labels, int] = {}
        columns = []
        for part in self._parts:
            ids, groups = part.group(names, without=without)
            renumbered = [numbers.setdefault(group, len(numbers)) for group in groups]
            columns.append(np.array(renumbered, dtype=np.int32)[ids])
        return Grouping(np.concatenate(columns), LabelSets(numbers))

    def _has_duplicates(self) -> bool:
        return False


class NamelessLabels(LazyLabels):
    """Label sets without the name, the type and the unit they had."""

    __slots__ = ("_full",)

    def __init__(self, full: LabelSets) -> None:
        super().__init__()
        self._full = full

    def __len__(self) -> int:
        return len(self._full)

    def _build(self) -> Iterable[Labels]:
        return (labels.drop(*METADATA_LABELS) for labels in self._full)

    def take(self, rows: NDArray[np.intp]) -> LabelSets:
        return NamelessLabels(self._full.take(rows))

    def _group(self, names: tuple[str, ...], without: bool) -> Grouping:
        kept = tuple(name for name in names if name not in METADATA_LABELS)
        return self._full.group((*kept, *METADATA_LABELS) if without else kept, without=without)

    def _has_duplicates(self) -> bool:
        one_metric = len(self._full.group(METADATA_LABELS).labels) <= 1
        return not (one_metric and not self._full.has_duplicates) and super()._has_duplicates()


EMPTY_SET: Final = LabelSets((Labels(),))
NO_SETS: Final = LabelSets(())


def group_keys(keys: Iterable[tuple[tuple[str, str], ...]], count: int) -> Grouping:
    """Number distinct keys, which are sorted pairs of names and values, as they appear."""
    ids: dict[tuple[tuple[str, str], ...], int] = {}
    numbers = (ids.setdefault(key, len(ids)) for key in keys)
    array = np.fromiter(numbers, dtype=np.int32, count=count)
    return Grouping(array, LabelSets(Labels(key) for key in ids))


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """
    Series that share their timestamps.

    ``values`` is C-contiguous, one row per series. ``gaps`` is true when some cell holds no float:
    the ABSENT bits (nothing, or a histogram, which then stands in ``histograms``) or a stale
    marker. ``starts`` are start timestamps, 0 where there is none.
    """

    labels: LabelSets
    timestamps: Times  # (n,), rising, milliseconds
    values: Floats  # (k, n)
    gaps: bool = False
    histograms: Objects | None = None  # (k, n), None in the cells that hold none
    starts: Times | None = None  # (k, n)

    @property
    def sample_count(self) -> int:
        """How many cells there are, the absent ones included."""
        return self.values.size


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """
    Series each with timestamps of its own, one after the other.

    Row ``r`` is ``[offsets[r], offsets[r + 1])`` of the flat arrays, which mean what they mean in
    a ``Strip``.
    """

    labels: LabelSets
    timestamps: Times  # flat, rising inside each row
    values: Floats
    offsets: Times  # (k + 1,)
    gaps: bool = False
    histograms: Objects | None = None
    starts: Times | None = None

    @property
    def sample_count(self) -> int:
        """How many samples there are."""
        return self.values.size


Part = Strip | Ragged


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """
    Series of which a source gives summaries instead of samples.

    Bucket ``i`` covers ``(after_ms + i * resolution_ms, after_ms + (i + 1) * resolution_ms]``;
    there are the columns that the function asked for needs, each ``(k, n)`` and C-contiguous.
    """

    labels: LabelSets
    after_ms: int
    resolution_ms: int
    columns: Columns


@dataclass(frozen=True, eq=False)
class Selection:
    """
    What a source found: every series once, the rows of the parts one after the other.

    Rows of ``summaries`` follow those of ``parts``. With ``rounded`` they are of coarser buckets
    than the hints asked for: what windows have to be rounded to.
    """

    parts: tuple[Part, ...] = ()
    summaries: tuple[Summary, ...] = ()
    rounded: bool = False

    @cached_property
    def labels(self) -> LabelSets:
        """The label sets of all rows; the same object for the same parts."""
        if not self.parts and not self.summaries:
            return NO_SETS
        first, *others = (part.labels for part in (*self.parts, *self.summaries))
        if others:
            first = first.derive(("joined", *others), lambda: JoinedLabels((first, *others)))
        # Nobody has to look: that is what a source promises.
        first.derive("has duplicates", lambda: False)
        return first

    @cached_property
    def has_histograms(self) -> bool:
        """Whether any part holds native histograms."""
        return any(part.histograms is not None for part in self.parts)


class Allowance(Protocol):
    """What may still be read."""

    def check(self) -> None:
        """Raise when nobody waits for the answer any more."""

    def reserve(self, cells: int) -> None:
        """Raise when so many samples more are too many, or nobody waits for them any more."""


class Unlimited:
    """No limit at all."""

    def check(self) -> None:
        """Go on."""

    def reserve(self, cells: int) -> None:
        """Take as much as there is."""


UNLIMITED: Final = Unlimited()


@dataclass(frozen=True, slots=True)
class Hints:
    """
    What a source may use to read less: it is never wrong to ignore them.

    ``grid_ms`` says that whoever asks can work with summaries, and that all windows begin and end
    at its multiples; 0: only samples will do. ``newest`` says that of every series only the newest
    sample matters. The ``allowance`` is asked before much is read.
    """

    function: str = ""
    range_ms: int = 0
    step_ms: int = 0
    histogram_stats_only: bool = False
    grid_ms: int = 0
    newest: bool = False
    allowance: Allowance = UNLIMITED


NO_HINTS: Final = Hints()


class Source(Protocol):
    """Where series come from."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, *, hints: Hints = NO_HINTS
    ) -> Selection:
        """
        Find the series that pass all ``matchers`` and have samples in ``(start_ms, end_ms]``.

        More samples than asked for may come back, fewer may not; rows without any sample are
        allowed.
        """
