"""Calls of functions of instant vectors and scalars."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from tapewatch.metrics.promql.functions.dates import DATE_FUNCTIONS
from tapewatch.metrics.promql.functions.histograms import HISTOGRAM_FUNCTIONS
from tapewatch.metrics.promql.functions.labels import LABEL_FUNCTIONS
from tapewatch.metrics.promql.functions.ordering import ORDERING_FUNCTIONS
from tapewatch.metrics.promql.functions.vectors import VECTOR_FUNCTIONS, Site, VectorFunction
from tapewatch.metrics.promql.matrix import Matrix, Steps, Value
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.operators.names import drop_names
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import LabelSets

FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    **VECTOR_FUNCTIONS,
    **DATE_FUNCTIONS,
    **HISTOGRAM_FUNCTIONS,
    **LABEL_FUNCTIONS,
    **ORDERING_FUNCTIONS,
}


class CallOperator(Operator):
    """A function of its arguments' values."""

    __slots__ = ("function", "spans")

    def __init__(self, span: Span, function: str, arguments: tuple[Operator, ...]) -> None:
        super().__init__(span, *arguments)
        self.function = function
        self.spans = tuple(argument.span for argument in arguments)

    def compute(self, run: Run, steps: Steps) -> Value:
        """Evaluate the arguments and call the function."""
        arguments = [child.evaluate(run, steps) for child in self.children]
        site = Site(run, steps, self.span, self.spans)
        return FUNCTIONS[self.function](site, arguments)

    def describe(self) -> str:
        """Say the function."""
        return self.function


class NameDropper(Operator):
    """A selector whose values are no longer those of its metric (``timestamp(m)``)."""

    __slots__ = ()

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Evaluate and drop the names."""
        return drop_names(self.children[0].matrix(run, steps), run)

    def describe(self) -> str:
        """Say that names go."""
        return "without names"


class Absent(Operator):
    """One series where the vector is empty."""

    __slots__ = ("labels",)

    def __init__(self, span: Span, labels: LabelSets, inner: Operator) -> None:
        super().__init__(span, inner)
        self.labels = labels

    def compute(self, run: Run, steps: Steps) -> Matrix:
        """Turn presence around."""
        found = self.children[0].matrix(run, steps).mask.any(axis=0)
        present = None if not found.any() else ~found.reshape(1, -1)
        return Matrix(self.labels, np.ones((1, steps.count)), present)

    def describe(self) -> str:
        """Say the function."""
        return "absent"
