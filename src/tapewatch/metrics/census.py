"""Which metrics and labels make up the head: where a sudden growth comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.series import NO_SYMBOL, Table
from tapewatch.model.labels import METRIC_NAME

Ranking = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Census:
    """Counts of the head, each ranking with the largest first."""

    series: int
    label_pairs: int
    stripes: int
    first_ms: int
    last_ms: int
    series_by_metric: Ranking
    values_by_label: Ranking
    bytes_by_label: Ranking
    series_by_pair: Ranking


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    values: list[str]
    counts: list[int]


def take_census(database: Database, limit: int) -> Census:
    """Count the head; ``limit`` entries of each ranking."""
    head = database.head
    with head.lock:
        columns = list(_columns(head.table))
        series, segments = len(head.table), list(head.segments)
        stripes = len(head.lanes) + sum(each.stripe_count for each in segments)
        firsts = [each.header.first_ms for each in segments]
        firsts += [int(lane.view.times[0]) for lane in head.lanes.values() if lane.view.rows]
        firsts += [head.loose.first_ms] if head.loose.count else []
    metrics = next((column for column in columns if column.name == METRIC_NAME), None)
    pairs = [
        (f"{column.name}={value}", count)
        for column in columns
        for value, count in zip(column.values, column.counts, strict=True)
    ]
    sizes = [(column.name, sum(map(_weight, column.values, column.counts))) for column in columns]
    return Census(
        series=series,
        label_pairs=len(pairs),
        stripes=stripes,
        first_ms=min(firsts, default=2**63 - 1),
        last_ms=head.last_ms if firsts else -(2**63),
        series_by_metric=_ranked(zip(metrics.values, metrics.counts, strict=True), limit)
        if metrics
        else [],
        values_by_label=_ranked(((each.name, len(each.values)) for each in columns), limit),
        bytes_by_label=_ranked(iter(sizes), limit),
        series_by_pair=_ranked(iter(pairs), limit),
    )


def _columns(table: Table) -> Iterator[_Column]:
    rows = np.arange(len(table), dtype=np.int64)
    for name in table.label_names(rows):
        symbols, counts = np.unique(table.column(rows, name), return_counts=True)
        there = symbols != NO_SYMBOL
        texts = [table.symbol(number) for number in symbols[there].tolist()]
        yield _Column(name, texts, counts[there].tolist())


def _weight(value: str, count: int) -> int:
    return len(value.encode(errors="replace")) * count


def _ranked(counted: Iterator[tuple[str, int]], limit: int) -> Ranking:
    ordered = sorted(counted, key=lambda pair: (-pair[1], pair[0]))
    return list(islice(ordered, limit))
