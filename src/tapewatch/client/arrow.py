"""Answers as Arrow tables; the only module here that needs pyarrow."""

import importlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tapewatch.client.errors import LibraryMissing
from tapewatch.client.result import Distribution, Objects, QueryResult
from tapewatch.model.labels import Labels

TIMESTAMP: Final = pa.timestamp("ms", tz="UTC")
BUCKET: Final = pa.struct(
    [("lower", pa.float64()), ("upper", pa.float64()), ("count", pa.float64())]
)
DISTRIBUTION: Final = pa.struct(
    [("count", pa.float64()), ("sum", pa.float64()), ("buckets", pa.list_(BUCKET))]
)
LABEL: Final = pa.dictionary(pa.int32(), pa.string())


def need(library: str) -> Any:
    """Import an optional library, or say how to get it."""
    try:
        return importlib.import_module(library)
    except ImportError:
        raise LibraryMissing(library) from None


def to_table(result: QueryResult) -> pa.Table:
    """
    Return one row for each point.

    A label that is named as a column of ours is (``value``, ``timestamp``) gets ``label_`` before
    its name; a point that is a distribution has no value, and stands in ``histogram``.
    """
    if result.string is not None:
        return pa.table({"value": pa.array([result.string])})
    columns = {"timestamp": pa.array(result.timestamps_ms).cast(TIMESTAMP)}
    if result.distributions is None:
        columns["value"] = pa.array(result.values)
    else:
        filled = np.array([each is not None for each in result.distributions], dtype=np.bool_)
        columns["value"] = pa.array(result.values, mask=filled)
        columns["histogram"] = pa.array(_rows(result.distributions), DISTRIBUTION)
    counts = np.diff(result.offsets)
    for name in sorted({name for labels in result.labels for name in labels.names()}):
        columns[_free_name(name, columns)] = _label_column(result.labels, name, counts)
    return pa.table(columns)


def _free_name(name: str, taken: dict[str, Any]) -> str:
    while name in taken:
        name = f"label_{name}"
    return name


def _label_column(rows: Sequence[Labels], name: str, counts: Any) -> pa.DictionaryArray:
    codes: dict[str, int] = {}
    values = [labels.get(name) for labels in rows]
    numbers = [codes.setdefault(value, len(codes)) if value else -1 for value in values]
    indices = np.repeat(np.array(numbers, dtype=np.int32), counts)
    absent = indices < 0
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, mask=absent if absent.any() else None), pa.array(codes, pa.string())
    )


def _rows(distributions: Objects) -> list[dict[str, Any] | None]:
    return [None if each is None else _row(each) for each in distributions.tolist()]


def _row(distribution: Distribution) -> dict[str, Any]:
    buckets = [
        {"lower": each.lower, "upper": each.upper, "count": each.count}
        for each in distribution.buckets
    ]
    return {"count": distribution.count, "sum": distribution.sum, "buckets": buckets}
