"""
What a query has to say beside its values: warnings and infos, in Prometheus' words.

Each function makes the note for one situation; ``Notes`` collects them during an evaluation. A
note is told once, with the position of its first occurrence.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from tapewatch.metrics.promql.errors import position
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.numerals import general
from tapewatch.metrics.promql.result import Annotations
from tapewatch.model.labels import quote


class Severity(StrEnum):
    """How a note begins."""

    WARNING = "PromQL warning"
    INFO = "PromQL info"


class HistogramOperation(StrEnum):
    """What was done when histograms did not quite fit."""

    ADDITION = "addition"
    SUBTRACTION = "subtraction"
    AGGREGATION = "aggregation"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to say; two notes with equal words are the same note."""

    severity: Severity
    words: str
    span: Span

    def tell(self, text: str) -> str:
        """Write the note with its position in the query's ``text``."""
        return f"{self.severity}: {self.words} ({position(text, self.span.start)})"

    def merge(self, _later: "Note") -> "Note":
        """Return what is told when the note comes up again."""
        return self


@dataclass(frozen=True, slots=True)
class MonotonicityNote(Note):
    """Buckets that had to be repaired, with what was seen over all of them."""

    first_ms: int
    last_ms: int
    bucket_min: float
    bucket_max: float
    difference_max: float
    count: int = 1

    def tell(self, text: str) -> str:
        """Write the note with the range of buckets and times it was seen in."""
        detail = (
            f", from buckets {general(self.bucket_min)} to {general(self.bucket_max)}, "
            f"with a max diff of {general(self.difference_max, digits=2)}, "
            f"over {self.count} samples from {_moment(self.first_ms)} to {_moment(self.last_ms)}"
        )
        return f"{self.severity}: {self.words}{detail} ({position(text, self.span.start)})"

    def merge(self, later: Note) -> Note:
        """Widen the ranges by another occurrence."""
        assert isinstance(later, MonotonicityNote)
        return MonotonicityNote(
            self.severity,
            self.words,
            self.span,
            min(self.first_ms, later.first_ms),
            max(self.last_ms, later.last_ms),
            min(self.bucket_min, later.bucket_min),
            max(self.bucket_max, later.bucket_max),
            max(self.difference_max, later.difference_max),
            self.count + later.count,
        )


class Notes:
    """The notes of one evaluation."""

    def __init__(self) -> None:
        self._notes: dict[tuple[Severity, str], Note] = {}

    def add(self, note: Note) -> None:
        """Remember a note."""
        key = (note.severity, note.words)
        known = self._notes.get(key)
        self._notes[key] = note if known is None else known.merge(note)

    def render(self, text: str) -> Annotations:
        """Write all notes as the API answers them, in an order that no series decides."""
        told = {severity: list[str]() for severity in Severity}
        for note in self._notes.values():
            told[note.severity].append(note.tell(text))
        return Annotations(
            tuple(sorted(told[Severity.WARNING])), tuple(sorted(told[Severity.INFO]))
        )

    def __len__(self) -> int:
        return len(self._notes)


def _moment(time_ms: int) -> str:
    seconds = int(time_ms / 1000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _warning(words: str, span: Span) -> Note:
    return Note(Severity.WARNING, words, span)


def _info(words: str, span: Span) -> Note:
    return Note(Severity.INFO, words, span)


def _with_metric(words: str, metric: str) -> str:
    return f"{words} for metric name {quote(metric)}" if metric else words


def bad_quantile(value: float, span: Span) -> Note:
    """A quantile lies outside of 0 to 1."""
    return _warning(f"quantile value should be between 0 and 1, got {general(value)}", span)


def bad_ratio(value: float, used: float, span: Span) -> Note:
    """A ratio lies outside of -1 to 1."""
    words = "ratio value should be between -1 and 1"
    return _warning(f"{words}, got {general(value)}, capping to {general(used)}", span)


def bad_bucket_label(metric: str, label: str, span: Span) -> Note:
    """A classic bucket has no bound that is a number."""
    words = f'bucket label "le" is missing or has a malformed value of {quote(label)}'
    return _warning(_with_metric(words, metric), span)


def mixed_samples(metric: str, span: Span) -> Note:
    """A window holds floats and histograms."""
    words = "encountered a mix of histograms and floats for metric name"
    return _warning(f"{words} {quote(metric)}", span)


def mixed_aggregation(span: Span) -> Note:
    """A group holds floats and histograms."""
    return _warning("encountered a mix of histograms and floats for aggregation", span)


def mixed_classic_native(metric: str, span: Span) -> Note:
    """A vector holds classic buckets and a native histogram of the same series."""
    words = "vector contains a mix of classic and native histograms"
    return _warning(_with_metric(words, metric), span)


def not_a_counter(metric: str, span: Span) -> Note:
    """A function for counters met a gauge histogram."""
    return _warning(f"this native histogram metric is not a counter: {quote(metric)}", span)


def not_a_gauge(metric: str, span: Span) -> Note:
    """A function for gauges met a counter histogram."""
    return _warning(f"this native histogram metric is not a gauge: {quote(metric)}", span)


def mixed_schemas(metric: str, span: Span) -> Note:
    """Exponential and custom buckets cannot be combined."""
    words = (
        "vector contains a mix of histograms with exponential and custom buckets schemas "
        "for metric name"
    )
    return _warning(f"{words} {quote(metric)}", span)


def incompatible_buckets(operator: str, span: Span) -> Note:
    """An operator met exponential and custom buckets."""
    words = "incompatible bucket layout encountered for binary operator"
    return _warning(f"{words} {operator}", span)


def reset_collision(operation: HistogramOperation, span: Span) -> Note:
    """One histogram says that it follows a reset, the other that it does not."""
    return _warning(f"conflicting counter resets during histogram {operation}", span)


def start_overlap(metric: str, span: Span) -> Note:
    """A sample started before the one before it ended."""
    words = "sample has start time that overlaps with previous sample timestamp for metric"
    return _warning(f"{words} {quote(metric)}", span)


def sort_in_range(span: Span) -> Note:
    """Sorting does nothing to a range query."""
    words = "sort is ineffective for range queries since results are always ordered by labels"
    return _warning(words, span)


def maybe_not_counter(metric: str, span: Span) -> Note:
    """A name does not look like a counter's."""
    words = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:"
    return _info(f"{words} {quote(metric)}", span)


def maybe_not_counter_type(metric: str, type_label: str, span: Span) -> Note:
    """A type label does not say counter."""
    words = 'metric might not be a counter, __type__ label is not set to "counter" or "histogram"'
    return _info(f"{words}, got {quote(type_label)}: {quote(metric)}", span)


def incompatible_types(left: str, operator: str, right: str, span: Span) -> Note:
    """An operator does not work on these two kinds of samples."""
    words = "incompatible sample types encountered for binary operator"
    return _info(f"{words} {quote(operator)}: {left} {operator} {right}", span)


def histogram_ignored(aggregation: str, span: Span) -> Note:
    """An aggregation left histograms out."""
    return _info(f"ignored histogram in {aggregation} aggregation", span)


def histogram_ignored_in_range(metric: str, span: Span) -> Note:
    """A function left the histograms of a mixed window out."""
    words = "ignored histograms in a range containing both floats and histograms for metric name"
    return _info(f"{words} {quote(metric)}", span)


def quantile_is_nan(metric: str, span: Span) -> Note:
    """NaN observations reach up to the quantile."""
    words = "input to histogram_quantile has NaN observations, result is NaN"
    return _info(_with_metric(words, metric), span)


def quantile_is_skewed(metric: str, span: Span) -> Note:
    """NaN observations push the quantile up."""
    words = "input to histogram_quantile has NaN observations, result is skewed higher"
    return _info(_with_metric(words, metric), span)


def fraction_without_nan(metric: str, span: Span) -> Note:
    """NaN observations belong to no fraction."""
    words = (
        "input to histogram_fraction has NaN observations, which are excluded from all fractions"
    )
    return _info(_with_metric(words, metric), span)


def bounds_reconciled(operation: HistogramOperation, span: Span) -> Note:
    """Custom bounds differed, and only the common ones were kept."""
    return _info(f"mismatched custom buckets were reconciled during {operation}", span)


def rounded_to_summaries(resolution: str, span: Span) -> Note:
    """The samples are gone, and the windows are no unions of the buckets that are left."""
    words = (
        f"the samples are gone, so windows were rounded to whole summaries of {resolution}; "
        f"answers are exact where start, step, range and offset are multiples of {resolution}"
    )
    return _info(words, span)


_MONOTONICITY: Final = (
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


def monotonicity_forced(
    metric: str,
    span: Span,
    *,
    first_ms: int,
    last_ms: int,
    bucket_min: float,
    bucket_max: float,
    difference_max: float,
    count: int,
) -> Note:
    """Cumulative buckets fell from one bound to the next."""
    words = _with_metric(_MONOTONICITY, metric)
    return MonotonicityNote(
        Severity.INFO,
        words,
        span,
        first_ms,
        last_ms,
        bucket_min,
        bucket_max,
        difference_max,
        count,
    )
