"""What one place holds of some series, and how such pieces are cut, widened and put together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]
Places = NDArray[np.intp]


class Piece(NamedTuple):
    """
    Samples of some series.

    With ``ends`` None the series share ``times`` and ``values`` is ``(series, times)``. Else
    everything is flat, and series ``i`` ends before ``ends[i]``.
    """

    times: Integers
    values: Floats
    gaps: bool
    starts: Integers | None = None
    histograms: Objects | None = None
    ends: Integers | None = None


def ranges(begins: Integers, lengths: Integers) -> Places:
    """Return the indexes of several ranges, one after the other."""
    offsets = np.repeat(begins - (np.cumsum(lengths) - lengths), lengths)
    picked: Places = offsets + np.arange(int(lengths.sum()))
    return picked


def join_pieces(pieces: Sequence[Piece], width: int) -> Piece:
    """Put pieces of the same ``width`` series, each later than the one before, together."""
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        return Piece(np.empty(0, np.int64), np.empty((width, 0)), False)
    starts = histograms = None
    if any(piece.starts is not None for piece in pieces):
        starts = np.concatenate([_starts_of(piece) for piece in pieces], axis=1)
    if any(piece.histograms is not None for piece in pieces):
        histograms = np.concatenate([_histograms_of(piece) for piece in pieces], axis=1)
    return Piece(
        np.concatenate([piece.times for piece in pieces]),
        np.concatenate([piece.values for piece in pieces], axis=1),
        any(piece.gaps for piece in pieces),
        starts,
        histograms,
    )


def widen(piece: Piece, inside: NDArray[np.bool_]) -> Piece:
    """Give a piece the series that it does not have (not ``inside``), with nothing in them."""
    if inside.all():
        return piece
    shape = len(inside), len(piece.times)
    values = np.full(shape, ABSENT)
    values[inside] = piece.values
    starts = histograms = None
    if piece.starts is not None:
        starts = np.zeros(shape, dtype=np.int64)
        starts[inside] = piece.starts
    if piece.histograms is not None:
        histograms = np.full(shape, None, dtype=object)
        histograms[inside] = piece.histograms
    return Piece(piece.times, values, True, starts, histograms)


def erased(piece: Piece, rows: NDArray[np.bool_], first_ms: int, last_ms: int) -> Piece:
    """Leave out what some of the series have from ``first_ms`` to ``last_ms``."""
    inside = (piece.times >= first_ms) & (piece.times <= last_ms)
    if not inside.any() or not rows.any():
        return piece
    if piece.ends is None:
        cells = rows[:, None] & inside
    else:
        cells = np.repeat(rows, np.diff(piece.ends, prepend=0)) & inside
    histograms = piece.histograms
    if histograms is not None:
        histograms = histograms.copy()
        histograms[cells] = None
    values = np.where(cells, ABSENT, piece.values)
    return piece._replace(values=values, gaps=True, histograms=histograms)


def _starts_of(piece: Piece) -> Integers:
    return np.zeros(piece.values.shape, np.int64) if piece.starts is None else piece.starts


def _histograms_of(piece: Piece) -> Objects:
    if piece.histograms is not None:
        return piece.histograms
    return np.full(piece.values.shape, None, dtype=object)
