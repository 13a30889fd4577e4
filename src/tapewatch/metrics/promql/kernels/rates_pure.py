"""The readable twin of ``rates_fast.pyx``."""

from typing import NamedTuple

import numpy as np

from tapewatch.metrics.selection import Floats, Indices, Mask, Times


class _Edges(NamedTuple):
    """How far a window reaches beyond its samples, in seconds."""

    sampled: float
    to_start: float
    to_end: float


def extrapolated(
    times: Times,
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    ends: Times,
    range_ms: int,
    counter: bool,
    per_second: bool,
    out: Floats,
) -> None:
    """
    Compute ``rate``, ``increase`` and ``delta``.

    The change from the first to the last sample of a window is stretched to the window's borders:
    all the way where a sample could just have been missed, else by half an interval. A counter
    that falls was restarted, and what it had reached counts; it is not stretched below zero.
    """
    for row, first_index in enumerate(offsets[:-1]):
        at, value = _row(times, values, offsets, shared, row)
        assert first_index >= 0
        for step, end in enumerate(ends):
            low, high = _window(lows, highs, shared, row, step)
            if high - low < 2:
                continue
            t, v = at[low:high], value[low:high]
            change = v[-1] - v[0]
            if counter:
                change += v[:-1][v[1:] < v[:-1]].sum()
            edges = _edges(t, int(end), range_ms)
            if counter:
                edges = _above_zero(edges, v[0], change)
            out[row, step] = change * _stretch(edges, range_ms, per_second)


def extrapolated_with_starts(
    times: Times,
    values: Floats,
    starts: Times,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    ends: Times,
    range_ms: int,
    per_second: bool,
    out: Floats,
    present: Mask,
    overlaps: Mask,
) -> None:
    """
    Compute ``rate`` and ``increase`` of counters that say when they started.

    A start between two samples is a restart even where the value did not fall. Where the first
    sample started inside the window, the counter was zero then, and nothing is guessed on the
    left. ``overlaps`` marks the rows in which a sample started before its predecessor ended.
    """
    for row in range(offsets.size - 1):
        at, value = _row(times, values, offsets, shared, row)
        start = starts[offsets[row] : offsets[row + 1]]
        overlaps[row] = False
        for step, end in enumerate(ends):
            low, high = _window(lows, highs, shared, row, step)
            present[row, step] = False
            if high == low:
                continue
            t, v, s = at[low:high], value[low:high], start[low:high]
            overlaps[row] |= bool(((s[1:] != 0) & (s[1:] < t[:-1]) & (s[1:] != s[:-1])).any())
            restarted = [
                v[i] < v[i - 1] or is_start_reset(s[i - 1], t[i - 1], s[i], t[i])
                for i in range(1, v.size)
            ]
            change = v[-1] - v[0] + v[:-1][np.array(restarted, dtype=np.bool_)].sum()
            edges = _edges(t, int(end), range_ms)
            if s[0] != 0 and end - range_ms < s[0] < t[0]:
                edges = _Edges((t[-1] - s[0]) / 1000, 0.0, edges.to_end)
                change += v[0]
            elif v.size == 1:
                continue
            else:
                edges = _above_zero(edges, v[0], change)
            present[row, step] = True
            out[row, step] = change * _stretch(edges, range_ms, per_second)


def extended(
    times: Times,
    values: Floats,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    ends: Times,
    range_ms: int,
    smoothed: bool,
    counter: bool,
    per_second: bool,
    out: Floats,
    present: Mask,
) -> None:
    """
    Compute ``rate``, ``increase`` and ``delta`` with samples from beyond the window.

    Anchored, the value at the left border is the newest one before it; smoothed, the values at
    both borders lie on the line between their neighbours.
    """
    for row in range(offsets.size - 1):
        at, value = _row(times, values, offsets, shared, row)
        for step, end in enumerate(ends):
            low, high = _window(lows, highs, shared, row, step)
            change = None
            if high > low:
                begin = int(end) - range_ms
                change = _extended(
                    at[low:high], value[low:high], begin, int(end), smoothed, counter
                )
            present[row, step] = change is not None
            if change is not None:
                out[row, step] = change / (range_ms / 1000) if per_second else change


def between_last_two(
    times: Times,
    values: Floats,
    starts: Times,
    offsets: Times,
    shared: bool,
    lows: Indices,
    highs: Indices,
    counter: bool,
    out: Floats,
) -> None:
    """Compute ``irate`` (of a counter, per second) and ``idelta``."""
    for row in range(offsets.size - 1):
        at, value = _row(times, values, offsets, shared, row)
        start = starts[offsets[row] : offsets[row + 1]] if starts.size else np.zeros_like(at)
        for step in range(lows.shape[1]):
            low, last = _window(lows, highs, shared, row, step)
            last -= 1
            if last - low < 1:
                continue
            before = last - 1
            restarted = counter and (
                value[last] < value[before]
                or is_start_reset(start[before], at[before], start[last], at[last])
            )
            change = value[last] if restarted else value[last] - value[before]
            out[row, step] = change / ((at[last] - at[before]) / 1000) if counter else change


def is_start_reset(start_before: int, before: int, start: int, at: int) -> bool:
    """Say whether start timestamps tell of a restart between two samples."""
    if start == 0 or start >= at or start < before:
        return False
    if start > before or start_before > before:
        return start > before
    # A start at the sample before is a delta, unless that sample's own start is unknown.
    return start_before not in (0, before)


def _row(
    times: Times, values: Floats, offsets: Times, shared: bool, row: int
) -> tuple[Times, Floats]:
    first, last = offsets[row], offsets[row + 1]
    return (times if shared else times[first:last]), values[first:last]


def _window(lows: Indices, highs: Indices, shared: bool, row: int, step: int) -> tuple[int, int]:
    block = 0 if shared else row
    return int(lows[block, step]), int(highs[block, step])


def _edges(times: Times, end: int, range_ms: int) -> _Edges:
    sampled = (times[-1] - times[0]) / 1000
    interval = sampled / (times.size - 1) if times.size > 1 else 0.0
    to_start, to_end = (times[0] - (end - range_ms)) / 1000, (end - times[-1]) / 1000
    return _Edges(
        sampled,
        interval / 2 if to_start >= interval * 1.1 else to_start,
        interval / 2 if to_end >= interval * 1.1 else to_end,
    )


def _above_zero(edges: _Edges, first: float, change: float) -> _Edges:
    if change > 0 and first >= 0:
        to_zero = edges.sampled * (first / change)
        if to_zero < edges.to_start:
            return edges._replace(to_start=to_zero)
    return edges


def _stretch(edges: _Edges, range_ms: int, per_second: bool) -> float:
    factor = 1.0
    if edges.sampled:
        factor = (edges.sampled + edges.to_start + edges.to_end) / edges.sampled
    return factor / (range_ms / 1000) if per_second else factor


def _extended(
    times: Times, values: Floats, begin: int, end: int, smoothed: bool, counter: bool
) -> float | None:
    last = times.size - 1
    first = max(0, int(np.searchsorted(times[:last], begin, side="right")) - 1)
    if smoothed:
        last = int(np.searchsorted(times[:last], end, side="left"))
    if times[last] <= begin or (smoothed and times[first] > end):
        return None
    left, right = values[first], values[last]
    if smoothed and times[first] < begin:
        left = _between(times, values, first, begin, counter)
    if smoothed and last > 0 and times[last] > end:
        right = _between(times, values, last - 1, end, counter)
    if not counter:
        return float(right - left)
    first += bool(times[first] <= begin)
    last -= bool(times[last] >= end)
    inner = np.concatenate(([left], values[first : last + 1], [right]))
    return float(right - left + inner[:-1][inner[1:] < inner[:-1]].sum())


def _between(times: Times, values: Floats, index: int, at: int, counter: bool) -> float:
    one, other = values[index], values[index + 1]
    if counter and other < one:
        one = 0.0
    part = float(at - times[index]) / float(times[index + 1] - times[index])
    return float(one + (other - one) * part)
