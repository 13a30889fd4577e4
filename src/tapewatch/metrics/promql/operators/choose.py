"""Aggregations that keep some series of every group: ``topk``, ``limitk`` and their like."""

from dataclasses import replace
from typing import Final

import numpy as np

from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.functions.ordering import best_first
from tapewatch.metrics.promql.kernels import groups
from tapewatch.metrics.promql.matrix import Matrix, Steps, empty_matrix
from tapewatch.metrics.promql.nodes import Aggregator, Span
from tapewatch.metrics.promql.numerals import general
from tapewatch.metrics.promql.operators.aggregate import By, group_by, kernel_mask
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Floats, Grouping, Indices, LabelSets, Mask

_INTEGER_MAX: Final = 9223372036854774784.0
_INTEGER_MIN: Final = -9223372036854775808.0
_HASH_MAX: Final = float(2**64)


class Choice(Operator):
    """Some series of every group, as they are."""

    __slots__ = ("aggregator", "by")

    def __init__(
        self, span: Span, aggregator: Aggregator, by: By, inner: Operator, param: Operator
    ) -> None:
        super().__init__(span, inner, param)
        self.aggregator = aggregator
        self.by = by

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Choose at every step."""
        numbers = self.children[1].scalar(run, steps).values
        matrix = self.children[0].matrix(run, steps)
        if self.aggregator is Aggregator.LIMIT_RATIO:
            return self._by_ratio(matrix, numbers, run, steps)
        if numbers.size and float(numbers.max()) < 1:
            return empty_matrix(steps)
        _check_sizes(numbers)
        sizes = np.clip(numbers, 0, len(matrix.labels)).astype(np.int32)
        grouping = group_by(matrix, self.by)
        if self.aggregator is Aggregator.LIMITK:
            chosen = _first(matrix, grouping, sizes)
            return replace(matrix, present=chosen)
        return self._by_value(matrix, grouping, sizes, run, steps)

    def _by_value(
        self, matrix: Matrix, grouping: Grouping, sizes: Indices,
        run: Run, steps: Steps,
    ) -> Matrix:  # fmt: skip
        if (matrix.histogram_mask & (sizes > 0)).any():
            run.notes.add(annotations.histogram_ignored(self.aggregator.value, self.span))
        matrix = matrix.floats_only()
        largest = self.aggregator is Aggregator.TOPK
        chosen = np.zeros(matrix.values.shape, dtype=np.bool_)
        if chosen.size:
            groups.highest(
                np.ascontiguousarray(matrix.values), kernel_mask(matrix.present), grouping.ids,
                len(grouping.labels), sizes, largest, chosen,
            )  # fmt: skip
        chosen_matrix = replace(matrix, present=chosen)
        return (
            _ranked(chosen_matrix, grouping, largest=largest) if steps.count == 1 else chosen_matrix
        )

    def _by_ratio(self, matrix: Matrix, ratios: Floats, run: Run, steps: Steps) -> Matrix:
        if not ratios.any():
            return empty_matrix(steps)
        if np.isnan(ratios).any():
            raise QueryFailed("Ratio value is NaN")
        span = self.children[1].span
        if (highest := float(ratios.max())) > 1:
            run.notes.add(annotations.bad_ratio(highest, 1.0, span))
        if (lowest := float(ratios.min())) < -1:
            run.notes.add(annotations.bad_ratio(lowest, -1.0, span))
        places = _places(matrix.labels).reshape(-1, 1)
        capped = np.clip(ratios, -1.0, 1.0)
        chosen = np.where(capped >= 0, places < capped, places >= 1 + capped)
        return replace(matrix, present=chosen & matrix.mask)

    def describe(self) -> str:
        """Say the aggregation."""
        return f"{self.aggregator}{self.by}"


def _check_sizes(numbers: Floats) -> None:
    if np.isnan(numbers).any():
        raise QueryFailed("Parameter value is NaN")
    if (lowest := float(numbers.min())) <= _INTEGER_MIN:
        raise QueryFailed(f"Scalar value {general(lowest)} underflows int64")
    if (highest := float(numbers.max())) >= _INTEGER_MAX:
        raise QueryFailed(f"Scalar value {general(highest)} overflows int64")


def _first(matrix: Matrix, grouping: Grouping, sizes: Indices) -> Mask:
    """Choose the first series of every group."""
    mask = matrix.mask
    chosen = np.zeros(mask.shape, dtype=np.bool_)
    taken = np.zeros((len(grouping.labels), mask.shape[1]), dtype=np.int32)
    for row, group in enumerate(grouping.ids.tolist()):
        chosen[row] = mask[row] & (taken[group] < sizes)
        taken[group] += chosen[row]
    return chosen


def _ranked(matrix: Matrix, grouping: Grouping, *, largest: bool) -> Matrix:
    """Order an instant's choice: group after group, the best first."""
    rows = np.flatnonzero(matrix.mask[:, 0])
    values = matrix.values[rows, 0].tolist()
    order = best_first(values, largest=largest)
    by_group = sorted(order, key=lambda place: int(grouping.ids[rows[place]]))
    return matrix.take(rows[np.array(by_group, dtype=np.intp)])


def _places(labels: LabelSets) -> Floats:
    """Give every series its place between 0 and 1, always the same one."""
    return labels.derive(
        "places",
        lambda: np.array([one.stable_hash() / _HASH_MAX for one in labels], dtype=np.float64),
    )
