"""PromQL as the language of rules: checked by our parser, evaluated by the engine or elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from tapewatch.client.connection import Connection
from tapewatch.client.sources import Remote
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.errors import QueryRefused
from tapewatch.metrics.promql.features import STABLE, Features
from tapewatch.metrics.promql.matrix import Matrix, Scalar
from tapewatch.metrics.promql.nodes import VectorSelector, value_type, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.settings import Budget
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.metrics.rows import newest_samples
from tapewatch.metrics.selection import EMPTY_SET, Source
from tapewatch.watch.rules.languages import NO_HISTOGRAMS, Last, Selector, Vector

_GOOD: Final = (ValueType.SCALAR, ValueType.VECTOR)


class PromQL:
    """The language."""

    name = "promql"

    def __init__(self, features: Features = STABLE) -> None:
        self._features = features

    def check(self, text: str) -> None:
        """Refuse what cannot be parsed, or whose value is neither a vector nor a number."""
        kind = value_type(parse(text, self._features))
        if kind not in _GOOD:
            raise QueryRefused(f"a rule needs a vector or a scalar, and this is a {kind.title}")

    def reads(self, text: str) -> Sequence[Selector]:
        """Return the matchers of every selector."""
        nodes = walk(parse(text, self._features))
        found = {node.matchers: None for node in nodes if isinstance(node, VectorSelector)}
        return tuple(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PromQL) and other._features == self._features

    def __hash__(self) -> int:
        return hash(self._features)


class EngineEvaluator:
    """The engine of this process; it is asked for each time, because a reload replaces it."""

    def __init__(self, engine: Callable[[], Engine], source: Source) -> None:
        self._engine = engine
        self._source = source

    def evaluate(self, text: str, at_ms: int, *, timeout_s: float) -> Vector:
        """Answer at one time."""
        answer = self._engine().instant(
            self._source, text, at_ms, budget=Budget(timeout_s=timeout_s)
        )
        value = answer.value
        if isinstance(value, Matrix):
            return _vector(value)
        assert isinstance(value, Scalar), "other kinds are refused when a rule is read"
        return Vector(EMPTY_SET, value.values, NO_HISTOGRAMS)

    def newest(self, selector: Selector, start_ms: int, end_ms: int) -> Iterator[Last]:
        """Return the last sample of each series in a range."""
        selection = self._source.select(selector, start_ms - 1, end_ms)
        for labels, at_ms, value in newest_samples(selection, start_ms, end_ms):
            if isinstance(value, float):
                yield Last(labels, at_ms, value)


def _vector(matrix: Matrix) -> Vector:
    histograms = NO_HISTOGRAMS
    if matrix.histograms is not None:
        cells = enumerate(matrix.histograms[:, 0].tolist())
        histograms = {row: cell for row, cell in cells if cell is not None}
    return Vector(matrix.labels, matrix.values[:, 0], histograms)


class RemoteEvaluator:
    """A server that speaks Prometheus' API; its native histograms cannot be taken."""

    def __init__(self, url: str) -> None:
        self._url = url

    def evaluate(self, text: str, at_ms: int, *, timeout_s: float) -> Vector:
        """Answer at one time."""
        answer = Remote(Connection(self._url, timeout_seconds=timeout_s)).instant(text, at_ms)
        if answer.distributions is not None:
            raise QueryRefused("a rule cannot take native histograms from another server")
        return Vector(tuple(answer.labels), np.asarray(answer.values), NO_HISTOGRAMS)

    def newest(self, selector: Selector, start_ms: int, end_ms: int) -> Iterator[Last]:
        """Return the last sample of each series in a range; the API does not tell of ends."""
        text = "{" + ", ".join(map(str, selector)) + "}" + f"[{end_ms - start_ms + 1}ms]"
        for series in Remote(Connection(self._url)).instant(text, end_ms):
            if len(series):
                yield Last(series.labels, int(series.timestamps_ms[-1]), float(series.values[-1]))
