"""
Where every number of a region lies, worked out once for a directory.

A plan turns a directory into columns, in the order in which a reading has them, and into arrays of
places, so that taking all numbers is a few operations on arrays. Cells are places in units of
eight bytes, counted from the beginning of the region's values.

A region may say anything: what points outside of the values, has no name, or stands there twice is
left out, and the plan says so.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tapewatch.model.digits import format_double
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import Metadata, MetricType
from tapewatch.sdk.region.layout import CLASSIC, HISTOGRAM, Drop, Kind
from tapewatch.sdk.region.reader import Directory, FamilySeen, SeriesSeen
from tapewatch.wire.exposition.series import normal_number

ZERO_CELL: Final = HISTOGRAM.offset("zero") // 8
"""From here on a histogram is counts, whose sum is its own."""

_OVERLAP_MAX: Final = 4
"""Histograms may claim this many times the room that there is; a sound region claims it once."""

_TYPES: Final = {
    Kind.COUNTER: MetricType.COUNTER,
    Kind.GAUGE: MetricType.GAUGE,
    Kind.HISTOGRAM: MetricType.HISTOGRAM,
    Kind.STATE: MetricType.STATESET,
    Kind.INFO: MetricType.INFO,
    Kind.CLASSIC: MetricType.HISTOGRAM,
    Kind.SUMMARY: MetricType.SUMMARY,
}
_OWN_BOUNDS: Final = frozenset({Kind.CLASSIC, Kind.SUMMARY})

DROPS: Final = "region_drops_total"
ERRORS: Final = "region_errors_total"
REFUSED: Final = "region_series_refused_total"
MISSED: Final = "region_event_slots_missed_total"


@dataclass(frozen=True, slots=True)
class PlannedFamily:
    """A metric with its columns: first those of its own name, then the classic ones."""

    name: str
    told: Metadata
    columns: range
    classic: range = range(0)


class PlannedHistogram(NamedTuple):
    """One histogram: its column, the first of its classic ones, and where its numbers are."""

    column: int
    classic: int
    family: FamilySeen
    cell: int
    cell_count: int


class ExemplarHome(NamedTuple):
    """The column of a histogram's exemplars, or of its first bucket and the bounds between."""

    column: int
    bounds: tuple[float, ...] = ()

    def column_of(self, value: float) -> int:
        """The column that an exemplar of this value belongs to."""
        return self.column + bisect_left(self.bounds, value)


@dataclass(slots=True)
class Plan:
    """The columns of a region, and where their values come from."""

    labels: list[Labels] = field(default_factory=list)
    starts_ms: list[int] = field(default_factory=list)
    families: list[PlannedFamily] = field(default_factory=list)
    histograms: list[PlannedHistogram] = field(default_factory=list)
    exemplar_homes: dict[int, ExemplarHome] = field(default_factory=dict)
    """Where exemplars belong, by where the values of their histogram begin, as they name it."""
    left_out: list[str] = field(default_factory=list)
    number_columns: list[int] = field(default_factory=list)
    number_cells: list[int] = field(default_factory=list)
    count_columns: list[int] = field(default_factory=list)
    """Of histograms with bounds of their own: what is counted up to each bound, then in all."""
    count_cells: list[int] = field(default_factory=list)
    count_firsts: list[int] = field(default_factory=list)
    """For each of them the place, among them, where its histogram begins."""
    same_columns: list[tuple[int, int]] = field(default_factory=list)
    """Columns that have the value of another one."""
    state_columns: list[int] = field(default_factory=list)
    state_cells: list[int] = field(default_factory=list)
    state_places: list[int] = field(default_factory=list)
    cell_count: int = 0
    """How many cells have to be read."""

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.labels)

    @property
    def histogram_columns(self) -> frozenset[int]:
        """The columns whose values stand beside."""
        return frozenset(each.column for each in self.histograms)

    def metadata(self) -> dict[str, Metadata]:
        """What the metrics say of themselves."""
        return {family.name: family.told for family in self.families}


OWN_WIDTH: Final = len(Drop) + 2
"""The first columns are told by the agent: every reason for a drop, errors, missed slots."""


def plan_of(directory: Directory, header: Mapping[str, int], identity: Mapping[str, str]) -> Plan:
    """Plan the reading of a region; ``identity`` is added to every series that lacks it."""
    return _Planning(header, identity).plan(directory)


class _Planning:
    """A plan while it is made."""

    def __init__(self, header: Mapping[str, int], identity: Mapping[str, str]) -> None:
        self._plan = Plan()
        self._identity = identity
        self._begin = header["values_offset"]
        self._room = header["values_bytes"] // 8
        self._claimed = 0
        self._seen: set[Labels] = set()
        self._born_ms = header["created_realtime_ns"] // 1_000_000

    def plan(self, directory: Directory) -> Plan:
        self._add_own(directory)
        by_family: dict[int, list[SeriesSeen]] = defaultdict(list)
        for series in directory.series:
            if not series.removed:
                by_family[series.family.number].append(series)
        for family in directory.families:
            if family.kind is not Kind.NOTE and by_family[family.number]:
                self._add_family(family, by_family[family.number])
        return self._plan

    def _add_own(self, directory: Directory) -> None:
        reasons = [{"reason": reason.name.lower()} for reason in Drop]
        self._add_counter(DROPS, "What the process could not count, by why.", reasons)
        self._add_counter(ERRORS, "Errors that the process has noted.", [{}])
        self._add_counter(MISSED, "Slots of the event ring that nobody had read in time.", [{}])
        assert self._plan.width == OWN_WIDTH
        families = [each for each in directory.families if self._cell(each.refused_offset, 1) >= 0]
        metrics = [{"metric": family.name} for family in families if family.name]
        first = self._plan.width
        self._add_counter(REFUSED, "Label sets that were over an instrument's limit.", metrics)
        cells = {f.name: self._cell(f.refused_offset, 1) for f in families}
        for column in range(first, self._plan.width):
            self._add_number(column, cells[self._plan.labels[column].get("metric")])

    def _add_counter(self, name: str, help_text: str, labels: Sequence[Mapping[str, str]]) -> None:
        first = self._plan.width
        for each in labels:
            self._column({**each, METRIC_NAME: name}, self._born_ms)
        told = Metadata(MetricType.COUNTER, help_text)
        self._keep_family(PlannedFamily(name, told, range(first, self._plan.width)))

    def _add_family(self, family: FamilySeen, members: Sequence[SeriesSeen]) -> None:
        if not family.name:
            self._plan.left_out.append("a metric has no name")
            return
        first = self._plan.width
        histograms = []
        for series in members:
            size = _cells_of(family)
            cell = self._cell(series.value_offset, size)
            if cell < 0 or not self._affordable(size):
                self._plan.left_out.append(f"{family.name}{series.labels}: no room for its value")
            elif family.kind is Kind.STATE:
                self._add_state(series, cell)
            elif family.kind in _OWN_BOUNDS:
                self._add_counts(series, cell)
            elif (column := self._series_column(series)) >= 0:
                if family.kind is Kind.HISTOGRAM:
                    histograms.append((column, series, cell, size))
                else:
                    self._add_number(column, cell)
        behind = self._plan.width
        for column, series, cell, size in histograms:
            self._add_histogram(column, series, cell, size)
        told = Metadata(_TYPES[family.kind], family.help, family.unit)
        if family.kind in _OWN_BOUNDS:
            behind = first
        classic = range(behind, self._plan.width)
        self._keep_family(PlannedFamily(family.name, told, range(first, behind), classic))

    def _keep_family(self, family: PlannedFamily) -> None:
        if family.columns or family.classic:
            self._plan.families.append(family)

    def _add_number(self, column: int, cell: int) -> None:
        self._plan.number_columns.append(column)
        self._plan.number_cells.append(cell)

    def _add_state(self, series: SeriesSeen, cell: int) -> None:
        name = series.family.name
        for place, state in enumerate(series.family.states):
            labels = {**dict(series.labels), name: state, METRIC_NAME: name}
            column = self._column(labels, series.created_ns // 1_000_000)
            if column >= 0:
                self._plan.state_columns.append(column)
                self._plan.state_cells.append(cell)
                self._plan.state_places.append(place)

    def _add_counts(self, series: SeriesSeen, cell: int) -> None:
        begin = self._plan.width
        if not self._add_all(series, _classic_labels(series)):
            return
        bound_count = self._plan.width - begin - 2
        counts = cell + CLASSIC.size // 8
        places = list(range(bound_count)) if bound_count else [0]
        columns = [*range(begin, begin + bound_count)] or [self._plan.width - 1]
        first = len(self._plan.count_cells)
        if bound_count:
            home = ExemplarHome(begin, series.family.cuts)
            self._plan.exemplar_homes[series.value_offset] = home
        self._plan.count_columns += columns
        self._plan.count_cells += [counts + place for place in places]
        self._plan.count_firsts += [first] * len(places)
        self._add_number(begin + bound_count, cell)
        if bound_count:
            # The whole count is what is counted up to infinity.
            self._plan.same_columns.append((self._plan.width - 1, begin + bound_count - 1))

    def _add_all(self, series: SeriesSeen, labels: Iterator[Mapping[str, str]]) -> bool:
        begin = self._plan.width
        for each in labels:
            if self._column(each, series.created_ns // 1_000_000) < 0:
                # One of them stands elsewhere already, so they would not be a histogram.
                self._cut(begin)
                return False
        return self._plan.width > begin

    def _add_histogram(self, column: int, series: SeriesSeen, cell: int, size: int) -> None:
        begin = self._plan.width
        classic = begin if self._add_all(series, _classic_labels(series)) else -1
        planned = PlannedHistogram(column, classic, series.family, cell, size)
        self._plan.histograms.append(planned)
        self._plan.exemplar_homes[series.value_offset] = ExemplarHome(column)

    def _cut(self, width: int) -> None:
        for labels in self._plan.labels[width:]:
            self._seen.discard(labels)
        del self._plan.labels[width:]
        del self._plan.starts_ms[width:]

    def _series_column(self, series: SeriesSeen) -> int:
        labels = {**dict(series.labels), METRIC_NAME: series.family.name}
        return self._column(labels, series.created_ns // 1_000_000)

    def _column(self, labels: Mapping[str, str], start_ms: int) -> int:
        whole = Labels.of({**self._identity, **labels})
        if whole in self._seen:
            self._plan.left_out.append(f"{whole} stands there twice")
            return -1
        self._seen.add(whole)
        self._plan.labels.append(whole)
        self._plan.starts_ms.append(max(start_ms, 0))
        return len(self._plan.labels) - 1

    def _cell(self, offset: int, size: int) -> int:
        cell, rest = divmod(offset - self._begin, 8)
        if rest or cell < 0 or cell + size > self._room:
            return -1
        self._plan.cell_count = max(self._plan.cell_count, cell + size)
        return cell

    def _affordable(self, size: int) -> bool:
        self._claimed += size
        return self._claimed <= _OVERLAP_MAX * self._room


def _cells_of(family: FamilySeen) -> int:
    if family.kind in _OWN_BOUNDS:
        bounds = family.cuts if family.kind is Kind.CLASSIC else ()
        return CLASSIC.size // 8 + len(bounds) + 1
    if family.kind is not Kind.HISTOGRAM:
        return 1
    return HISTOGRAM.size // 8 + family.bucket_count * (2 if family.signed else 1)


def _classic_labels(series: SeriesSeen) -> Iterator[Mapping[str, str]]:
    """The classic series of a histogram that declares bounds (buckets, sum, count)."""
    family, own = series.family, dict(series.labels)
    if family.kind is Kind.HISTOGRAM and not family.cuts:
        return
    if family.kind is not Kind.SUMMARY:
        for bound in (*(normal_number(format_double(cut)) for cut in family.cuts), "+Inf"):
            yield {**own, METRIC_NAME: f"{family.name}_bucket", "le": bound}
    yield {**own, METRIC_NAME: f"{family.name}_sum"}
    yield {**own, METRIC_NAME: f"{family.name}_count"}
