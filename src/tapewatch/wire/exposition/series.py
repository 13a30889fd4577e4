"""
The series of one target, by the bytes that name them.

Both twins of the reader learn through this book: a line that the fast path does not recognise is
read here once, and from then on known by its prefix.
"""

import math
from dataclasses import replace
from decimal import Decimal
from heapq import heappop, heappush
from typing import Final

from tapewatch.model.digits import format_double, parse_double
from tapewatch.model.errors import BadText
from tapewatch.model.hash_index import new_index
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Metadata, MetricType
from tapewatch.wire.exposition.grammar import (
    EXEMPLAR_LENGTH_MAX,
    Grammar,
    Told,
    labels_of,
)
from tapewatch.wire.exposition.scrape import NewSeries

# The series that a metric of some type consists of, by what follows the metric's name.
_SUFFIXES: Final = {
    MetricType.COUNTER: ("_total", "_created"),
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum", "_created"),
    MetricType.GAUGE_HISTOGRAM: ("_bucket", "_gcount", "_gsum"),
    MetricType.SUMMARY: ("_count", "_sum", "_created"),
    MetricType.INFO: ("_info",),
}
# Prometheus stores the numbers in these labels in one spelling, so that le="1" is le="1.0".
_NUMBER_LABELS: Final = {MetricType.HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}


class SeriesBook:
    """
    Which prefix is which series, and what is told of their metrics.

    ``labels`` are those of every series, or with ``lasting`` False only of those that the scrape
    at hand has brought: who reads a target for days knows the others already.
    """

    def __init__(self, grammar: Grammar, *, lasting: bool = True) -> None:
        self.grammar = grammar
        self.by_prefix = new_index()
        self.labels: list[Labels | None] = []
        self.metadata: dict[str, Metadata] = {}
        self._lasting = lasting
        self._by_labels = new_index()
        self._free: list[int] = []
        self._resting: set[int] = set()
        self._fresh: list[NewSeries] = []
        self._told: dict[str, Metadata] = {}

    def learn(self, line: bytes, end: int) -> int:
        """Read the prefix ``line[:end]`` and return the index of its series."""
        labels = labels_of(self.grammar.series(line, end))
        kind, suffix = self._kind(labels.name)
        labels = _with_normal_number(labels, kind)
        index = self._by_labels.get(labels)
        if index < 0:
            index = self._add(labels, kind, created=self.grammar.strict and suffix == "_created")
        self.by_prefix.put(line[:end], index)
        return index

    def tell(self, line: bytes) -> bool:
        """Read a comment; True where a metric has changed its type."""
        told = self.grammar.comment(line)
        if told is None:
            return False
        return self._note(told)

    def commit(self) -> tuple[tuple[NewSeries, ...], dict[str, Metadata]]:
        """Close a scrape that was good: return what was learned from it."""
        fresh, known = tuple(self._fresh), self.metadata
        told = {metric: data for metric, data in self._told.items() if data != known.get(metric)}
        self.metadata |= told
        self._fresh, self._told = [], {}
        if not self._lasting:
            for series in fresh:
                self.labels[series.index] = None
        return fresh, told

    def roll_back(self) -> None:
        """Close a scrape that was bad: forget what was learned from it."""
        if self._fresh:
            self.retire([series.index for series in self._fresh])
        self._fresh, self._told = [], {}

    def retire(self, indexes: list[int]) -> None:
        """Forget series; new ones will take over their indexes."""
        gone = set(indexes) - self._resting
        self.by_prefix.drop(gone)
        self._by_labels.drop(gone)
        for index in sorted(gone):
            self.labels[index] = None
            heappush(self._free, index)
        self._resting |= gone

    def forget_prefixes(self) -> None:
        """Read every prefix anew when it next comes; the series keep their indexes."""
        self.by_prefix.clear()

    def _note(self, told: Told) -> bool:
        known = self._told.get(told.metric) or self.metadata.get(told.metric)
        before = known or Metadata()
        if told.keyword == "TYPE":
            after = replace(before, type=self.grammar.types[told.text])
        elif told.keyword == "HELP":
            after = replace(before, help=told.text)
        else:
            after = replace(before, unit=told.text)
        if after != known:
            self._told[told.metric] = after
        former = self.metadata.get(told.metric)
        return former is not None and after.type != former.type

    def _kind(self, name: str) -> tuple[MetricType, str]:
        # The type of the metric that the series is one of, and what its own name adds.
        told = self._told.get(name) or self.metadata.get(name)
        if told is not None:
            return told.type, ""
        family, underscore, last = name.rpartition("_")
        told = self._told.get(family) or self.metadata.get(family)
        suffix = underscore + last
        if told is not None and suffix in _SUFFIXES.get(told.type, ()):
            return told.type, suffix
        return MetricType.UNKNOWN, ""

    def _add(self, labels: Labels, kind: MetricType, *, created: bool) -> int:
        if self._free:
            index = heappop(self._free)
            self._resting.discard(index)
            self.labels[index] = labels
        else:
            index = len(self.labels)
            self.labels.append(labels)
        self._by_labels.put(labels, index)
        self._fresh.append(NewSeries(index, labels, kind, created))
        return index


def _with_normal_number(labels: Labels, kind: MetricType) -> Labels:
    label = _NUMBER_LABELS.get(kind)
    if label is None:
        return labels
    value = labels.get(label)
    normal = normal_number(value)
    return labels if normal == value else labels.replace({label: normal})


def normal_number(text: str) -> str:
    """Write the number in a label as OpenMetrics does (``1.0``, ``1e+06``); leave other texts."""
    try:
        value = parse_double(text.encode())
    except BadText:
        return text
    return openmetrics_number(value)


def openmetrics_number(value: float) -> str:
    """Write a number as Go's ``%g`` does, with ``.0`` where it would look like an integer."""
    if not math.isfinite(value):
        return format_double(value)
    shortest = repr(value)
    if not value or -4 <= Decimal(shortest).adjusted() < 6:
        return shortest
    digits, _, exponent = f"{Decimal(shortest).normalize():e}".partition("e")
    return f"{digits}e{exponent[0]}{exponent[1:]:0>2}"


def fits(exemplar: Exemplar) -> bool:
    """Say whether an exemplar's labels are short enough to be kept."""
    length = sum(len(name) + len(value) for name, value in exemplar.labels)
    return length <= EXEMPLAR_LENGTH_MAX
