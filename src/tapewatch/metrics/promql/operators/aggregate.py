"""Aggregations that make one series per group: ``sum``, ``avg``, ``quantile`` and their like."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tapewatch.metrics import algebra
from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.annotations import HistogramOperation
from tapewatch.metrics.promql.kernels import groups
from tapewatch.metrics.promql.matrix import Matrix, Steps
from tapewatch.metrics.promql.nodes import Aggregator, Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Floats, Grouping, Indices, Mask, Objects
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME

EVERYWHERE: Final[Mask] = np.empty((0, 0), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class By:
    """How series are grouped."""

    names: tuple[str, ...]
    without: bool

    def __str__(self) -> str:
        word = "without" if self.without else "by"
        return f" {word} ({', '.join(self.names)})" if self.names or self.without else ""


def group_by(matrix: Matrix, by: By) -> Grouping:
    """Group the rows of a matrix."""
    return matrix.labels.group(tuple(sorted(set(by.names))), without=by.without)


def kernel_mask(present: Mask | None) -> Mask:
    """Write presence as the kernels read it."""
    return EVERYWHERE if present is None else present


FloatKernel = Callable[[Floats, Mask, Indices, Floats, Indices], None]


def _largest(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    groups.extreme(values, present, ids, True, out, counts)


def _smallest(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    groups.extreme(values, present, ids, False, out, counts)


def _deviation(values: Floats, present: Mask, ids: Indices, out: Floats, counts: Indices) -> None:
    groups.variance(values, present, ids, out, counts)
    np.sqrt(out, out=out, where=counts > 0)


_KERNELS: Final[Mapping[Aggregator, FloatKernel]] = {
    Aggregator.SUM: groups.total,
    Aggregator.AVG: groups.mean,
    Aggregator.MAX: _largest,
    Aggregator.MIN: _smallest,
    Aggregator.STDDEV: _deviation,
    Aggregator.STDVAR: groups.variance,
}


class Aggregation(Operator):
    """One series per group."""

    __slots__ = ("aggregator", "by")

    def __init__(
        self, span: Span, aggregator: Aggregator, by: By, inner: Operator, *param: Operator
    ) -> None:
        super().__init__(span, inner, *param)
        self.aggregator = aggregator
        self.by = by

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Group the rows and put each group together."""
        ranks = self._ranks(run, steps)
        matrix = self.children[0].matrix(run, steps)
        grouping = group_by(matrix, self.by)
        shape = (len(grouping.labels), steps.count)
        if not len(matrix.labels):
            return Matrix(grouping.labels[:0], np.empty((0, steps.count)))
        out, counts = np.empty(shape), np.zeros(shape, dtype=np.int32)
        histograms = self._aggregate(matrix, grouping, ranks, out, counts, run)
        present = counts > 0
        return Matrix(
            grouping.labels,
            out,
            None if present.all() else present,
            histograms,
            self._drop_names(matrix, grouping),
        )

    def _ranks(self, run: Run, steps: Steps) -> Floats | None:
        if self.aggregator is not Aggregator.QUANTILE:
            return None
        ranks = self.children[1].scalar(run, steps).values
        span = self.children[1].span
        if np.isnan(ranks).any():
            run.notes.add(annotations.bad_quantile(math.nan, span))
        if (ranks > 1).any():
            run.notes.add(annotations.bad_quantile(float(np.nanmax(ranks)), span))
        if (ranks < 0).any():
            run.notes.add(annotations.bad_quantile(float(np.nanmin(ranks)), span))
        return ranks

    def _aggregate(
        self,
        matrix: Matrix,
        grouping: Grouping,
        ranks: Floats | None,
        out: Floats,
        counts: Indices,
        run: Run,
    ) -> Objects | None:
        """Fill ``out`` and ``counts``; return the histograms, where there are any."""
        ids = grouping.ids
        if self.aggregator in (Aggregator.COUNT, Aggregator.GROUP):
            groups.count(kernel_mask(matrix.present), ids, counts)
            np.copyto(out, counts if self.aggregator is Aggregator.COUNT else 1.0)
            return None
        present = kernel_mask(matrix.float_present)
        values = np.ascontiguousarray(matrix.values)
        if ranks is not None:
            groups.quantile(values, present, ids, ranks, out, counts)
        else:
            _KERNELS[self.aggregator](values, present, ids, out, counts)
        if matrix.histograms is None or not (filled := matrix.histogram_mask).any():
            return None
        if self.aggregator in (Aggregator.SUM, Aggregator.AVG):
            return self._fold_histograms(matrix, grouping, counts, run)
        note = annotations.histogram_ignored(self.aggregator.value, self.children[0].span)
        if filled.any():
            run.notes.add(note)
        return None

    def _fold_histograms(
        self, matrix: Matrix, grouping: Grouping, counts: Indices, run: Run
    ) -> Objects:
        results = np.full(counts.shape, None, dtype=object)
        cells: dict[tuple[int, int], list[int]] = {}
        for row, step in np.argwhere(matrix.histogram_mask).tolist():
            cells.setdefault((int(grouping.ids[row]), step), []).append(row)
        assert matrix.histograms is not None
        for (group, step), rows in cells.items():
            if counts[group, step]:
                run.notes.add(annotations.mixed_aggregation(self.children[0].span))
                counts[group, step] = 0
                continue
            histograms = [matrix.histograms[row, step] for row in rows]
            names = [matrix.labels.metric_names[row] for row in rows]
            results[group, step] = self._fold(histograms, names, run)
            counts[group, step] = results[group, step] is not None
        return results

    def _fold(
        self, histograms: Sequence[Histogram], names: Sequence[str], run: Run
    ) -> Histogram | None:
        span = self.children[0].span
        fold = algebra.total if self.aggregator is Aggregator.SUM else algebra.mean
        folded = fold(histograms)
        if folded.histogram is None:
            run.notes.add(annotations.mixed_schemas(names[folded.culprit], span))
            return None
        if folded.reset_collision:
            run.notes.add(annotations.reset_collision(HistogramOperation.AGGREGATION, span))
        if folded.bounds_reconciled:
            run.notes.add(annotations.bounds_reconciled(HistogramOperation.AGGREGATION, span))
        return folded.histogram.compact()

    def _drop_names(self, matrix: Matrix, grouping: Grouping) -> Mask | None:
        """A group loses its name at the end if any of its rows does."""
        if matrix.drop_names is None or self.by.without or METRIC_NAME not in self.by.names:
            return None
        flags = np.zeros(len(grouping.labels), dtype=np.bool_)
        np.logical_or.at(flags, grouping.ids, matrix.drop_names & matrix.row_present)
        return flags

    def describe(self) -> str:
        """Say the aggregation."""
        return f"{self.aggregator}{self.by}"
