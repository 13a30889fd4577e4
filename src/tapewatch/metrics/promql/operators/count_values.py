"""``count_values``: how many series of a group have the same value."""

from collections.abc import Iterator

import numpy as np

from tapewatch.metrics.promql.algebra import describe
from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.functions.labels import is_label_name
from tapewatch.metrics.promql.matrix import Matrix, Steps, empty_matrix
from tapewatch.metrics.promql.nodes import Span, StringLiteral
from tapewatch.metrics.promql.numerals import fixed
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
        grouping = group_by(matrix, self.by)
        numbers: dict[Labels, int] = {}
        cells: list[tuple[int, int]] = []
        written: dict[tuple[int, str], int] = {}
        for row, step, text in _texts(matrix):
            group = int(grouping.ids[row])
            key = (group, text)
            if key not in written:
                labels = self._labels(grouping.labels[group], text)
                written[key] = numbers.setdefault(labels, len(numbers))
            cells.append((written[key], step))
        if not cells:
            return empty_matrix(steps)
        counts = np.zeros((len(numbers), steps.count))
        at = np.array(cells, dtype=np.intp)
        np.add.at(counts, (at[:, 0], at[:, 1]), 1)
        present = counts > 0
        return Matrix(LabelSets(numbers), counts, None if present.all() else present)

    def _labels(self, group: Labels, text: str) -> Labels:
        if self.by.without and self.label.value in self.by.names:
            return group
        return group.replace({self.label.value: text})

    def describe(self) -> str:
        """Say the aggregation."""
        return f"count_values into {self.label.value}{self.by}"


def _texts(matrix: Matrix) -> Iterator[tuple[int, int, str]]:
    """Yield every cell as it is written into a label; equal floats are written once."""
    known: dict[str, str] = {}
    for row, step in np.argwhere(matrix.mask).tolist():
        cell = None if matrix.histograms is None else matrix.histograms[row, step]
        if cell is not None:
            yield row, step, describe(cell)
            continue
        value = float(matrix.values[row, step])
        text = known.get(repr(value))
        if text is None:
            text = known.setdefault(repr(value), fixed(value))
        yield row, step, text
