"""Sorting of instant vectors; a range query is always sorted by labels."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from itertools import zip_longest
from typing import Final

import numpy as np

from tapewatch.metrics.promql.functions.vectors import (
    Arguments,
    Site,
    VectorFunction,
    text_argument,
    vector_argument,
)
from tapewatch.metrics.promql.matrix import Matrix
from tapewatch.model.labels import Labels

_CHUNK: Final = re.compile(r"[0-9]+|[^0-9]+")
_INTEGER_MAX: Final = 2**63 - 1


def best_first(values: Sequence[float], *, largest: bool) -> list[int]:
    """Return the places of ``values`` from the best to the worst, NaN last, ties in order."""

    def key(place: int) -> tuple[bool, float]:
        value = values[place]
        if math.isnan(value):
            return True, 0.0
        return False, -value if largest else value

    return sorted(range(len(values)), key=key)


def _by_value(*, largest: bool) -> VectorFunction:
    def function(site: Site, arguments: Arguments) -> Matrix:
        matrix = vector_argument(arguments, 0).floats_only()
        if site.steps.count != 1:
            return matrix
        matrix = matrix.without_empty_rows()
        order = best_first(matrix.values[:, 0].tolist(), largest=largest)
        return matrix.take(np.array(order, dtype=np.intp))

    return function


def _by_label(*, descending: bool) -> VectorFunction:
    def function(site: Site, arguments: Arguments) -> Matrix:
        matrix = vector_argument(arguments, 0)
        if site.steps.count != 1:
            return matrix
        matrix = matrix.without_empty_rows()
        names = [text_argument(arguments, index) for index in range(1, len(arguments))]
        compare = _label_order(names)
        order = cmp_to_key(compare)
        numbered = sorted(
            enumerate(matrix.labels), key=lambda row: order(row[1]), reverse=descending
        )
        return matrix.take(np.array([row for row, _ in numbered], dtype=np.intp))

    return function


def _label_order(names: Sequence[str]) -> Callable[[Labels, Labels], int]:
    def compare(one: Labels, other: Labels) -> int:
        for name in names:
            left, right = one.get(name), other.get(name)
            if left != right:
                return -1 if naturally_before(left, right) else 1
        return (one > other) - (one < other)

    return compare


def naturally_before(one: str, other: str) -> bool:
    """Compare texts in which runs of digits count as numbers (``v9`` before ``v10``)."""
    left, right = _CHUNK.findall(one), _CHUNK.findall(other)
    for a, b in zip_longest(left, right):
        if a is None:
            return True
        if b is None:
            return False
        number_a, number_b = _number(a), _number(b)
        if number_a is not None and number_b is not None:
            if number_a != number_b:
                return number_a < number_b
        elif a != b:
            return bool(a < b)
    return bool(left)


def _number(chunk: str) -> int | None:
    if not chunk.isdecimal():
        return None
    number = int(chunk)
    return number if number <= _INTEGER_MAX else None


ORDERING_FUNCTIONS: Final[Mapping[str, VectorFunction]] = {
    "sort": _by_value(largest=False),
    "sort_desc": _by_value(largest=True),
    "sort_by_label": _by_label(descending=False),
    "sort_by_label_desc": _by_label(descending=True),
}
