"""The series that a decoder of write requests knows."""

from collections.abc import Hashable, Sequence
from typing import Final

from tapewatch.model.errors import BadText
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.wire.errors import BadSeries

SERIES_MAX: Final = 2_000_000

Pairs = Sequence[tuple[str, str]]


class SeriesCache:
    """
    Labels by index, and indexes by whatever key names them on the wire.

    A cache that has become full forgets everything and begins a new ``generation``.
    """

    def __init__(self, series_max: int = SERIES_MAX) -> None:
        self.by_key: dict[Hashable, int] = {}
        self.labels: list[Labels] = []
        self.generation = 0
        self._series_max = series_max
        self._by_labels: dict[Labels, int] = {}

    def begin(self) -> None:
        """Make room before a request, if need be; within a request indexes never change."""
        # Senders may name one series in many ways, so the keys are counted and not the series.
        if len(self.by_key) > self._series_max:
            self.by_key.clear()
            self.labels.clear()
            self._by_labels.clear()
            self.generation += 1

    def learn(self, key: Hashable, pairs: Pairs) -> int:
        """Return the index of the series with these labels; raises ``BadSeries``."""
        labels = allowed_labels(pairs)
        index = self._by_labels.get(labels)
        if index is None:
            index = len(self.labels)
            self.labels.append(labels)
            self._by_labels[labels] = index
        self.by_key[key] = index
        return index


def allowed_labels(pairs: Pairs) -> Labels:
    """Order and check the labels of a series."""
    try:
        labels = Labels.from_pairs(pairs)
    except BadText as fault:
        raise BadSeries(_shown(pairs), str(fault)) from None
    if not labels.name:
        raise BadSeries(_shown(pairs), "it has no metric name (__name__)")
    if labels[0][0] == "":
        raise BadSeries(_shown(pairs), "a label has no name")
    return labels


def _shown(pairs: Pairs) -> str:
    name = dict(pairs).get(METRIC_NAME, "")
    rest = ", ".join(f"{label}={value!r}" for label, value in pairs if label != METRIC_NAME)
    return f"{name}{{{rest}}}"
