"""How many series there are, and what they consist of."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.model.labels import METRIC_NAME, Labels

Ranking = list[tuple[str, int]]

_RANKINGS: Final = {
    "metrics": "seriesCountByMetricName",
    "labels": "labelValueCountByLabelName",
    "pairs": "seriesCountByLabelValuePair",
}
"""What we call a ranking, and what Prometheus' API does."""


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Counts of series; each ranking begins with the largest."""

    series: int
    metrics: Ranking
    labels: Ranking
    pairs: Ranking


def count_series(rows: Sequence[Labels], limit: int) -> Cardinality:
    """Count label sets."""
    pairs = Counter(pair for labels in rows for pair in labels)
    metrics = {value: count for (name, value), count in pairs.items() if name == METRIC_NAME}
    values = Counter(name for name, _ in pairs)
    return Cardinality(
        len(rows),
        _ranked(metrics, limit),
        _ranked(values, limit),
        _ranked({f"{name}={value}": count for (name, value), count in pairs.items()}, limit),
    )


def read_cardinality(data: Mapping[str, Any]) -> Cardinality:
    """Read what ``/status/tsdb`` says."""
    rankings = {
        name: [(each["name"], int(each["value"])) for each in data[told]]
        for name, told in _RANKINGS.items()
    }
    return Cardinality(int(data["headStats"]["numSeries"]), **rankings)


def _ranked(counts: Mapping[str, int], limit: int) -> Ranking:
    by_size: Iterable[tuple[str, int]] = sorted(
        counts.items(), key=lambda item: (-item[1], item[0])
    )
    return list(by_size)[:limit]
