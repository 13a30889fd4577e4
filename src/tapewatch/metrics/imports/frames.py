"""
Tables of samples, as Arrow batches: long (one sample a row) and wide (one series a column).

A table with a column ``value`` is long: ``timestamp`` and ``value`` make the sample, ``__name__``
or ``metric`` its name, every other column a label. In a wide one every column but the time is a
series, named as in ``orders_total{venue="X"}``. Times are Arrow timestamps, RFC 3339, or numbers
since 1970, whose unit follows from their size: seconds up to 1e11, then ms, us and ns.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Batch, Floats, Integers, SeriesBook
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.parse import parse_metric
from tapewatch.model.durations import parse_time_ms
from tapewatch.model.errors import BadText, TapewatchError
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.numbers import parse_float

TIME_NAMES: Final = ("timestamp", "time", "ts", "datetime", "date")
VALUE_NAME: Final = "value"
NAME_NAMES: Final = (METRIC_NAME, "metric")
FAULTS_MAX: Final = 100
"""How many rows of one batch are named; the others are counted."""

_NOT_LABELS: Final = ("histogram",)
# Numbers since 1970 below each bound are in the unit that has this many in a millisecond.
_UNITS: Final = ((1e11, 1e-3), (1e14, 1.0), (1e17, 1e3), (float("inf"), 1e6))

Flags = NDArray[np.bool_]
Line = Callable[[int], int]
"""Turns the number of a row, counted from 0, into the line of the file that it stands on."""


class Shape(NamedTuple):
    """Which column of a table is what."""

    time: str
    value: str | None
    name: str | None
    labels: tuple[str, ...]


class Column(NamedTuple):
    """Numbers, which of them are there, and what is wrong with the others, by row."""

    numbers: Floats
    present: Flags
    faults: dict[int, str]


class FrameReader:
    """Turns the batches of one table into batches of samples."""

    def __init__(self, file: str, columns: Sequence[str], metric: str | None = None) -> None:
        self.book = SeriesBook()
        self._file = file
        self._shape = read_shape(file, columns, metric)
        self._metric = metric
        self._rows = 0
        self._wide = {} if self._shape.value else self._wide_series()

    def read(self, frame: pa.RecordBatch, size_bytes: int, line: Line) -> Batch:
        """Read one batch of rows."""
        times = read_times(frame.column(self._shape.time))
        faults = dict(times.faults)
        read = self._read_long if self._shape.value else self._read_wide
        series, rows, values = read(frame, times, faults)
        for row in [row for row in times.faults if _is_blank(frame, row)]:
            del faults[row]
        first, self._rows = self._rows, self._rows + frame.num_rows
        told = [
            BadImport(self._file, str(line(first + row)), reason)
            for row, reason in sorted(faults.items())[:FAULTS_MAX]
        ]
        if len(faults) > FAULTS_MAX:
            rest = f"{len(faults) - FAULTS_MAX} further rows cannot be read"
            told.append(BadImport(self._file, str(line(first)), rest))
        stamps = times.numbers[rows].astype(np.int64)
        return Batch(series, stamps, values, None, told, size_bytes)

    def _read_long(
        self, frame: pa.RecordBatch, times: Column, faults: dict[int, str]
    ) -> tuple[Integers, Integers, Floats]:
        assert self._shape.value is not None
        values = read_numbers(frame.column(self._shape.value))
        for row, reason in values.faults.items():
            faults.setdefault(row, reason)
        numbers, nameless = self._series_of(frame)
        for row in np.flatnonzero(nameless).tolist():
            faults.setdefault(row, "the row names no metric: name one for all with --metric")
        for row in np.flatnonzero(~values.present).tolist():
            faults.setdefault(row, "the row has no value")
        rows = np.flatnonzero(times.present & values.present & ~nameless)
        return numbers[rows], rows, values.numbers[rows]

    def _series_of(self, frame: pa.RecordBatch) -> tuple[Integers, Flags]:
        """Number the series of every row; only one row of each series is looked at."""
        names = [*([self._shape.name] if self._shape.name else []), *self._shape.labels]
        texts = [_as_dictionary(frame.column(name)) for name in names]
        keys = np.zeros(frame.num_rows, dtype=np.int64)
        for text in texts:
            codes = text.indices.fill_null(len(text.dictionary)).to_numpy(zero_copy_only=False)
            _, keys = np.unique(
                keys * (len(text.dictionary) + 1) + codes.astype(np.int64), return_inverse=True
            )
        _, firsts, members = np.unique(keys, return_index=True, return_inverse=True)
        labels = [self._labels(names, [text[row].as_py() for text in texts]) for row in firsts]
        numbers = np.array([self.book.number(each) for each in labels], dtype=np.int64)
        nameless = np.array([not each.name for each in labels], dtype=np.bool_)
        return numbers[members], nameless[members]

    def _labels(self, names: Sequence[str], values: Sequence[str | None]) -> Labels:
        pairs = dict(zip(names, values, strict=True))
        name = (pairs.pop(self._shape.name) if self._shape.name else None) or self._metric
        told = {label: value for label, value in pairs.items() if value}
        return Labels.of({**told, METRIC_NAME: name or ""})

    def _wide_series(self) -> dict[str, int]:
        return {
            column: self.book.number(_wide_labels(self._file, column, self._metric))
            for column in self._shape.labels
        }

    def _read_wide(
        self, frame: pa.RecordBatch, times: Column, faults: dict[int, str]
    ) -> tuple[Integers, Integers, Floats]:
        series, rows, values = [], [], []
        for name, number in self._wide.items():
            column = read_numbers(frame.column(name))
            for row, reason in column.faults.items():
                faults.setdefault(row, f"column {name}: {reason}")
            own = np.flatnonzero(times.present & column.present)
            series.append(np.full(len(own), number, dtype=np.int64))
            rows.append(own)
            values.append(column.numbers[own])
        return np.concatenate(series), np.concatenate(rows), np.concatenate(values)


def _is_blank(frame: pa.RecordBatch, row: int) -> bool:
    cells = (column[row].as_py() for column in frame.columns)
    return all(cell is None or cell == "" for cell in cells)


def read_shape(file: str, columns: Sequence[str], metric: str | None) -> Shape:
    """Find out which column is what; raises ``BadImport`` where there is no time."""
    time = _find(columns, TIME_NAMES)
    if time is None:
        known = ", ".join(TIME_NAMES)
        raise BadImport(file, "1", f"no column has the times: name one of them {known}")
    value, name = _find(columns, (VALUE_NAME,)), _find(columns, NAME_NAMES)
    if value is None:
        rest = tuple(column for column in columns if column != time)
        if not rest:
            raise BadImport(file, "1", "there is no column beside the time")
        return Shape(time, None, None, rest)
    if name is None and metric is None:
        wanted = f"a column {NAME_NAMES[0]} or {NAME_NAMES[1]}"
        raise BadImport(file, "1", f"the samples have no name: add {wanted}, or give --metric")
    used = {time, value, name, *_NOT_LABELS}
    return Shape(time, value, name, tuple(each for each in columns if each not in used))


def _find(columns: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {column.lower(): column for column in reversed(columns)}
    return next((lowered[name] for name in names if name in lowered), None)


def _wide_labels(file: str, column: str, metric: str | None) -> Labels:
    if "{" not in column:
        return Labels.of({METRIC_NAME: column})
    try:
        labels = parse_metric(column)
    except QuerySyntaxError as fault:
        raise BadImport(file, "1", f"the column {column!r} names no series: {fault}") from None
    if not labels.name and metric is None:
        raise BadImport(file, "1", f"the column {column!r} names no metric: give --metric")
    return labels if labels.name else labels.replace({METRIC_NAME: metric or ""})


def _as_dictionary(column: pa.Array) -> pa.DictionaryArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.dictionary(pa.int32(), pa.string()))
    return column.cast(pa.string()).dictionary_encode()


def read_times(column: pa.Array) -> Column:
    """Read a column of times as milliseconds."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        stamps = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
        present = np.asarray(stamps.is_valid())
        numbers = stamps.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    elif pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
        return _read_time_texts(column.cast(pa.string()))
    else:
        numbers, present, _ = read_numbers(column)
        numbers = scale_times(numbers)
    return Column(np.rint(numbers), present, _timeless(present))


def _read_time_texts(column: pa.Array) -> Column:
    faults: dict[int, str] = {}
    try:
        numbers = scale_times(np.asarray(column.cast(pa.float64()).fill_null(np.nan)))
        present = np.isfinite(numbers)
        numbers = np.nan_to_num(numbers)
    except pa.ArrowInvalid:
        try:
            return read_times(column.cast(pa.timestamp("ms", tz="UTC")))
        except pa.ArrowInvalid:
            numbers, present, faults = _one_by_one(column, _time_of)
    return Column(np.rint(numbers), present, _timeless(present) | faults)


def _timeless(present: Flags) -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(~present).tolist(), "the row has no time")


def _time_of(text: str) -> float:
    try:
        return float(np.rint(scale_times(np.array([parse_float(text)]))[0]))
    except BadText:
        return float(parse_time_ms(text))


def scale_times(numbers: Floats) -> Floats:
    """Turn numbers since 1970 into milliseconds; each has the unit that its size tells."""
    sizes = np.abs(numbers)
    bounds = np.array([bound for bound, _ in _UNITS])
    factors = np.array([per_ms for _, per_ms in _UNITS])
    places = np.searchsorted(bounds, sizes, side="right").clip(max=len(_UNITS) - 1)
    return np.asarray(numbers / factors[places], dtype=np.float64)


def read_numbers(column: pa.Array) -> Column:
    """Read a column of numbers; what is null or empty is absent."""
    if pa.types.is_string(column.type):
        column = pc.replace_with_mask(
            column, pc.equal(pc.fill_null(column, ""), ""), pa.scalar(None, pa.string())
        )
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid:
            return _one_by_one(column, parse_float)
    elif pa.types.is_dictionary(column.type):
        return read_numbers(column.cast(pa.string()))
    present = np.asarray(column.is_valid())
    numbers = np.asarray(column.cast(pa.float64(), safe=False).fill_null(0.0), dtype=np.float64)
    return Column(numbers, present, {})


def _one_by_one(column: pa.Array, read: Callable[[str], float]) -> Column:
    numbers, present = np.zeros(len(column)), np.zeros(len(column), dtype=np.bool_)
    faults: dict[int, str] = {}
    for row, text in enumerate(column.to_pylist()):
        if not text:
            continue
        try:
            numbers[row], present[row] = read(text.strip()), True
        except TapewatchError as fault:
            faults[row] = str(fault)
    return Column(numbers, present, faults)
