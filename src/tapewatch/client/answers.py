"""
Answers of an engine, and answers of Prometheus' API, as results; and results as the API has them.

Native histograms come as lists of buckets from the API, so that is all a result knows of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tapewatch.client.result import Distribution, Objects, QueryResult, Series
from tapewatch.metrics.promql.engine import Answer
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Text
from tapewatch.metrics.promql.result import MatrixResult
from tapewatch.metrics.promql.signatures import ValueType
from tapewatch.model.histograms import Bucket, Histogram
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.numbers import format_float, parse_float

Json = Any
Point = tuple[int, float | Distribution]

# Which ends of a bucket belong to it, by the number that the API gives it: lower, then upper.
_ENDS: Final = ((False, True), (True, False), (False, False), (True, True))


def from_answer(text: str, answer: Answer) -> QueryResult:
    """Take over what an engine in this process has answered."""
    value, told = answer.value, answer.annotations
    kind = answer.kind if answer.instant else ValueType.MATRIX
    notes = (told.warnings, told.infos)
    if isinstance(value, Text):
        return _result(text, kind, [], notes, string=value.value)
    if isinstance(value, Scalar):
        times = answer.steps.times
        offsets = np.array([0, len(times)])
        return QueryResult(text, kind, (EMPTY,), offsets, times, value.values, None, None, *notes)
    if isinstance(value, Matrix):
        return _from_matrix(text, kind, value, answer.steps.times, notes)
    result = answer.result
    assert isinstance(result, MatrixResult)
    series = [(each.labels, [(at, _told(point)) for at, point in each.points()]) for each in result]
    return _result(text, kind, series, notes)


_Notes = tuple[tuple[str, ...], tuple[str, ...]]


def _from_matrix(
    text: str, kind: ValueType, matrix: Matrix, times: Any, notes: _Notes
) -> QueryResult:
    mask = matrix.mask
    offsets = np.concatenate(([0], np.cumsum(mask.sum(axis=1)))).astype(np.int64)
    values, distributions = matrix.values[mask], None
    if matrix.histograms is not None:
        cells = matrix.histograms[mask].tolist()
        distributions = _objects(None if cell is None else Distribution.of(cell) for cell in cells)
        values[matrix.histogram_mask[mask]] = np.nan
    stamps = np.broadcast_to(times, mask.shape)[mask]
    labels = tuple(matrix.labels)
    return QueryResult(text, kind, labels, offsets, stamps, values, distributions, None, *notes)


def _told(value: float | Histogram) -> float | Distribution:
    return Distribution.of(value) if isinstance(value, Histogram) else value


def from_json(text: str, document: Json) -> QueryResult:
    """Read the body of ``/query`` or ``/query_range``; raises ``LookupError``, ``ValueError``…"""
    data = document["data"]
    kind, found = ValueType(data["resultType"]), data["result"]
    notes = (tuple(document.get("warnings") or ()), tuple(document.get("infos") or ()))
    if kind is ValueType.STRING:
        return _result(text, kind, [], notes, string=str(found[1]))
    if kind is ValueType.SCALAR:
        return _result(text, kind, [(EMPTY, [_float_point(found)])], notes)
    series = [(Labels.of(each["metric"]), _points(each)) for each in found]
    return _result(text, kind, series, notes)


def _points(series: Mapping[str, Json]) -> list[Point]:
    floats = series.get("values") or ([series["value"]] if "value" in series else [])
    shapes = series.get("histograms") or ([series["histogram"]] if "histogram" in series else [])
    points: list[Point] = [_float_point(each) for each in floats]
    if shapes:
        points += [(_time_ms(at), _distribution(shape)) for at, shape in shapes]
        points.sort(key=lambda point: point[0])
    return points


def _float_point(point: Json) -> tuple[int, float]:
    return _time_ms(point[0]), float(point[1])


def _time_ms(seconds: float) -> int:
    return round(seconds * 1000)


def _distribution(shape: Mapping[str, Json]) -> Distribution:
    return Distribution(
        parse_float(shape["count"]),
        parse_float(shape["sum"]),
        tuple(_bucket(each) for each in shape.get("buckets") or ()),
    )


def _bucket(told: Sequence[Json]) -> Bucket:
    ends, lower, upper, count = told
    return Bucket(parse_float(lower), parse_float(upper), *_ENDS[ends], parse_float(count))


def _result(
    text: str,
    kind: ValueType,
    series: Sequence[tuple[Labels, Sequence[Point]]],
    notes: _Notes,
    *,
    string: str | None = None,
) -> QueryResult:
    points = [point for _, own in series for point in own]
    offsets = np.cumsum([0, *(len(own) for _, own in series)], dtype=np.int64)
    timestamps = np.array([at for at, _ in points], dtype=np.int64)
    values = [value if isinstance(value, float) else np.nan for _, value in points]
    distributions = None
    if any(isinstance(value, Distribution) for _, value in points):
        distributions = _objects(
            value if isinstance(value, Distribution) else None for _, value in points
        )
    return QueryResult(
        text,
        kind,
        tuple(labels for labels, _ in series),
        offsets,
        timestamps,
        np.array(values, dtype=np.float64),
        distributions,
        string,
        *notes,
    )


def _objects(items: Iterable[object]) -> Objects:
    listed = list(items)
    array = np.empty(len(listed), dtype=np.object_)
    array[:] = listed
    return array


def to_json(result: QueryResult) -> dict[str, Json]:
    """Write a result as the ``data`` of Prometheus' API, its notes beside it."""
    told: dict[str, Json] = {"resultType": str(result.kind), "result": _result_json(result)}
    notes = {"warnings": list(result.warnings), "infos": list(result.infos)}
    return told | {name: words for name, words in notes.items() if words}


def _result_json(result: QueryResult) -> Json:
    if result.kind is ValueType.STRING:
        return [0, result.string]
    if result.kind is ValueType.SCALAR:
        return next(_points_json(result.series[0]))[1]
    if result.kind is ValueType.MATRIX:
        return [_series_json(each) for each in result.series]
    return [
        {"metric": each.labels.as_dict(), **dict(list(_points_json(each))[:1])}
        for each in result.series
    ]


def _series_json(series: Series) -> dict[str, Json]:
    points = list(_points_json(series))
    told: dict[str, Json] = {"metric": series.labels.as_dict()}
    for kind in ("value", "histogram"):
        own = [point for name, point in points if name == kind]
        if own:
            told[f"{kind}s"] = own
    return told


def _points_json(series: Series) -> Iterator[tuple[str, Json]]:
    for index, at in enumerate(series.timestamps_ms.tolist()):
        seconds = at / 1000 if at % 1000 else at // 1000
        point = series.point(index)
        if isinstance(point, Distribution):
            yield "histogram", [seconds, _distribution_json(point)]
        else:
            yield "value", [seconds, format_float(point)]


def _distribution_json(distribution: Distribution) -> dict[str, Json]:
    buckets = [
        [
            _ENDS.index((each.lower_inclusive, each.upper_inclusive)),
            *(format_float(number) for number in (each.lower, each.upper, each.count)),
        ]
        for each in distribution.buckets
    ]
    told = {"count": format_float(distribution.count), "sum": format_float(distribution.sum)}
    return {**told, "buckets": buckets} if buckets else told
