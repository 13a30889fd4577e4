"""What every operator is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from time import perf_counter
from typing import TypeVar

from tapewatch.metrics.promql.errors import QueryFailed
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, Text, Value
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.run import Cost, Run, sample_count

V = TypeVar("V", Matrix, Scalar, Text)

SAME_LABELSET = "vector cannot contain metrics with the same labelset"


class Operator(ABC):
    """One node of a plan."""

    __slots__ = ("children", "shared", "span")

    worth_sharing = True

    def __init__(self, span: Span, *children: "Operator") -> None:
        self.span = span
        self.children = children
        self.shared = False

    @abstractmethod
    def compute(self, run: Run, steps: Steps) -> Value:
        """Answer for all steps at once."""

    @abstractmethod
    def describe(self) -> str:
        """Say in a few words what the operator does."""

    def evaluate(self, run: Run, steps: Steps) -> Value:
        """Compute, and keep account of it; what stands in a plan twice is computed once."""
        if not self.shared:
            return self._evaluate(run, steps)
        key = (id(self), steps)
        if key not in run.values:
            run.values[key] = self._evaluate(run, steps)
        return run.values[key]

    def _evaluate(self, run: Run, steps: Steps) -> Value:
        meter = run.meter
        meter.check()
        held = meter.samples_held
        if meter.costs is None:
            value = self.compute(run, steps)
        else:
            value = self._measured(run, steps, meter.costs.setdefault(id(self), Cost()))
        count = sample_count(value)
        meter.touch(count)
        meter.samples_held = held + count
        return value

    def _measured(self, run: Run, steps: Steps, cost: Cost) -> Value:
        begun = perf_counter()
        value = self.compute(run, steps)
        cost.seconds += perf_counter() - begun
        cost.calls += 1
        if isinstance(value, Matrix):
            cost.rows += len(value.labels)
            cost.cells += value.cell_count
        return value

    def matrix(self, run: Run, steps: Steps) -> Matrix:
        """Evaluate what is known to be a vector."""
        return _of_kind(Matrix, self.evaluate(run, steps))

    def scalar(self, run: Run, steps: Steps) -> Scalar:
        """Evaluate what is known to be a scalar."""
        return _of_kind(Scalar, self.evaluate(run, steps))

    def text(self, run: Run, steps: Steps) -> str:
        """Evaluate what is known to be a string."""
        return _of_kind(Text, self.evaluate(run, steps)).value

    def walk(self) -> Iterator["Operator"]:
        """Yield the operator and everything under it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def _of_kind(kind: type[V], value: Value) -> V:
    # The parser has checked all types, so anything else is a mistake of the planner.
    assert isinstance(value, kind)
    return value


def refuse_same_labelsets() -> QueryFailed:
    """Build the error for two rows that would be the same series."""
    return QueryFailed(SAME_LABELSET)
