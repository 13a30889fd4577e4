"""``count_values``: how many series of a group have the same value."""

from collections.abc import Callable

import numpy as np

from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.functions.labels import is_label_name
from tapewatch.metrics.promql.matrix import Matrix, Rows, Steps, empty_matrix
from tapewatch.metrics.promql.nodes import Span, StringLiteral
from tapewatch.metrics.promql.numerals import describe, fixed
from tapewatch.metrics.promql.operators.aggregate import By, group_by
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.print import print_query
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import LabelSets
from tapewatch.model.labels import Labels


class CountValues(Operator):
    """One series per group and value, with the value in a label."""

    __slots__ = ("by", "label")

    def __init__(self, span: Span, by: By, label: StringLiteral, inner: Operator) -> None:
        super().__init__(span, inner)
        self.by = by
        self.label = label

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Count equal values at every step."""
        label = self.label.value
        if not is_label_name(label):
            raise QueryFailed(f"invalid label name {print_query(self.label)}")
        matrix = self.children[0].matrix(run, steps)
        rows, at = np.nonzero(matrix.mask)
        if not len(rows):
            return empty_matrix(steps)
        texts, codes = _texts(matrix, rows, at)
        grouping = group_by(matrix, self.by)
        groups = grouping.ids[rows].astype(np.int64)
        keys, inverse = np.unique(groups * len(texts) + codes, return_inverse=True)
        writers = [self._writer(labels) for labels in grouping.labels]
        numbers: dict[Labels, int] = {}
        written = np.array(
            [
                numbers.setdefault(writers[group](texts[code]), len(numbers))
                for group, code in zip(*_lists(np.divmod(keys, len(texts))), strict=True)
            ]
        )
        counts = np.zeros((len(numbers), steps.count))
        np.add.at(counts, (written[inverse], at), 1)
        present = counts > 0
        return Matrix(LabelSets(numbers), counts, None if present.all() else present)

    def _writer(self, group: Labels) -> Callable[[str], Labels]:
        """Return what adds a text to the labels of a group; there may be very many texts."""
        name = self.label.value
        if self.by.without and name in self.by.names:
            return lambda _: group
        before = tuple(pair for pair in group if pair[0] < name)
        after = tuple(pair for pair in group if pair[0] > name)
        return lambda text: Labels((*before, (name, text), *after))

    def describe(self) -> str:
        """Say the aggregation."""
        return f"count_values into {self.label.value}{self.by}"


def _lists(pair: tuple[Rows, Rows]) -> tuple[list[int], list[int]]:
    return pair[0].tolist(), pair[1].tolist()


def _texts(matrix: Matrix, rows: Rows, at: Rows) -> tuple[list[str], Rows]:
    """Return texts, and which of them each cell is in a label; equal floats are written once."""
    bits, codes = np.unique(matrix.values[rows, at].view(np.int64), return_inverse=True)
    texts = [fixed(value) for value in bits.view(np.float64).tolist()]
    if matrix.histograms is not None:
        for place, cell in enumerate(matrix.histograms[rows, at].tolist()):
            if cell is not None:
                codes[place] = len(texts)
                texts.append(describe(cell))
    return texts, codes
