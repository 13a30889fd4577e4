"""
Functions that change every number of a vector (or of a scalar) by itself.

A ``VectorFunction`` gets the values of its arguments and the ``Site`` of the call; it answers for
all steps at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps, Text, Value
from tapewatch.metrics.promql.nodes import Span
from tapewatch.metrics.promql.operators.names import drop_names
from tapewatch.metrics.promql.run import Run
from tapewatch.metrics.selection import EMPTY_SET, Floats


@dataclass(frozen=True, slots=True)
class Site:
    """Where a function is called."""

    run: Run
    steps: Steps
    span: Span
    argument_spans: Sequence[Span]


Arguments = Sequence[Value]
VectorFunction = Callable[[Site, Arguments], Value]


def vector_argument(arguments: Arguments, index: int) -> Matrix:
    """Return an argument that the parser has seen to be a vector."""
    value = arguments[index]
    assert isinstance(value, Matrix)
    return value


def scalar_argument(arguments: Arguments, index: int) -> Floats:
    """Return the numbers of an argument that the parser has seen to be a scalar."""
    value = arguments[index]
    assert isinstance(value, Scalar)
    return value.values


def text_argument(arguments: Arguments, index: int) -> str:
    """Return an argument that the parser has seen to be a string."""
    value = arguments[index]
    assert isinstance(value, Text)
    return value.value


def of_floats(matrix: Matrix, change: Callable[[Floats], Floats], run: Run) -> Matrix:
    """Change the floats, leave the histograms out, and drop the names."""
    matrix = matrix.floats_only()
    return drop_names(replace(matrix, values=change(matrix.values)), run)


def _of_each(change: Callable[[Floats], Floats]) -> VectorFunction:
    def function(site: Site, arguments: Arguments) -> Matrix:
        return of_floats(vector_argument(arguments, 0), change, site.run)

    return function


def _clamp(site: Site, arguments: Arguments) -> Matrix:
    lowest, highest = scalar_argument(arguments, 1), scalar_argument(arguments, 2)
    return _clamped(site, vector_argument(arguments, 0), lowest, highest)


def _clamp_max(site: Site, arguments: Arguments) -> Matrix:
    highest = scalar_argument(arguments, 1)
    lowest = np.full_like(highest, -math.inf)
    return _clamped(site, vector_argument(arguments, 0), lowest, highest)


def _clamp_min(site: Site, arguments: Arguments) -> Matrix:
    lowest = scalar_argument(arguments, 1)
    highest = np.full_like(lowest, math.inf)
    return _clamped(site, vector_argument(arguments, 0), lowest, highest)


def _clamped(site: Site, matrix: Matrix, lowest: Floats, highest: Floats) -> Matrix:
    clamped = of_floats(
        matrix, lambda values: np.maximum(lowest, np.minimum(highest, values)), site.run
    )
    crossed = highest < lowest
    if not crossed.any():
        return clamped
    return replace(clamped, present=clamped.mask & ~crossed)


def _round(site: Site, arguments: Arguments) -> Matrix:
    nearest = scalar_argument(arguments, 1) if len(arguments) > 1 else np.ones(site.steps.count)
    # Multiplying by the inverse loses less than dividing.
    inverse = 1.0 / nearest
    return of_floats(
        vector_argument(arguments, 0),
        lambda values: np.floor(values * inverse + 0.5) / inverse,
        site.run,
    )


def _scalar(site: Site, arguments: Arguments) -> Scalar:  # noqa: ARG001 # one signature
    matrix = vector_argument(arguments, 0).floats_only()
    if matrix.present is None:
        one = matrix.values.shape[0] == 1
        return Scalar(matrix.values[0] if one else np.full(matrix.values.shape[1], math.nan))
    counts = matrix.present.sum(axis=0)
    if not len(matrix.labels):
        return Scalar(np.full(matrix.values.shape[1], math.nan))
    chosen = matrix.present.argmax(axis=0)
    values = matrix.values[chosen, np.arange(counts.size)]
    return Scalar(np.where(counts == 1, values, math.nan))


def _vector(site: Site, arguments: Arguments) -> Matrix:  # noqa: ARG001 # one signature
    return Matrix(EMPTY_SET, scalar_argument(arguments, 0).reshape(1, -1))


def _time(site: Site, arguments: Arguments) -> Scalar:  # noqa: ARG001 # one signature
    return Scalar(site.steps.seconds)


def _pi(site: Site, arguments: Arguments) -> Scalar:  # noqa: ARG001 # one signature
    return Scalar(np.full(site.steps.count, math.pi))


def _timestamp(site: Site, arguments: Arguments) -> Matrix:
    matrix = vector_argument(arguments, 0)
    times = np.broadcast_to(site.steps.seconds, matrix.values.shape)
    return drop_names(replace(matrix, values=times, histograms=None), site.run)


def _start_timestamp(site: Site, arguments: Arguments) -> Matrix:
    # Only samples have a start; what an expression computed has none.
    matrix = drop_names(vector_argument(arguments, 0).floats_only(), site.run)
    return replace(matrix, present=np.zeros(matrix.values.shape, dtype=np.bool_))


def _of_two(choose: Callable[[Floats, Floats], Floats]) -> VectorFunction:
    def function(site: Site, arguments: Arguments) -> Scalar:  # noqa: ARG001 # one signature
        return Scalar(choose(scalar_argument(arguments, 0), scalar_argument(arguments, 1)))

    return function


def _larger(one: Floats, other: Floats) -> Floats:
    # Infinity beats NaN, and NaN everything else.
    either = np.isposinf(one) | np.isposinf(other)
    return np.where(either, math.inf, np.maximum(one, other))


def _smaller(one: Floats, other: Floats) -> Floats:
    either = np.isneginf(one) | np.isneginf(other)
    return np.where(either, -math.inf, np.minimum(one, other))


VECTOR_FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    "abs": _of_each(np.abs),
    "acos": _of_each(np.arccos),
    "acosh": _of_each(np.arccosh),
    "asin": _of_each(np.arcsin),
    "asinh": _of_each(np.arcsinh),
    "atan": _of_each(np.arctan),
    "atanh": _of_each(np.arctanh),
    "ceil": _of_each(np.ceil),
    "clamp": _clamp,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp_min,
    "cos": _of_each(np.cos),
    "cosh": _of_each(np.cosh),
    "deg": _of_each(lambda values: values * 180 / math.pi),
    "exp": _of_each(np.exp),
    "floor": _of_each(np.floor),
    "ln": _of_each(np.log),
    "log10": _of_each(np.log10),
    "log2": _of_each(np.log2),
    "max_of": _of_two(_larger),
    "min_of": _of_two(_smaller),
    "pi": _pi,
    "rad": _of_each(lambda values: values * math.pi / 180),
    "round": _round,
    "scalar": _scalar,
    "sgn": _of_each(lambda values: np.where(values == 0, values, np.sign(values))),
    "sin": _of_each(np.sin),
    "sinh": _of_each(np.sinh),
    "sqrt": _of_each(np.sqrt),
    "start_timestamp": _start_timestamp,
    "tan": _of_each(np.tan),
    "tanh": _of_each(np.tanh),
    "time": _time,
    "timestamp": _timestamp,
    "vector": _vector,
}
