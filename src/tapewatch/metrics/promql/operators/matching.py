"""
How the series of two vectors find each other.

The pairs depend on the labels alone, so they are found once per pair of label sets and kept with
the left ones. Where several series of one side have the same signature, they may still take turns
over time; only then are the steps looked at one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.promql.nodes import Cardinality, VectorMatching
from tapewatch.metrics.selection import (
    METADATA_LABELS,
    Grouping,
    Indices,
    LabelSets,
    group_keys,
)
from tapewatch.model.labels import METRIC_NAME, Labels

FILLED: Final = -1
Rows = NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """The common numbering of the signatures of both sides."""

    left: Indices
    right: Indices
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """
    The pairs of a match, and the label sets of their results.

    ``many`` and ``one`` are the rows of the two sides, FILLED where a fill value stands in. The
    "one" side is the right one, except for ``group_right``. ``grouping`` is there where results
    share label sets and have to be merged.
    """

    many: Rows
    one: Rows
    labels: LabelSets
    signatures: Signatures  # of the many side and the one side
    many_unique: bool
    one_unique: bool
    grouping: Grouping | None

    @property
    def pairs_rows(self) -> bool:
        """Whether every pair has a row on both sides, and no step needs a look of its own."""
        filled = bool((self.many < 0).any() or (self.one < 0).any())
        return not filled and self.many_unique and self.one_unique


def match_labels(labels: Labels, matching: VectorMatching) -> Labels:
    """Return the labels that a match looks at."""
    if matching.on:
        return labels.keep(matching.labels)
    return labels.drop(METRIC_NAME, *matching.labels)


def signatures(left: LabelSets, right: LabelSets, matching: VectorMatching) -> Signatures:
    """Number the signatures of both sides together, once per pair of label sets."""
    key = ("signatures", matching.on, matching.labels)
    return _kept(left, right, key, lambda: _number(left, right, matching))


def _number(left: LabelSets, right: LabelSets, matching: VectorMatching) -> Signatures:
    names, without = tuple(sorted(set(matching.labels))), not matching.on
    own, other = left.group(names, without=without), right.group(names, without=without)
    numbers: dict[Labels, int] = {}
    left_numbers = [numbers.setdefault(labels, len(numbers)) for labels in own.labels]
    right_numbers = [numbers.setdefault(labels, len(numbers)) for labels in other.labels]
    return Signatures(
        np.array(left_numbers, dtype=np.int32)[own.ids],
        np.array(right_numbers, dtype=np.int32)[other.ids],
        len(numbers),
    )


def join(
    left: LabelSets, right: LabelSets, matching: VectorMatching, *, drops_metadata: bool
) -> Join:
    """Pair the rows of two sides, once per pair of label sets."""
    key = ("join", matching, drops_metadata)
    return _kept(left, right, key, lambda: _join(left, right, matching, drops_metadata))


def _kept(left: LabelSets, right: LabelSets, key: object, build: Callable[[], T]) -> T:
    memo: WeakKeyDictionary[LabelSets, dict[object, T]]
    memo = left.derive("partners", WeakKeyDictionary)
    own = memo.setdefault(right, {})
    if key not in own:
        if len(own) >= 32:
            own.clear()
        own[key] = build()
    return own[key]


def _join(
    left: LabelSets, right: LabelSets, matching: VectorMatching, drops_metadata: bool
) -> Join:
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many_labels, one_labels = (right, left) if swapped else (left, right)
    both = signatures(left, right, matching)
    numbers = Signatures(both.right, both.left, both.count) if swapped else both
    # Fill values keep their side when ``group_right`` swaps the operands.
    many, one = _pairs(
        numbers,
        fill_many=matching.fill_left is not None,
        fill_one=matching.fill_right is not None,
    )
    labels = LabelSets(
        _result_labels(
            _row_labels(many_labels, one_labels, m, o, matching),
            _row_labels(one_labels, many_labels, o, m, matching),
            matching,
            drops_metadata,
        )
        for m, o in zip(many.tolist(), one.tolist(), strict=True)
    )
    return Join(
        many,
        one,
        labels,
        numbers,
        many_unique=_all_differ(numbers.left)
        if matching.cardinality is Cardinality.ONE_TO_ONE
        else True,
        one_unique=_all_differ(numbers.right),
        grouping=group_keys(labels, len(labels)) if labels.has_duplicates else None,
    )


def _all_differ(ids: Indices) -> bool:
    return np.unique(ids).size == ids.size


def _pairs(numbers: Signatures, *, fill_many: bool, fill_one: bool) -> tuple[Rows, Rows]:
    partners: dict[int, list[int]] = {}
    for row, number in enumerate(numbers.right.tolist()):
        partners.setdefault(number, []).append(row)
    pairs: list[tuple[int, int]] = []
    for row, number in enumerate(numbers.left.tolist()):
        pairs.extend((row, partner) for partner in partners.get(number, ()))
        if fill_one:
            pairs.append((row, FILLED))
    if fill_many:
        pairs.extend((FILLED, row) for row in range(numbers.right.size))
    array = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return array[:, 0].copy(), array[:, 1].copy()


def _row_labels(
    own: LabelSets, other: LabelSets, row: int, partner: int, matching: VectorMatching
) -> Labels:
    """Return the labels of a row; a filled one has those that the match looks at."""
    return own[row] if row != FILLED else match_labels(other[partner], matching)


def _result_labels(
    many: Labels, one: Labels, matching: VectorMatching, drops_metadata: bool
) -> Labels:
    labels = many.drop(*METADATA_LABELS) if drops_metadata else many
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        if matching.on:
            labels = labels.keep(matching.labels)
        else:
            labels = labels.drop(*matching.labels)
    if matching.include:
        labels = labels.replace({name: one.get(name) for name in matching.include})
    return labels


def describe_matching(matching: VectorMatching) -> str:
    """Say how series find each other."""
    if not matching.labels and not matching.on:
        return "all labels"
    return f"{'on' if matching.on else 'ignoring'} ({', '.join(matching.labels)})"
