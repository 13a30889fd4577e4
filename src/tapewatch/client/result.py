"""
What a question was answered with, in columns.

The points of all series lie one after the other in flat arrays, as Arrow wants them; ``series``
cuts them into one small object for each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.client.errors import BadQuestion
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.model.durations import format_time_ms
from tapewatch.model.histograms import Bucket, Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import format_float

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

_SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Distribution:
    """A native histogram as an answer shows it: what it counted, in buckets with bounds."""

    count: float
    sum: float
    buckets: tuple[Bucket, ...] = ()

    @classmethod
    def of(cls, histogram: Histogram) -> "Distribution":
        """Lay out a histogram."""
        return cls(histogram.count, histogram.sum, tuple(histogram.buckets()))

    def __str__(self) -> str:
        return f"count {format_float(self.count)}, sum {format_float(self.sum)}"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series of an answer; where a point is a distribution its value is NaN."""

    labels: Labels
    timestamps_ms: Times
    values: Floats
    distributions: Objects | None = None

    def __len__(self) -> int:
        return len(self.values)

    def point(self, index: int) -> float | Distribution:
        """Return the value at one place."""
        if self.distributions is not None and self.distributions[index] is not None:
            distribution: Distribution = self.distributions[index]
            return distribution
        return float(self.values[index])


@dataclass(frozen=True, eq=False)
class QueryResult:
    """
    The answer to a question.

    The points of series ``i`` are ``[offsets[i], offsets[i + 1])`` of the flat arrays, rising in
    time. A scalar is one series without labels; a string has no points, only ``string``. The result
    can be handed to whatever reads Arrow's C stream (polars, DuckDB, pandas).
    """

    text: str
    kind: ValueType
    labels: Sequence[Labels]
    offsets: Times
    timestamps_ms: Times
    values: Floats
    distributions: Objects | None = None
    string: str | None = None
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The series, in the order of the answer."""
        bounds = self.offsets.tolist()
        return tuple(
            Series(
                labels,
                self.timestamps_ms[begin:end],
                self.values[begin:end],
                None if self.distributions is None else self.distributions[begin:end],
            )
            for labels, begin, end in zip(self.labels, bounds, bounds[1:], strict=False)
        )

    @property
    def value(self) -> float | Distribution | str:
        """The only value of the answer; raises ``BadQuestion`` where there is not exactly one."""
        if self.string is not None:
            return self.string
        if len(self.values) != 1:
            raise BadQuestion(
                f"{self.text} has {len(self.values)} values, not one: aggregate, as in "
                "sum(...), or read .series"
            )
        return self.series[0].point(0)

    def to_arrow(self) -> "pa.Table":
        """Return a table: timestamp, value, then one dictionary-encoded column for each label."""
        from tapewatch.client.arrow import to_table

        return to_table(self)

    def to_pandas(self) -> "pd.DataFrame":
        """Return a data frame with the columns of ``to_arrow``."""
        from tapewatch.client.arrow import need

        need("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Return a polars data frame with the columns of ``to_arrow``."""
        from tapewatch.client.arrow import need

        frame: pl.DataFrame = need("polars").from_arrow(self.to_arrow())
        return frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Series]:
        return iter(self.series)

    def __repr__(self) -> str:
        lines = [f"<QueryResult {self.text!r}: {self._summary()}>"]
        lines += [f"  {each.labels}  {_last(each)}" for each in self.series[:_SHOWN_MAX]]
        if len(self) > _SHOWN_MAX:
            lines.append(f"  … and {len(self) - _SHOWN_MAX} more series")
        return "\n".join(lines)

    def _summary(self) -> str:
        if self.string is not None:
            return f"string {self.string!r}"
        told = f"{self.kind}, {len(self)} series, {len(self.values)} points"
        if len(self.values):
            first, last = int(self.timestamps_ms.min()), int(self.timestamps_ms.max())
            told += f", {format_time_ms(first)}"
            told += f" to {format_time_ms(last)}" if last > first else ""
        return told


def _last(series: Series) -> str:
    if not len(series):
        return ""
    point = series.point(-1)
    return format_float(point) if isinstance(point, float) else str(point)
