"""
What a binary operator does to two cells.

Floats are combined in bulk by ``FLOAT_OPERATIONS``; a cell with a histogram on either side goes
through ``combine_cells``. A comparison keeps the left cell where it holds.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from tapewatch.metrics import algebra
from tapewatch.metrics.promql import annotations
from tapewatch.metrics.promql.annotations import HistogramOperation, Notes
from tapewatch.metrics.promql.nodes import Operator, Span
from tapewatch.metrics.promql.trimming import trim
from tapewatch.metrics.selection import Floats, Mask
from tapewatch.model.histograms import Histogram, ResetHint

Cell = float | Histogram

ARITHMETIC: Final[Mapping[Operator, Callable[[Floats, Floats], Floats]]] = {
    Operator.ADD: np.add,
    Operator.SUBTRACT: np.subtract,
    Operator.MULTIPLY: np.multiply,
    Operator.DIVIDE: np.divide,
    Operator.MODULO: np.fmod,
    Operator.POWER: np.power,
    Operator.ATAN2: np.arctan2,
}
COMPARISONS: Final[Mapping[Operator, Callable[[Floats, Floats], Mask]]] = {
    Operator.EQUAL: np.equal,
    Operator.NOT_EQUAL: np.not_equal,
    Operator.LESS: np.less,
    Operator.LESS_OR_EQUAL: np.less_equal,
    Operator.GREATER: np.greater,
    Operator.GREATER_OR_EQUAL: np.greater_equal,
}
TRIMS: Final = (Operator.TRIM_UPPER, Operator.TRIM_LOWER)


class CellResult(NamedTuple):
    """What two cells give: a value, and for comparisons whether it holds."""

    value: Cell
    holds: bool = True


def changes_meaning(operator: Operator) -> bool:
    """Say whether the result is no longer the metric that the operands were."""
    return operator in ARITHMETIC


def combine_cells(
    operator: Operator, left: Cell, right: Cell, span: Span, notes: Notes
) -> CellResult | None:
    """Combine two cells of which at least one is a histogram; None where that means nothing."""
    if isinstance(left, Histogram) and isinstance(right, Histogram):
        return _two_histograms(operator, left, right, span, notes)
    if isinstance(left, Histogram):
        assert isinstance(right, float)
        result = _histogram_by_float(operator, left, right)
    else:
        assert isinstance(right, Histogram)
        multiplies = operator is Operator.MULTIPLY
        result = CellResult(algebra.scale(right, left).compact()) if multiplies else None
    if result is None:
        _tell_incompatible(operator, left, right, span, notes)
    return result


def refuse_floats(operator: Operator, span: Span, notes: Notes) -> None:
    """Say that an operator does not work on two floats."""
    _tell_incompatible(operator, 0.0, 0.0, span, notes)


def _tell_incompatible(
    operator: Operator, left: Cell, right: Cell, span: Span, notes: Notes
) -> None:
    kinds = ["histogram" if isinstance(cell, Histogram) else "float" for cell in (left, right)]
    notes.add(annotations.incompatible_types(kinds[0], operator.value, kinds[1], span))


def _histogram_by_float(operator: Operator, left: Histogram, right: float) -> CellResult | None:
    if operator is Operator.MULTIPLY:
        return CellResult(algebra.scale(left, right).compact())
    if operator is Operator.DIVIDE:
        return CellResult(algebra.divide(left, right).compact())
    if operator in TRIMS:
        return CellResult(trim(left, right, upper=operator is Operator.TRIM_UPPER))
    return None


def _two_histograms(
    operator: Operator, left: Histogram, right: Histogram, span: Span, notes: Notes
) -> CellResult | None:
    if operator is Operator.EQUAL:
        return CellResult(left, algebra.equal(left, right))
    if operator is Operator.NOT_EQUAL:
        return CellResult(left, not algebra.equal(left, right))
    if operator not in (Operator.ADD, Operator.SUBTRACT):
        _tell_incompatible(operator, left, right, span, notes)
        return None
    adds = operator is Operator.ADD
    try:
        combined = algebra.add(left, right) if adds else algebra.subtract(left, right)
    except algebra.IncompatibleSchemas:
        notes.add(annotations.incompatible_buckets(operator.value, span))
        return None
    operation = HistogramOperation.ADDITION if adds else HistogramOperation.SUBTRACTION
    if combined.reset_collision:
        notes.add(annotations.reset_collision(operation, span))
    if combined.bounds_reconciled:
        notes.add(annotations.bounds_reconciled(operation, span))
    histogram = combined.histogram.compact()
    return CellResult(histogram if adds else _gauge(histogram))


def _gauge(histogram: Histogram) -> Histogram:
    return algebra.as_gauge(histogram) if histogram.reset_hint is not ResetHint.GAUGE else histogram
