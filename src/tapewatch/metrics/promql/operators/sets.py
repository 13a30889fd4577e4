"""``and``, ``or`` and ``unless``: which series stay, by their labels; values are left alone."""

from dataclasses import replace

import numpy as np

from tapewatch.metrics.promql.matrix import Matrix, Steps, narrow
from tapewatch.metrics.promql.nodes import Operator as Symbol
from tapewatch.metrics.promql.nodes import Span, VectorMatching
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.matching import describe_matching, signatures
from tapewatch.metrics.promql.operators.names import merge_same
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import Indices, LabelSets, Mask


class SetBinary(Operator):
    """A set operator between two vectors."""

    __slots__ = ("matching", "symbol")

    def __init__(
        self,
        span: Span,
        symbol: Symbol,
        matching: VectorMatching,
        left: Operator,
        right: Operator,
    ) -> None:
        super().__init__(span, left, right)
        self.symbol = symbol
        self.matching = matching

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Decide series by series, and step by step where series come and go."""
        left, right = (child.matrix(run, steps) for child in self.children)
        numbers = signatures(left.labels, right.labels, self.matching)
        if self.symbol is Symbol.OR:
            taken = _standing(left, numbers.left, numbers.count)
            free = narrow(right.present, ~taken[numbers.right])
            return _union(left, replace(right, present=free))
        found = _standing(right, numbers.right, numbers.count)[numbers.left]
        keep = found if self.symbol is Symbol.AND else ~found
        return replace(left, present=narrow(left.present, keep))

    def describe(self) -> str:
        """Say the operator and the match."""
        return f"vector {self.symbol} vector by {describe_matching(self.matching)}"


def _standing(matrix: Matrix, numbers: Indices, count: int) -> Mask:
    """Say for every signature at which steps a series with it stands."""
    standing = np.zeros((count, matrix.values.shape[1]), dtype=np.bool_)
    np.logical_or.at(standing, numbers, matrix.mask)
    return standing


def _union(left: Matrix, right: Matrix) -> Matrix:
    if not right.row_present.any():
        return left
    shape = (len(left.labels) + len(right.labels), left.values.shape[1])
    histograms = None
    if left.histograms is not None or right.histograms is not None:
        histograms = np.full(shape, None, dtype=object)
        for piece, rows in (
            (left, slice(len(left.labels))),
            (right, slice(len(left.labels), None)),
        ):
            if piece.histograms is not None:
                histograms[rows] = piece.histograms
    drops = None
    if left.drop_names is not None or right.drop_names is not None:
        drops = np.concatenate([_flags(left), _flags(right)])
    matrix = Matrix(
        LabelSets((*left.labels, *right.labels)),
        np.concatenate((left.values, right.values)),
        np.concatenate((left.mask, right.mask)),
        histograms,
        drops,
    )
    return merge_same(matrix)


def _flags(matrix: Matrix) -> Mask:
    if matrix.drop_names is None:
        return np.zeros(len(matrix.labels), dtype=np.bool_)
    return matrix.drop_names
