"""Binary operators between scalars, between a vector and a scalar, and between two vectors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tapewatch.metrics.algebra import scale
from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, combine, filled_cells, map_cells
from tapewatch.metrics.promql.nodes import Cardinality, Span, VectorMatching
from tapewatch.metrics.promql.nodes import Operator as Symbol
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.elements import (
    ARITHMETIC,
    COMPARISONS,
    TRIMS,
    Cell,
    changes_meaning,
    combine_cells,
    refuse_floats,
)
from tapewatch.metrics.promql.operators.matching import (
    FILLED,
    Join,
    Rows,
    describe_matching,
    join,
    match_labels,
)
from tapewatch.metrics.promql.operators.names import drop_names, merge_rows
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Floats, Indices, Mask, Objects
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels, quote, quote_name


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and whether a comparison answers 0 and 1."""

    symbol: Symbol
    return_bool: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """One side, row by row the partner of the other."""

    values: Floats
    histograms: Objects | None = None

    def cell(self, row: int, step: int) -> Cell:
        """Return one cell."""
        if self.histograms is not None and self.histograms[row, step] is not None:
            cell: Histogram = self.histograms[row, step]
            return cell
        return float(self.values[row, step])


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What an operation gives; absent cells are those without an answer."""

    values: Floats
    present: Mask | None
    histograms: Objects | None = None


class ScalarBinary(Operator):
    """Two scalars."""

    __slots__ = ("symbol",)

    def __init__(self, span: Span, symbol: Symbol, left: Operator, right: Operator) -> None:
        super().__init__(span, left, right)
        self.symbol = symbol

    def compute(self, run: Run, steps: Steps) -> Scalar:
        """Combine the numbers of every step."""
        left, right = (child.scalar(run, steps).values for child in self.children)
        if self.symbol in ARITHMETIC:
            return Scalar(ARITHMETIC[self.symbol](left, right))
        return Scalar(COMPARISONS[self.symbol](left, right).astype(np.float64))

    def describe(self) -> str:
        """Say the operator."""
        return f"scalar {self.symbol} scalar"


class VectorScalarBinary(Operator):
    """A vector and a scalar, in either order."""

    __slots__ = ("operation", "scalar_left")

    def __init__(
        self, operation: Operation, vector: Operator, number: Operator, *, scalar_left: bool
    ) -> None:
        super().__init__(operation.span, vector, number)
        self.operation = operation
        self.scalar_left = scalar_left

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Combine every series with the number of the step."""
        matrix = self.children[0].matrix(run, steps)
        numbers = self.children[1].scalar(run, steps).values
        shape = matrix.values.shape
        vector = Operand(matrix.values, matrix.histograms)
        scalar = Operand(np.broadcast_to(numbers, shape))
        sides = (scalar, vector) if self.scalar_left else (vector, scalar)
        outcome = operate(self.operation, *sides, matrix.present, run)
        operation = self.operation
        if operation.symbol.compares and self.scalar_left and not operation.return_bool:
            # The answer of a comparison is the vector's value, on whichever side it stands.
            outcome = replace(outcome, values=matrix.values, histograms=matrix.histograms)
        result = replace(
            matrix,
            values=outcome.values,
            present=outcome.present,
            histograms=outcome.histograms,
        )
        if changes_meaning(operation.symbol) or operation.return_bool:
            return drop_names(result, run)
        return result

    def describe(self) -> str:
        """Say the operator."""
        symbol = self.operation.symbol
        return f"scalar {symbol} vector" if self.scalar_left else f"vector {symbol} scalar"


class Negation(Operator):
    """A vector or a scalar with a minus."""

    __slots__ = ()

    def compute(self, run: Run, steps: Steps) -> Matrix | Scalar:
        """Negate everything."""
        value = self.children[0].evaluate(run, steps)
        if isinstance(value, Scalar):
            return Scalar(-value.values)
        assert isinstance(value, Matrix)
        histograms = value.histograms
        if histograms is not None:
            histograms = map_cells(histograms, lambda cell: scale(cell, -1.0))
        return drop_names(replace(value, values=-value.values, histograms=histograms), run)

    def describe(self) -> str:
        """Say the sign."""
        return "minus"


class VectorBinary(Operator):
    """Two vectors whose series find each other by their labels."""

    __slots__ = ("matching", "operation")

    def __init__(
        self, operation: Operation, matching: VectorMatching, left: Operator, right: Operator
    ) -> None:
        super().__init__(operation.span, left, right)
        self.operation = operation
        self.matching = matching

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Pair the series and combine them."""
        left, right = (child.matrix(run, steps) for child in self.children)
        swapped = self.matching.cardinality is Cardinality.ONE_TO_MANY
        drops = changes_meaning(self.operation.symbol)
        pairs = join(left.labels, right.labels, self.matching, drops_metadata=drops)
        many, one = (right, left) if swapped else (left, right)
        both = self._presence(many, one, pairs)
        sides = [
            self._operand(many, pairs.many, self._fill(many=True)),
            self._operand(one, pairs.one, self._fill(many=False)),
        ]
        if swapped:
            sides.reverse()
        outcome = operate(self.operation, sides[0], sides[1], both, run)
        return self._result(outcome, pairs, many, run)

    def _fill(self, *, many: bool) -> float | None:
        # As in the reference, ``fill_left`` stands for the many side even of ``group_right``.
        return self.matching.fill_left if many else self.matching.fill_right

    @staticmethod
    def _operand(matrix: Matrix, rows: Rows, fill: float | None) -> Operand:
        identity = rows.size == len(matrix.labels) and bool((rows == np.arange(rows.size)).all())
        if identity:
            return Operand(matrix.values, matrix.histograms)
        filled = rows == FILLED
        if not len(matrix.labels):
            return Operand(np.full((rows.size, matrix.values.shape[1]), fill or 0.0))
        values = matrix.values[rows]
        histograms = None if matrix.histograms is None else matrix.histograms[rows]
        if filled.any():
            values[filled] = fill
            if histograms is not None:
                histograms[filled] = None
        return Operand(values, histograms)

    def _presence(self, many: Matrix, one: Matrix, pairs: Join) -> Mask | None:
        """Say at which steps each pair stands, and refuse what is ambiguous."""
        if pairs.pairs_rows:
            present = combine(_taken(many.present, pairs.many), _taken(one.present, pairs.one))
        else:
            present = self._presence_by_step(many, one, pairs)
        self._refuse_equal_results(pairs, present, many.values.shape[1])
        return present

    def _presence_by_step(self, many: Matrix, one: Matrix, pairs: Join) -> Mask:
        many_mask, one_mask = many.mask, one.mask
        numbers = pairs.signatures
        self._refuse_duplicates(one, one_mask, many_mask, numbers.right)
        any_many = _any_by_number(many_mask, numbers.left, numbers.count)
        any_one = _any_by_number(one_mask, numbers.right, numbers.count)
        present = np.empty((pairs.many.size, many_mask.shape[1]), dtype=np.bool_)
        for index, (m, o) in enumerate(zip(pairs.many.tolist(), pairs.one.tolist(), strict=True)):
            if m == FILLED:
                present[index] = one_mask[o] & ~any_many[numbers.right[o]]
            elif o == FILLED:
                present[index] = many_mask[m] & ~any_one[numbers.left[m]]
            else:
                present[index] = many_mask[m] & one_mask[o]
        if not pairs.many_unique:
            self._refuse_many(pairs, present)
        return present

    def _refuse_duplicates(
        self, one: Matrix, one_mask: Mask, many_mask: Mask, numbers: Indices
    ) -> None:
        """Raise where two series of the one side have the same signature at the same step."""
        if np.unique(numbers).size == numbers.size:
            return
        filled = self._fill(many=True) is not None
        asked = np.ones(one_mask.shape[1], np.bool_) if filled else many_mask.any(axis=0)
        seen: dict[int, list[int]] = {}
        for row, number in enumerate(numbers.tolist()):
            for earlier in seen.setdefault(number, []):
                if (one_mask[row] & one_mask[earlier] & asked).any():
                    raise self._duplicates(one.labels[row], one.labels[earlier])
            seen[number].append(row)

    def _duplicates(self, later: Labels, earlier: Labels) -> QueryFailed:
        swapped = self.matching.cardinality is Cardinality.ONE_TO_MANY
        group = _braced(match_labels(later, self.matching))
        return QueryFailed(
            f"found duplicate series for the match group {group} on the "
            f"{'left' if swapped else 'right'} hand-side of the operation: "
            f"[{_braced(earlier)}, {_braced(later)}];many-to-many matching not allowed: "
            "matching labels must be unique on one side"
        )

    @staticmethod
    def _refuse_many(pairs: Join, present: Mask) -> None:
        """Raise where two series of the many side meet the same one in a one-to-one match."""
        numbers = np.array(
            [
                pairs.signatures.left[m] if m != FILLED else pairs.signatures.right[o]
                for m, o in zip(pairs.many.tolist(), pairs.one.tolist(), strict=True)
            ],
            dtype=np.int32,
        )
        if (_count_by_number(present, numbers, pairs.signatures.count) > 1).any():
            raise QueryFailed(
                "multiple matches for labels: many-to-one matching must be explicit "
                "(group_left/group_right)"
            )

    def _refuse_equal_results(self, pairs: Join, present: Mask | None, steps: int) -> None:
        """Raise where the labels of a group do not keep its results apart."""
        if pairs.grouping is None or self.matching.cardinality is Cardinality.ONE_TO_ONE:
            return
        ids, labels = pairs.grouping
        mask = np.ones((ids.size, steps), dtype=np.bool_) if present is None else present
        if (_count_by_number(mask, ids, len(labels)) > 1).any():
            raise QueryFailed(
                "multiple matches for labels: grouping labels must ensure unique matches"
            )

    def _result(self, outcome: Outcome, pairs: Join, many: Matrix, run: Run) -> Matrix:
        drops = None
        if many.drop_names is not None:
            drops = np.where(pairs.many == FILLED, False, many.drop_names[pairs.many])
        matrix = Matrix(pairs.labels, outcome.values, outcome.present, outcome.histograms, drops)
        if pairs.grouping is not None:
            matrix = merge_rows(matrix, pairs.grouping)
        return drop_names(matrix, run) if self.operation.return_bool else matrix

    def describe(self) -> str:
        """Say the operator and the match."""
        return f"vector {self.operation.symbol} vector by {describe_matching(self.matching)}"


def operate(
    operation: Operation, left: Operand, right: Operand, present: Mask | None, run: Run
) -> Outcome:
    """Combine two operands cell by cell."""
    outcome = _operate_floats(operation, left, right, present)
    if left.histograms is not None or right.histograms is not None:
        return _operate_histograms(operation, left, right, present, outcome, run)
    if operation.symbol in TRIMS and (present is None or present.any()) and left.values.size:
        refuse_floats(operation.symbol, operation.span, run.notes)
    return outcome


def _operate_floats(
    operation: Operation, left: Operand, right: Operand, present: Mask | None
) -> Outcome:
    symbol = operation.symbol
    if symbol in ARITHMETIC:
        return Outcome(ARITHMETIC[symbol](left.values, right.values), present)
    if symbol in TRIMS:
        return Outcome(left.values, np.zeros(left.values.shape, dtype=np.bool_))
    holds = COMPARISONS[symbol](left.values, right.values)
    if operation.return_bool:
        return Outcome(holds.astype(np.float64), present)
    return Outcome(left.values, holds if present is None else holds & present)


def _operate_histograms(
    operation: Operation,
    left: Operand,
    right: Operand,
    present: Mask | None,
    floats: Outcome,
    run: Run,
) -> Outcome:
    shape = left.values.shape
    values = floats.values.copy()
    mask = np.ones(shape, np.bool_) if floats.present is None else floats.present.copy()
    histograms = np.full(shape, None, dtype=object)
    for row, step in _cells_with_histograms(left, right, present):
        one, other = left.cell(row, step), right.cell(row, step)
        result = combine_cells(operation.symbol, one, other, operation.span, run.notes)
        mask[row, step] = result is not None and (result.holds or operation.return_bool)
        if result is None:
            continue
        if operation.return_bool:
            values[row, step] = float(result.holds)
        elif isinstance(result.value, Histogram):
            histograms[row, step] = result.value
    if operation.symbol in TRIMS:
        _refuse_float_cells(operation, left, right, present, run)
    return Outcome(values, mask, histograms)


def _cells_with_histograms(
    left: Operand, right: Operand, present: Mask | None
) -> Iterator[tuple[int, int]]:
    filled = np.zeros(left.values.shape, dtype=np.bool_)
    for side in (left, right):
        if side.histograms is not None:
            filled |= filled_cells(side.histograms)
    if present is not None:
        filled &= present
    rows, steps = np.nonzero(filled)
    yield from zip(rows.tolist(), steps.tolist(), strict=True)


def _refuse_float_cells(
    operation: Operation, left: Operand, right: Operand, present: Mask | None, run: Run
) -> None:
    filled = np.zeros(left.values.shape, dtype=np.bool_)
    for row, step in _cells_with_histograms(left, right, present):
        filled[row, step] = True
    floats = ~filled if present is None else present & ~filled
    if floats.any():
        refuse_floats(operation.symbol, operation.span, run.notes)


def _taken(mask: Mask | None, rows: Rows) -> Mask | None:
    return None if mask is None else mask[rows]


def _any_by_number(mask: Mask, numbers: Indices, count: int) -> Mask:
    return _count_by_number(mask, numbers, count) > 0


def _count_by_number(mask: Mask, numbers: Indices, count: int) -> Indices:
    counts = np.zeros((count, mask.shape[1]), dtype=np.int32)
    np.add.at(counts, numbers, mask)
    return counts


def _braced(labels: Labels) -> str:
    return "{" + ", ".join(f"{quote_name(name)}={quote(value)}" for name, value in labels) + "}"
