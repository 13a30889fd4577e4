"""
How the pieces of a series become one answer.

A series may lie in several places: in blocks, in segments, in the rows of its lane, among the loose
samples. Each place that has some of the series asked for is a fragment. Series that lie in the
same fragments are read together: pieces that follow each other in time become one strip; pieces
that overlap are merged sample by sample, and of two at one time the larger one counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.resets import tell_resets
from tapewatch.metrics.selection import (
    ABSENT_BITS,
    UNLIMITED,
    Allowance,
    LabelSets,
    Part,
    Ragged,
    Selection,
    Strip,
)
from tapewatch.metrics.storage.loose import Samples, join_samples, sort_samples
from tapewatch.metrics.storage.piece import Piece, join_pieces

Members = NDArray[np.int64]
Places = NDArray[np.intp]

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Fragment(Protocol):
    """One place that holds some of the series asked for."""

    @property
    def members(self) -> Members:
        """Which of the series asked for it holds, rising."""
        ...

    @property
    def first_ms(self) -> int:
        """No sample is earlier."""
        ...

    @property
    def last_ms(self) -> int:
        """No sample is later."""
        ...

    def rows_about(self, start_ms: int, end_ms: int) -> int:
        """Estimate how many samples a member has within ``[start_ms, end_ms]``."""
        ...

    def read(self, places: Places, start_ms: int, end_ms: int) -> Piece:
        """Read the members at ``places`` of ``members``, within ``[start_ms, end_ms]``."""
        ...


@dataclass(slots=True, eq=False)
class Group:
    """Series that lie in the same fragments."""

    members: Members
    fragments: tuple[int, ...]
    _labels: LabelSets | None = None

    def labels_among(self, labels: LabelSets) -> LabelSets:
        """Return the members' own labels: the same object each time, so what is derived stays."""
        if len(self.members) == len(labels):
            return labels
        if self._labels is None:
            self._labels = labels.take(self.members)
        return self._labels


def group_members(fragments: Sequence[Fragment], count: int) -> list[Group]:
    """Group ``count`` series by the fragments they lie in; series that lie nowhere are left out."""
    keys = np.zeros(count, dtype=np.uint64)
    for number, fragment in enumerate(fragments, 1):
        members = fragment.members
        keys[members] = (keys[members] + np.uint64(number)) * _MIX
        keys[members] ^= keys[members] >> np.uint64(31)
    order = np.argsort(keys, kind="stable")
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    split = np.split(order, borders)
    groups = [members for members in split if len(members) and keys[members[0]]]
    inside: list[list[int]] = [[] for _ in groups]
    for number, fragment in enumerate(fragments):
        for group in _held_by(fragment, [members[0] for members in groups]):
            inside[group].append(number)
    return [Group(each, tuple(held)) for each, held in zip(groups, inside, strict=True)]


def read_groups(
    labels: LabelSets,
    fragments: Sequence[Fragment],
    groups: Sequence[Group],
    start_ms: int,
    end_ms: int,
    allowance: Allowance = UNLIMITED,
) -> Selection:
    """Read every group's samples within ``[start_ms, end_ms]``."""
    inside = [
        [
            fragments[i]
            for i in group.fragments
            if fragments[i].first_ms <= end_ms and fragments[i].last_ms >= start_ms
        ]
        for group in groups
    ]
    if allowance is not UNLIMITED:
        rows = [sum(each.rows_about(start_ms, end_ms) for each in held) for held in inside]
        widths = [len(group.members) for group in groups]
        allowance.reserve(sum(map(mul, rows, widths)))
    parts: list[Part] = []
    for group, held in zip(groups, inside, strict=True):
        allowance.check()
        pieces = [
            each.read(np.searchsorted(each.members, group.members), start_ms, end_ms)
            for each in held
        ]
        chosen = group.labels_among(labels)
        parts.extend(_assemble(chosen, [piece for piece in pieces if len(piece.times)]))
    return Selection(tuple(parts))


def _held_by(fragment: Fragment, members: Sequence[int]) -> list[int]:
    """Say which of ``members`` a fragment holds, by their places."""
    if not len(fragment.members):
        return []
    places = np.searchsorted(fragment.members, members)
    places[places == len(fragment.members)] = 0
    held: list[int] = np.flatnonzero(fragment.members[places] == members).tolist()
    return held


def _assemble(labels: LabelSets, pieces: list[Piece]) -> list[Part]:
    if not pieces:
        return []
    if all(piece.ends is None for piece in pieces):
        pieces.sort(key=lambda piece: int(piece.times[0]))
        if all(a.times[-1] < b.times[0] for a, b in pairwise(pieces)):
            return [_strip(labels, pieces)]
    return [_ragged(labels, pieces)]


def _strip(labels: LabelSets, pieces: list[Piece]) -> Strip:
    piece = join_pieces(pieces, len(labels))
    # A stripe says that it has gaps when any of its series has; these may have none.
    gaps = piece.gaps and bool(np.isnan(piece.values).any())
    cells = piece.histograms
    if cells is not None and cells.size:
        rows = zip(cells, np.ascontiguousarray(piece.values), strict=True)
        cells = np.stack([tell_resets(row, values) for row, values in rows])
    return Strip(labels, piece.times, piece.values, gaps, cells, piece.starts)


def _ragged(labels: LabelSets, pieces: list[Piece]) -> Ragged:
    merged = sort_samples(join_samples([flatten(piece) for piece in pieces]))
    offsets = np.searchsorted(merged.numbers, np.arange(len(labels) + 1))
    cells = merged.histograms
    if cells is not None and cells.size:
        runs = pairwise(offsets.tolist())
        cells = np.concatenate([tell_resets(cells[a:b], merged.values[a:b]) for a, b in runs])
    return Ragged(
        labels,
        merged.times,
        merged.values,
        offsets.astype(np.int64),
        bool(np.isnan(merged.values).any()),
        cells,
        merged.starts,
    )


def flatten(piece: Piece) -> Samples:
    """Write a piece as single samples, numbered by row; absent cells are left out."""
    if piece.ends is None:
        rows, columns = piece.values.shape
        numbers = np.repeat(np.arange(rows, dtype=np.int64), columns)
        times = np.tile(piece.times, rows)
    else:
        lengths = np.diff(np.concatenate(([0], piece.ends)))
        numbers = np.repeat(np.arange(len(piece.ends), dtype=np.int64), lengths)
        times = piece.times
    samples = Samples(
        numbers,
        times,
        piece.values.reshape(-1),
        None if piece.starts is None else piece.starts.reshape(-1),
        None if piece.histograms is None else piece.histograms.reshape(-1),
    )
    kept = samples.values.view(np.uint64) != ABSENT_BITS
    if samples.histograms is not None:
        kept |= np.array([each is not None for each in samples.histograms])
    return samples if kept.all() else samples.take(kept)
