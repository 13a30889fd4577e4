"""
A query's answer as the JSON of Prometheus' API.

The points of a matrix are written by compiled code, row by row, from the engine's arrays; only
native histograms, and the samples of a bare range selector, go through Python one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from tapewatch.metrics.promql.engine import Answer
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Text
from tapewatch.metrics.promql.operators.windowed import RangeSamples
from tapewatch.metrics.promql.result import MatrixResult
from tapewatch.metrics.promql.run import Statistics
from tapewatch.metrics.selection import EMPTY_SET, LabelSets
from tapewatch.model.digits import (
    PointsWriter,
    encode_points,
    format_double,
    format_doubles,
)
from tapewatch.model.histograms import Bucket, Histogram
from tapewatch.model.labels import Labels
from tapewatch.server.faces.prometheus.answers import TRUNCATED

_OPEN_LEFT, _OPEN_RIGHT, _OPEN, _CLOSED = range(4)


def encode_answer(
    answer: Answer, *, limit: int = 0, stats: str = "", queue_seconds: float = 0.0
) -> bytes:
    """Write the whole envelope; with a limit, only so many series of it."""
    kind, rows, count = _encode(answer, limit)
    notes = answer.annotations
    warnings = list(notes.warnings)
    if limit and count > limit:
        warnings.append(TRUNCATED)
    parts = [b'{"status":"success","data":{"resultType":"', kind, b'","result":', rows]
    if stats:
        parts += [b',"stats":', orjson.dumps(statistics(answer.statistics, queue_seconds))]
    parts.append(b"}")
    if warnings:
        parts += [b',"warnings":', orjson.dumps(warnings)]
    if notes.infos:
        parts += [b',"infos":', orjson.dumps(notes.infos)]
    parts.append(b"}")
    return b"".join(parts)


def statistics(told: Statistics, queue_seconds: float) -> dict[str, Any]:
    """Say what a query has cost."""
    return {
        "timings": {
            "evalTotalTime": told.prepare_s + told.evaluate_s,
            "resultSortTime": 0.0,
            "queryPreparationTime": told.prepare_s,
            "innerEvalTime": told.evaluate_s,
            "execQueueTime": queue_seconds,
            "execTotalTime": queue_seconds + told.prepare_s + told.evaluate_s,
        },
        "samples": {
            "totalQueryableSamples": told.samples_read,
            "peakSamples": told.samples_peak,
        },
    }


def _encode(answer: Answer, limit: int) -> tuple[bytes, bytes, int]:
    """Return the type of a result, its JSON, and how many series it had."""
    value, at_ms = answer.value, answer.steps.start_ms
    if isinstance(value, Text):
        text = orjson.dumps(clean(value.value))
        return b"string", b"[%b,%b]" % (stamp(at_ms), text), 1
    if isinstance(value, RangeSamples):
        rows = list(_window_rows(answer, limit))
        return b"matrix", _listed(rows), len(value.labels)
    if answer.instant and isinstance(value, Scalar):
        number = format_double(float(value.values[0])).encode()
        return b"scalar", b'[%b,"%b"]' % (stamp(at_ms), number), 1
    matrix = _as_matrix(value)
    count = len(matrix.labels)
    shown = matrix if not limit or count <= limit else matrix.take(np.arange(limit))
    if answer.instant:
        return b"vector", _vector(shown, at_ms), count
    return b"matrix", _matrix(shown, answer), count


def _as_matrix(value: Matrix | Scalar) -> Matrix:
    if isinstance(value, Scalar):
        return Matrix(EMPTY_SET, value.values.reshape(1, -1))
    return value


def _vector(matrix: Matrix, at_ms: int) -> bytes:
    labels, when = label_texts(matrix.labels), stamp(at_ms)
    if matrix.histograms is None:
        values = np.ascontiguousarray(matrix.values[:, 0])
        texts = format_doubles(values, b"\n").split(b"\n")
        pairs = zip(labels, texts, strict=len(labels) > 0)
        rows = [b'{"metric":%b,"value":[%b,"%b"]}' % (label, when, text) for label, text in pairs]
        return _listed(rows if labels else ())
    cells = zip(labels, matrix.values[:, 0].tolist(), matrix.histograms[:, 0].tolist(), strict=True)
    return _listed(_element(label, when, value, cell) for label, value, cell in cells)


def _element(label: bytes, when: bytes, value: float, cell: Histogram | None) -> bytes:
    if cell is None:
        return b'{"metric":%b,"value":[%b,"%b"]}' % (label, when, format_double(value).encode())
    return b'{"metric":%b,"histogram":[%b,%b]}' % (label, when, encode_histogram(cell))


def _matrix(matrix: Matrix, answer: Answer) -> bytes:
    times = answer.steps.times
    if matrix.histograms is not None:
        return _listed(_mixed_rows(matrix, times.tolist()))
    writer = PointsWriter(times)
    values, present = np.ascontiguousarray(matrix.values), matrix.present
    lead = b'[{"metric":'
    for row, label in enumerate(label_texts(matrix.labels)):
        writer.raw(b'%b%b,"values":' % (lead, label))
        writer.row(values[row], None if present is None else present[row])
        lead = b'},{"metric":'
    if not len(values):
        return b"[]"
    writer.raw(b"}]")
    return writer.take()


def _mixed_rows(matrix: Matrix, times: list[int]) -> Iterator[bytes]:
    """Write rows of which some hold native histograms."""
    assert matrix.histograms is not None
    stamps = np.array(times, dtype=np.int64)
    floats, cells = matrix.float_present, matrix.histogram_mask
    for row, label in enumerate(label_texts(matrix.labels)):
        kept = np.ones(len(times), bool) if floats is None else floats[row]
        values = matrix.values[row][kept]
        points = [
            (times[step], matrix.histograms[row, step])
            for step in np.flatnonzero(cells[row]).tolist()
        ]
        yield series_row(label, encode_points(stamps[kept], values) if len(values) else b"", points)


def _window_rows(answer: Answer, limit: int) -> Iterator[bytes]:
    result = answer.result
    assert isinstance(result, MatrixResult)
    for series in result.series[: limit or None]:
        label = label_text(series.labels)
        floats = encode_points(series.timestamps_ms, series.values) if len(series.values) else b""
        yield series_row(label, floats, [(at, each) for at, each in series.histograms if _is(each)])


def _is(value: object) -> bool:
    return isinstance(value, Histogram)


def series_row(label: bytes, floats: bytes, histograms: Sequence[tuple[int, Any]]) -> bytes:
    """Write one series of a matrix."""
    parts = [b'{"metric":', label]
    if floats:
        parts += [b',"values":', floats]
    if histograms:
        points = (b"[%b,%b]" % (stamp(at), encode_histogram(each)) for at, each in histograms)
        parts += [b',"histograms":', _listed(points)]
    return b"".join([*parts, b"}"])


def encode_histogram(histogram: Histogram) -> bytes:
    """Write a native histogram with its filled buckets."""
    told: dict[str, Any] = {
        "count": format_double(histogram.count),
        "sum": format_double(histogram.sum),
    }
    buckets = [_bucket(each) for each in histogram.buckets() if each.count]
    if buckets:
        told["buckets"] = buckets
    return orjson.dumps(told)


def _bucket(bucket: Bucket) -> list[Any]:
    if bucket.lower_inclusive:
        rule = _CLOSED if bucket.upper_inclusive else _OPEN_RIGHT
    else:
        rule = _OPEN_LEFT if bucket.upper_inclusive else _OPEN
    return [rule, *map(format_double, (bucket.lower, bucket.upper, bucket.count))]


def label_texts(labels: LabelSets) -> list[bytes]:
    """Write the label sets of all rows; what was written stays with the set."""
    return labels.derive("json", lambda: [label_text(each) for each in labels])


def label_text(labels: Labels) -> bytes:
    """Write one label set."""
    try:
        return orjson.dumps(dict(labels))
    except orjson.JSONEncodeError:
        return orjson.dumps({clean(name): clean(value) for name, value in labels})


def clean(text: str) -> str:
    """Replace bytes that are no UTF-8, which JSON cannot hold."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def stamp(time_ms: int) -> bytes:
    """Write a time in seconds, with milliseconds where there are some."""
    whole, rest = divmod(abs(time_ms), 1000)
    sign = "-" if time_ms < 0 else ""
    return f"{sign}{whole}{f'.{rest:03d}' if rest else ''}".encode()


def _listed(rows: Iterable[bytes]) -> bytes:
    return b"[%b]" % b",".join(rows)
