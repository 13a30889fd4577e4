"""
Charts in characters: lines in braille, bars, and one-line sparks.

A chart is lines of pieces, each a text with the number of the series it belongs to (None for the
frame), so whoever prints it decides about colour. Times are shown in UTC.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

SPARKS: Final = "▁▂▃▄▅▆▇█"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_BRAILLE: Final = 0x2800
# The dots of a braille character, by row from the top and column.
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_UNITS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_DAY_MS: Final = 86_400_000


class Piece(NamedTuple):
    """Some characters of one series, or of the frame."""

    text: str
    series: int | None = None


Line = list[Piece]


class Curve(NamedTuple):
    """The points of one series."""

    timestamps_ms: Times
    values: Floats


class Box(NamedTuple):
    """The part of the plane that a chart shows."""

    first_ms: int
    last_ms: int
    low: float
    high: float


def line_chart(curves: Sequence[Curve], *, width: int, height: int) -> list[Line]:
    """Draw curves over one axis of time; later curves lie over earlier ones."""
    box = _box(curves)
    if box is None:
        return [[Piece("no numbers to draw")]]
    marks = _marks(box, height)
    margin = max(len(mark) for mark in marks.values())
    canvas = _Canvas(max(width - margin - 2, 8), height)
    for number, curve in enumerate(curves):
        canvas.draw(number, *_dots(curve, box, canvas))
    lines: list[Line] = [
        [Piece(f"{marks.get(row, ''):>{margin}} {'┤' if row in marks else '│'}"), *canvas.row(row)]
        for row in range(height)
    ]
    lines.append([Piece(" " * margin + " └" + "─" * canvas.width)])
    lines.append([Piece(" " * (margin + 2) + _time_axis(box, canvas.width))])
    return lines


class _Canvas:
    """Dots in braille characters, two across and four down in each."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = np.zeros((height, width), dtype=np.int64)
        self._owners = np.full((height, width), -1, dtype=np.int64)

    def draw(self, number: int, across: Sequence[int], down: Sequence[int]) -> None:
        for column, row in zip(across, down, strict=True):
            cell = row // 4, column // 2
            self._dots[cell] |= _DOTS[row % 4][column % 2]
            self._owners[cell] = number

    def row(self, row: int) -> Iterator[Piece]:
        text, owner = "", -1
        for dots, own in zip(self._dots[row].tolist(), self._owners[row].tolist(), strict=True):
            if own != owner and text:
                yield Piece(text, None if owner < 0 else owner)
                text = ""
            text, owner = text + (chr(_BRAILLE + dots) if dots else " "), own
        yield Piece(text, None if owner < 0 else owner)


def _box(curves: Sequence[Curve]) -> Box | None:
    values = np.concatenate([np.empty(0), *(curve.values for curve in curves)])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    times = np.concatenate([curve.timestamps_ms for curve in curves])
    low, high = float(values.min()), float(values.max())
    if low == high:
        # A flat line lies in the middle.
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    return Box(int(times.min()), int(times.max()), low, high)


def _dots(curve: Curve, box: Box, canvas: _Canvas) -> tuple[list[int], list[int]]:
    """Return the dots of a curve; a point that is missing leaves a gap."""
    finite = np.isfinite(curve.values)
    times, values = curve.timestamps_ms[finite], curve.values[finite]
    length_ms = max(box.last_ms - box.first_ms, 1)
    across = np.rint((times - box.first_ms) / length_ms * (canvas.width * 2 - 1)).astype(int)
    share = (values - box.low) / (box.high - box.low)
    down = np.rint((1 - share) * (canvas.height * 4 - 1)).astype(int)
    step_ms = int(np.diff(curve.timestamps_ms).min()) if len(curve.timestamps_ms) > 1 else 0
    columns, rows = across.tolist(), down.tolist()
    dots = list(zip(columns, rows, strict=True))
    for i in np.flatnonzero(np.diff(times) <= step_ms * 1.5).tolist():
        dots += _between(*dots[i], *dots[i + 1])
    return [column for column, _ in dots], [row for _, row in dots]


def _between(column: int, row: int, to_column: int, to_row: int) -> list[tuple[int, int]]:
    steps = max(abs(to_column - column), abs(to_row - row))
    return [
        (
            column + round((to_column - column) * i / steps),
            row + round((to_row - row) * i / steps),
        )
        for i in range(1, steps)
    ]


def _marks(box: Box, height: int) -> dict[int, str]:
    """Choose which rows of the axis carry a number, and which."""
    gaps = max(min(4, (height - 1) // 3), 1)
    rows = sorted({round(i * (height - 1) / gaps) for i in range(gaps + 1)})
    factor, unit = _scale(max(abs(box.low), abs(box.high)))
    span = box.high - box.low
    # Neighbouring marks differ in their last two digits.
    digits = min(max(1 - math.floor(math.log10(span / gaps / factor)), 0), 9)
    return {
        row: f"{(box.high - span * row / (height - 1)) / factor:.{digits}f}{unit}" for row in rows
    }


def _time_axis(box: Box, width: int) -> str:
    form = "%H:%M:%S" if box.last_ms - box.first_ms < 3_600_000 else "%H:%M"
    if box.last_ms - box.first_ms > _DAY_MS:
        form = "%m-%d %H:%M"
    first, middle, last = (
        datetime.fromtimestamp(at / 1000, UTC).strftime(form)
        for at in (box.first_ms, (box.first_ms + box.last_ms) / 2, box.last_ms)
    )
    last = f"{last} UTC"
    room = width - len(first) - len(last)
    if room < len(middle) + 2:
        return first + " " * max(room, 1) + last
    before = (width - len(middle)) // 2 - len(first)
    return first + " " * before + middle + " " * (room - before - len(middle)) + last


def spark(values: Floats, width: int) -> str:
    """Draw values on one line, from the lowest to the highest of them; a gap stays empty."""
    groups = np.array_split(values, width) if len(values) > width else [*values[:, None]]
    levels = np.array([_mean(group) for group in groups])
    finite = np.isfinite(levels)
    if not finite.any():
        return " " * len(levels)
    low, high = levels[finite].min(), levels[finite].max()
    span = high - low
    return "".join(
        " "
        if not math.isfinite(level)
        else SPARKS[3 if not span else int((level - low) / span * 7)]
        for level in levels.tolist()
    )


def _mean(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


def bar(value: float, largest: float, width: int) -> str:
    """Draw a bar whose length is the share of ``value``, to an eighth of a character."""
    if not math.isfinite(value) or largest <= 0:
        return ""
    eighths = round(abs(value) / largest * width * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def short_number(value: float) -> str:
    """Write a number with four digits and a unit."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("-Inf" if value < 0 else "+Inf")
    factor, unit = _scale(abs(value))
    return f"{value / factor:.4g}{unit}"


def _scale(largest: float) -> tuple[float, str]:
    # Numbers of four digits need no unit yet.
    if largest < 10_000:
        return 1.0, ""
    return next((factor, unit) for factor, unit in _UNITS if largest >= factor)
