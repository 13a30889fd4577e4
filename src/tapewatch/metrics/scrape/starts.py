"""
Start times of counters that a target tells as series of their own (``…_created``).

OpenMetrics has no other place for them in a text. The series themselves are stored as well, as
Prometheus does.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import MetricType
from tapewatch.wire.exposition.scrape import NewSeries, Scrape

CREATED: Final = "_created"

_COUNTING: Final = {
    MetricType.COUNTER: ("_total",),
    MetricType.HISTOGRAM: ("_bucket", "_count", "_sum"),
    MetricType.SUMMARY: ("_count", "_sum"),
}

Key: TypeAlias = tuple[str, Labels]


class StartTimes:
    """Which series tells the start of which others; does nothing where the form has no such."""

    def __init__(self, *, told: bool) -> None:
        self._told = told
        self._created: dict[Key, int] = {}
        self._members: dict[Key, list[int]] = {}
        self._key_of: dict[int, Key] = {}
        self._source = np.empty(0, np.int64)

    def __bool__(self) -> bool:
        return bool(self._created)

    def learn(self, series: NewSeries) -> None:
        """Take note of a series that is new."""
        key = _key(series) if self._told else None
        if key is None:
            return
        self._key_of[series.index] = key
        if series.created:
            self._created[key] = series.index
            for member in self._members.get(key, ()):
                self._set(member, series.index)
        else:
            self._members.setdefault(key, []).append(series.index)
            self._set(series.index, self._created.get(key, -1))

    def retire(self, index: int) -> None:
        """Forget a series that the reader forgets."""
        key = self._key_of.pop(index, None)
        if key is None:
            return
        if self._created.get(key) == index:
            del self._created[key]
            for member in self._members.get(key, ()):
                self._set(member, -1)
        else:
            self._members[key].remove(index)
            self._set(index, -1)

    def starts_ms(self, scrape: Scrape) -> NDArray[np.int64]:
        """Return the start of every series of the reader, 0 where none is told."""
        size = len(scrape.values)
        source = np.full(size, -1, np.int64)
        known = min(size, len(self._source))
        source[:known] = self._source[:known]
        told = (source >= 0) & scrape.present[source]
        seconds = np.where(told, scrape.values[source], 0.0)
        return (np.nan_to_num(seconds, nan=0.0, posinf=0.0, neginf=0.0) * 1000).astype(np.int64)

    def _set(self, index: int, source: int) -> None:
        if index >= len(self._source):
            grown = np.full(max(2 * len(self._source), index + 1, 64), -1, np.int64)
            grown[: len(self._source)] = self._source
            self._source = grown
        self._source[index] = source


def _key(series: NewSeries) -> Key | None:
    # The metric and its labels, without the one that tells its parts from each other.
    name = series.labels.name
    suffixes = (CREATED,) if series.created else _COUNTING.get(series.type, ())
    suffix = next((each for each in suffixes if name.endswith(each)), "")
    if not suffix and series.type is not MetricType.SUMMARY:
        return None
    return name.removesuffix(suffix), series.labels.drop(METRIC_NAME, "le", "quantile")
