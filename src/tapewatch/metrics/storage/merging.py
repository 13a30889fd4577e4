"""
Merging segments and blocks into one block.

Stripes of one lane follow each other in time and become wide stripes of many rows; loose samples
are sorted anew. Both go through memory a few million samples at a time. What was deleted, or is
kept no longer, stays behind.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT, ABSENT_BITS
from tapewatch.metrics.storage.cells import Cells
from tapewatch.metrics.storage.gather import flatten
from tapewatch.metrics.storage.head import NEVER, NOWHERE
from tapewatch.metrics.storage.loose import (
    NO_SAMPLES,
    Samples,
    join_samples,
    sort_samples,
    stripes_of,
)
from tapewatch.metrics.storage.manifest import Tombstone
from tapewatch.metrics.storage.page import COLUMNS_MAX
from tapewatch.metrics.storage.piece import Piece, erased, join_pieces, widen
from tapewatch.metrics.storage.segment import Segment, SegmentWriter, Stripe
from tapewatch.metrics.storage.series import Rows, Table, new_table
from tapewatch.model.labels import Labels

SAMPLES_AT_ONCE: Final = 4_000_000
HISTOGRAMS_AT_ONCE: Final = 50_000
LOOKED_AT: Final = 64
"""How many of a series' newest samples are looked at to find series like it."""
DECIMALS_MAX: Final = 10
RECKONED_MAX: Final = 1e200

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Input(NamedTuple):
    """A file to merge: what its columns are, as rows of ``table`` (-1 where that is lost)."""

    segment: Segment
    table: Table
    rows_of: Callable[[Integers], Rows]


@dataclass(frozen=True, slots=True)
class Cut:
    """What stays behind of one series: samples before ``before_ms``, and what was deleted."""

    before_ms: int
    stones: frozenset[Tombstone] = frozenset()


CutOf = Callable[[Labels], Cut]


class Place(NamedTuple):
    """One stripe of an input with the merged row of each of its columns (-1: stays behind)."""

    segment: Segment
    stripe: int
    rows: Rows


class Merger:
    """Merges inputs into the stripes and the table of a block."""

    def __init__(
        self, inputs: Sequence[Input], cut_of: CutOf, stones: Sequence[Tombstone] = ()
    ) -> None:
        self.table = new_table()
        self._cuts: list[Cut] = []
        self._cut_of = cut_of
        self._stones = tuple(stones)
        self._lanes: dict[int, list[Place]] = {}
        self._loose: list[Place] = []
        for each in sorted(inputs, key=lambda each: each.segment.header.first_ms):
            self._add(each)

    def write_to(self, writer: SegmentWriter) -> None:
        """Write everything, a few million samples at a time."""
        for places in self._lanes.values():
            for stripe in self._lane_stripes(places):
                writer.add(stripe)
        for stripe in self._loose_stripes():
            writer.add(stripe)

    def _add(self, each: Input) -> None:
        known: dict[int, int] = {}
        for stripe, lane in enumerate(each.segment.lanes().tolist()):
            own = each.rows_of(each.segment.columns(stripe))
            rows = np.array([self._row(each, row, known) for row in own.tolist()], np.int64)
            place = Place(each.segment, stripe, rows)
            if lane == NOWHERE:
                self._loose.append(place)
            else:
                self._lanes.setdefault(lane, []).append(place)

    def _row(self, each: Input, row: int, known: dict[int, int]) -> int:
        """Return the merged row of an input's series; -1 where nothing of it is kept."""
        if row < 0:
            return -1
        merged = known.get(row)
        if merged is None:
            labels = each.table.labels(row)
            cut = self._cut_of(labels)
            expired = cut.before_ms > each.segment.header.last_ms
            merged = known[row] = -1 if expired else self.table.add(labels)
            if merged == len(self._cuts):
                self._cuts.append(cut)
        return merged

    # Lanes.

    def _lane_stripes(self, places: list[Place]) -> Iterator[Stripe]:
        lane = int(places[0].segment.lanes()[places[0].stripe])
        rows = _in_order([place.rows for place in places])
        total = len(np.unique(np.concatenate([p.segment.times(p.stripe) for p in places])))
        for chosen in _batches(rows, np.isin(rows, _with_histograms(places)), total):
            found = [
                self._without_deleted(piece, place, chosen)
                for place in places
                if (piece := _columns_of(place, chosen)) is not None
            ]
            piece = self._without_expired(_by_time(found, len(chosen)), chosen)
            for alike in like_columns(piece.values):
                stripe = _trimmed(_series_of(piece, alike), chosen[alike], lane)
                if stripe is not None:
                    yield stripe

    def _without_deleted(self, piece: Piece, place: Place, rows: Rows) -> Piece:
        """Take out what was deleted after the file of ``place`` was written."""
        for stone in self._stones:
            if place.segment.number < stone.before_file:
                named = np.array([stone in self._cuts[row].stones for row in rows.tolist()], bool)
                piece = erased(piece, named, stone.first_ms, stone.last_ms)
        return piece

    def _without_expired(self, piece: Piece, rows: Rows) -> Piece:
        """Take out what is kept no longer."""
        before_ms = np.array([self._cuts[row].before_ms for row in rows.tolist()], np.int64)
        for each in np.unique(before_ms).tolist():
            piece = erased(piece, before_ms == each, NEVER, each - 1)
        return piece

    # Loose samples.

    def _loose_stripes(self) -> Iterator[Stripe]:
        for rows in self._loose_batches():
            parts = [self._samples_of(place, rows) for place in self._loose]
            samples = sort_samples(join_samples([each for each in parts if each.size]))
            yield from stripes_of(self._without_expired_ones(samples))

    def _samples_of(self, place: Place, rows: Rows) -> Samples:
        """Read the samples of ``rows`` (rising) from a stripe of loose ones."""
        places = np.flatnonzero(np.isin(place.rows, rows))
        if not len(places):
            return NO_SAMPLES
        own = place.rows[places]
        piece = place.segment.read(place.stripe, places)
        samples = flatten(self._without_deleted(piece, place, own))
        return samples._replace(numbers=own[samples.numbers])

    def _loose_batches(self) -> Iterator[Rows]:
        """Yield rows, rising, so that each batch holds about ``SAMPLES_AT_ONCE`` samples."""
        counts = np.zeros(len(self.table), dtype=np.int64)
        for place in self._loose:
            kept = place.rows[place.rows >= 0]
            average = len(place.segment.times(place.stripe)) / max(len(place.rows), 1)
            ragged = place.segment.is_ragged(place.stripe)
            np.add.at(counts, kept, int(average if ragged else average * len(place.rows)) + 1)
        rows = np.flatnonzero(counts)
        batch = np.cumsum(counts[rows]) // SAMPLES_AT_ONCE
        yield from (
            each for each in np.split(rows, np.flatnonzero(np.diff(batch)) + 1) if len(each)
        )

    def _without_expired_ones(self, samples: Samples) -> Samples:
        rows, series = np.unique(samples.numbers, return_inverse=True)
        before_ms = np.array([self._cuts[row].before_ms for row in rows.tolist()], np.int64)
        kept = samples.times >= before_ms[series]
        return samples if kept.all() else samples.take(kept)


def _trimmed(piece: Piece, rows: Rows, lane: int) -> Stripe | None:
    """Leave out columns without samples, and rows at both ends without any."""
    values = piece.values
    filled = values.view(np.uint64) != ABSENT_BITS
    if piece.histograms is not None:
        filled |= _held(piece.histograms)
    columns, times = filled.any(axis=1), filled.any(axis=0)
    if not columns.any():
        return None
    first, last = int(times.argmax()), len(times) - int(times[::-1].argmax())
    span = slice(first, last)
    cells = Cells()
    if piece.histograms is not None:
        cells = _cells(piece.histograms[columns, span])
    return Stripe(
        rows[columns],
        piece.times[span],
        np.ascontiguousarray(values[columns, span]),
        piece.gaps or not bool(filled[columns, span].all()),
        None if piece.starts is None else np.ascontiguousarray(piece.starts[columns, span]),
        cells,
        lane=lane,
    )


def like_columns(values: NDArray[np.float64]) -> Iterator[Rows]:
    """
    Yield the series of whole numbers, then the others, like ones side by side.

    A page shrinks best when its columns have as many decimals as each other and move alike: by a
    fifth for counters, by a third for prices and histograms with their sums.
    """
    newest = values[:, -LOOKED_AT:]
    # Numbers too large to reckon with have no decimals, and move as little as any.
    newest = np.where(np.abs(newest) < RECKONED_MAX, newest, 0.0)
    moves = np.abs(np.diff(newest, axis=1)).mean(axis=1) if newest.shape[1] > 1 else newest[:, 0]
    decimals = _decimals(newest)
    order = np.lexsort((moves, decimals))
    border = int(np.count_nonzero(decimals == 0))
    yield from (each for each in (order[:border], order[border:]) if len(each))


def _decimals(values: NDArray[np.float64]) -> Rows:
    """Say how many decimals the numbers of each row have, as far as that can be told."""
    found = np.full(len(values), DECIMALS_MAX)
    for decimals in range(DECIMALS_MAX - 1, -1, -1):
        scaled = values * 10.0**decimals
        whole = np.abs(scaled - np.round(scaled)) <= 1e-6 + 1e-15 * np.abs(scaled)
        found[whole.all(axis=1)] = decimals
    return found


def _series_of(piece: Piece, series: Rows) -> Piece:
    return piece._replace(
        values=piece.values[series],
        starts=None if piece.starts is None else piece.starts[series],
        histograms=None if piece.histograms is None else piece.histograms[series],
    )


def _with_histograms(places: list[Place]) -> Rows:
    """Return the rows that have a histogram in some place."""
    own = [place.rows[place.segment.columns_with_histograms(place.stripe)] for place in places]
    return np.unique(np.concatenate(own))


def _batches(rows: Rows, with_histograms: Mask, samples_each: int) -> Iterator[Rows]:
    """Cut rows into batches of a bounded size; histograms are large, and go by themselves."""
    for own, samples_max in (
        (rows[~with_histograms], SAMPLES_AT_ONCE),
        (rows[with_histograms], HISTOGRAMS_AT_ONCE),
    ):
        width = max(1, min(COLUMNS_MAX, samples_max // max(samples_each, 1)))
        yield from (own[begin : begin + width] for begin in range(0, len(own), width))


def _columns_of(place: Place, chosen: Rows) -> Piece | None:
    """Read the columns of ``chosen`` rows, empty where the stripe lacks one; None without any."""
    order = np.argsort(place.rows, kind="stable")
    found = np.searchsorted(place.rows, chosen, sorter=order)
    found[found == len(order)] = 0
    places = order[found] if len(order) else found
    inside = place.rows[places] == chosen
    if not inside.any():
        return None
    piece = place.segment.read(place.stripe, places[inside])
    return widen(piece, inside)


def _by_time(pieces: list[Piece], width: int) -> Piece:
    """Put pieces of a lane together, in whatever order they come."""
    pieces.sort(key=lambda piece: int(piece.times[0]))
    if all(a.times[-1] < b.times[0] for a, b in pairwise(pieces)):
        return join_pieces(pieces, width)
    # Stripes of a block have the same times, and each some of the lane's columns.
    times = np.unique(np.concatenate([piece.times for piece in pieces]))
    shape = width, len(times)
    values, starts, histograms = np.full(shape, ABSENT), None, None
    for piece in pieces:
        columns = np.searchsorted(times, piece.times)
        _lay_over(values, columns, piece.values, piece.values.view(np.uint64) != ABSENT_BITS)
        if piece.starts is not None:
            starts = np.zeros(shape, np.int64) if starts is None else starts
            _lay_over(starts, columns, piece.starts, piece.starts != 0)
        if piece.histograms is not None:
            histograms = np.full(shape, None) if histograms is None else histograms
            _lay_over(histograms, columns, piece.histograms, _held(piece.histograms))
    gaps = bool((values.view(np.uint64) == ABSENT_BITS).any())
    return Piece(times, values, gaps, starts, histograms)


def _lay_over(whole: NDArray[Any], columns: Rows, part: NDArray[Any], filled: Mask) -> None:
    rows, places = np.nonzero(filled)
    whole[rows, columns[places]] = part[rows, places]


def _held(histograms: NDArray[np.object_]) -> Mask:
    """Say where there is a histogram."""
    return np.array([[each is not None for each in row] for row in histograms], dtype=np.bool_)


def _in_order(parts: Sequence[Rows]) -> Rows:
    """Return the distinct rows of the parts in order of appearance, the lost ones left out."""
    everything = np.concatenate(parts)
    rows, first = np.unique(everything, return_index=True)
    ordered: Rows = everything[np.sort(first[rows >= 0])]
    return ordered


def _cells(histograms: NDArray[np.object_]) -> Cells:
    cells = Cells()
    for column, held in enumerate(histograms):
        for row, each in enumerate(held):
            if each is not None:
                cells.put(column, row, each)
    return cells
