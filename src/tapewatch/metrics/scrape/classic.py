"""
Classic histograms as native ones with custom buckets.

The series of a histogram (one for each bound, sum, count) become one value: its bounds are those of
the buckets, its counts the differences between them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tapewatch.model.errors import BadText
from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.numbers import parse_float
from tapewatch.model.samples import MetricType
from tapewatch.wire.exposition.scrape import NewSeries, Scrape

ABSENT: Final = -1


@dataclass(slots=True)
class ClassicHistogram:
    """The series of one histogram, by index of the reader."""

    labels: Labels
    bounds: dict[float, int] = field(default_factory=dict)
    sum_index: int = ABSENT
    count_index: int = ABSENT
    ordered: list[tuple[float, int]] = field(default_factory=list)

    def value(self, scrape: Scrape) -> Histogram | None:
        """Put the histogram together; None where a part of it was missing from the scrape."""
        parts = [index for _, index in self.ordered]
        if not parts or not scrape.present[parts].all():
            return None
        counts = scrape.values[parts].tolist()
        total = self._value(scrape, self.count_index, counts[-1])
        bounds = [bound for bound, _ in self.ordered]
        if not math.isinf(bounds[-1]):
            bounds.append(math.inf)
            counts.append(total)
        below = [0.0, *counts[:-1]]
        rises = enumerate(upper - lower for lower, upper in zip(below, counts, strict=True))
        return Histogram(
            schema=CUSTOM_SCHEMA,
            count=total,
            sum=self._value(scrape, self.sum_index, 0.0),
            positive={index: rise for index, rise in rises if rise},
            custom_bounds=tuple(bounds[:-1]),
        )

    def _value(self, scrape: Scrape, index: int, otherwise: float) -> float:
        if index == ABSENT or not scrape.present[index]:
            return otherwise
        return float(scrape.values[index])


class ClassicHistograms:
    """The histograms of one target."""

    def __init__(self) -> None:
        self._by_labels: dict[Labels, ClassicHistogram] = {}

    def __iter__(self) -> Iterator[ClassicHistogram]:
        return iter(self._by_labels.values())

    def __len__(self) -> int:
        return len(self._by_labels)

    def learn(self, series: NewSeries) -> bool:
        """Take note of a series that is new; True where it is part of a histogram."""
        if series.type is not MetricType.HISTOGRAM:
            return False
        family, _, part = series.labels.name.rpartition("_")
        if part not in ("bucket", "sum", "count") or not family:
            return False
        histogram = self._of(series.labels.drop("le").replace({METRIC_NAME: family}))
        if part == "bucket":
            return _add_bound(histogram, series)
        if part == "sum":
            histogram.sum_index = series.index
        else:
            histogram.count_index = series.index
        return True

    def retire(self, indexes: set[int]) -> list[Labels]:
        """Forget, and name, the histograms that have lost a series."""
        gone = [
            labels
            for labels, each in self._by_labels.items()
            if indexes & {each.sum_index, each.count_index, *each.bounds.values()}
        ]
        for labels in gone:
            del self._by_labels[labels]
        return gone

    def _of(self, labels: Labels) -> ClassicHistogram:
        if labels not in self._by_labels:
            self._by_labels[labels] = ClassicHistogram(labels)
        return self._by_labels[labels]


def _add_bound(histogram: ClassicHistogram, series: NewSeries) -> bool:
    try:
        bound = parse_float(series.labels.get("le"))
    except BadText:
        return False
    histogram.bounds[bound] = series.index
    histogram.ordered = sorted(histogram.bounds.items())
    return True
