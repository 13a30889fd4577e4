"""What the grammar allows and no evaluation can answer."""

from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.matrix import Matrix, Steps
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.base import Operator
from tapewatch.metrics.promql.run import Run


class Misfit(Operator):
    """Fails when it is evaluated, as the reference does."""

    __slots__ = ("reason",)

    def __init__(self, span: Span, reason: str) -> None:
        super().__init__(span)
        self.reason = reason

    def compute(self, run: Run, steps: Steps) -> Matrix:  # noqa: ARG002 # nothing can be done
        """Raise."""
        raise QueryFailed(self.reason)

    def describe(self) -> str:
        """Say why."""
        return self.reason
