"""Numbers and texts that stand in the query, and what has one answer for every step."""

import numpy as np

from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, Text, Value
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.numerals import general
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.run import Run
from tapewatch.model.labels import quote


class NumberOperator(Operator):
    """A number."""

    __slots__ = ("value",)

    worth_sharing = False

    def __init__(self, span: Span, value: float) -> None:
        super().__init__(span)
        self.value = value

    def compute(self, run: Run, steps: Steps) -> Scalar:  # noqa: ARG002 # a number needs no run
        """Give the number at every step."""
        return Scalar(np.full(steps.count, self.value))

    def describe(self) -> str:
        """Say the number."""
        return f"number {general(self.value)}"


class TextOperator(Operator):
    """A string."""

    __slots__ = ("value",)

    worth_sharing = False

    def __init__(self, span: Span, value: str) -> None:
        super().__init__(span)
        self.value = value

    def compute(self, run: Run, steps: Steps) -> Text:  # noqa: ARG002 # a string needs no run
        """Give the string."""
        return Text(self.value)

    def describe(self) -> str:
        """Say the string."""
        return f"string {quote(self.value)}"


class InvariantOperator(Operator):
    """What does not depend on the step: it is evaluated once."""

    __slots__ = ()

    def compute(self, run: Run, steps: Steps) -> Value:
        """Evaluate at the first step and repeat the answer."""
        value = self.children[0].evaluate(run, steps.first)
        if steps.count == 1 or not isinstance(value, Matrix | Scalar):
            return value
        return value.repeat(steps.count)

    def describe(self) -> str:
        """Say that this runs once."""
        return "once for all steps"
