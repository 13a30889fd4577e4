"""
One chart: the series of an alert, the threshold, and when it fires.

The first series is the one that offends; it is drawn last and strongest. Everything is sized for a
telephone: few marks, large letters, one sentence at the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.alerting.charts.canvas import WHITE, Canvas, Colour, Floats
from tapewatch.alerting.charts.lettering import TEXT, TITLE, Lettering
from tapewatch.alerting.charts.png import write_png
from tapewatch.alerting.charts.ticks import say_time, say_value, time_ticks, value_ticks

WIDTH: Final = 720
HEIGHT: Final = 320
LINES_MAX: Final = 4

_LEFT: Final = 60
_RIGHT: Final = 20
_TOP: Final = 44
_BOTTOM: Final = 50
_MARK: Final = 34
"""What the mark of a name takes, with the room around it."""

_INK: Final[Colour] = (38, 44, 56)
_PALE: Final[Colour] = (116, 124, 138)
_GRID: Final[Colour] = (232, 235, 240)
_AXIS: Final[Colour] = (196, 202, 211)
_ALARM: Final[Colour] = (217, 30, 46)
_COLOURS: Final[tuple[Colour, ...]] = (
    (24, 95, 180),
    (232, 142, 36),
    (44, 150, 120),
    (140, 100, 190),
)


@dataclass(frozen=True)
class Line:
    """One series; times in nanoseconds, shapes ``(n,)``, NaN where there is nothing."""

    name: str
    times_ns: NDArray[np.int64]
    values: Floats


@dataclass(frozen=True)
class Chart:
    """What is drawn."""

    title: str
    lines: Sequence[Line]
    start_ns: int
    end_ns: int
    threshold: float | None = None
    fires_from_ns: int = 0
    fires_until_ns: int = 0
    """0 while it still fires."""


def draw_chart(chart: Chart) -> bytes:
    """Draw a chart as PNG."""
    canvas = Canvas(WIDTH, HEIGHT)
    frame = _Frame.of(chart)
    _draw_alarm(canvas, frame, chart)
    _draw_grid(canvas, frame)
    for index in reversed(range(min(len(chart.lines), LINES_MAX))):
        line = chart.lines[index]
        thickness = 2.2 if index == 0 else 1.4
        canvas.line(
            frame.x(line.times_ns), frame.y(line.values), _COLOURS[index], thickness=thickness
        )
    _draw_threshold(canvas, frame, chart)
    _draw_last(canvas, frame, chart)
    canvas.text(16, 13, _fitting(chart.title, WIDTH - 32, TITLE), _INK, lettering=TITLE)
    _draw_names(canvas, chart)
    return write_png(canvas.pixels())


@dataclass(frozen=True)
class _Frame:
    """Where times and values stand on the canvas."""

    start_ns: int
    end_ns: int
    low: float
    high: float

    @classmethod
    def of(cls, chart: Chart) -> "_Frame":
        values = [line.values for line in chart.lines[:LINES_MAX]]
        known = np.concatenate([*values, [] if chart.threshold is None else [chart.threshold]])
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        if 0 <= low < 0.6 * high:
            low = 0.0
        if low == high:
            low, high = low - abs(low) / 2 - 0.5, high + abs(high) / 2 + 0.5
        room = (high - low) * 0.08
        return cls(chart.start_ns, chart.end_ns, low - (room if low else 0), high + room)

    def x(self, times_ns: NDArray[np.int64]) -> Floats:
        share = (times_ns - self.start_ns) / (self.end_ns - self.start_ns)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, values: Floats) -> Floats:
        share = (values - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def x_of(self, time_ns: int) -> float:
        return float(self.x(np.array([time_ns]))[0])

    def y_of(self, value: float) -> float:
        return float(self.y(np.array([value], float))[0])


def _draw_alarm(canvas: Canvas, frame: _Frame, chart: Chart) -> None:
    if not chart.fires_from_ns:
        return
    left = max(frame.x_of(chart.fires_from_ns), _LEFT)
    until_ns = chart.fires_until_ns or chart.end_ns
    right = min(frame.x_of(until_ns), WIDTH - _RIGHT)
    canvas.fill(left, _TOP, right, HEIGHT - _BOTTOM, _ALARM, 0.09)
    canvas.fill(left, _TOP, left + 1, HEIGHT - _BOTTOM, _ALARM, 0.75)


def _draw_grid(canvas: Canvas, frame: _Frame) -> None:
    for value in value_ticks(frame.low, frame.high, 5):
        y = round(frame.y_of(value))
        canvas.fill(_LEFT, y, WIDTH - _RIGHT, y + 1, _GRID, 1.0)
        canvas.text(_LEFT - 8, y - TEXT.height / 2, say_value(value), _PALE, align=1.0)
    bottom = HEIGHT - _BOTTOM
    canvas.fill(_LEFT, bottom, WIDTH - _RIGHT, bottom + 1, _AXIS, 1.0)
    span_ns = frame.end_ns - frame.start_ns
    for time_ns in time_ticks(frame.start_ns, frame.end_ns, 7):
        x = round(frame.x_of(time_ns))
        canvas.fill(x, bottom, x + 1, bottom + 4, _AXIS, 1.0)
        canvas.text(x, bottom + 6, say_time(time_ns, span_ns), _PALE, align=0.5)


def _draw_threshold(canvas: Canvas, frame: _Frame, chart: Chart) -> None:
    if chart.threshold is None:
        return
    y = frame.y_of(chart.threshold)
    canvas.dashes(_LEFT, WIDTH - _RIGHT, y, _ALARM)
    words = f"threshold {say_value(chart.threshold)}"
    above = y - TEXT.height - 2
    canvas.text(_LEFT + 6, above if above > _TOP else y + 3, words, _ALARM)


def _draw_last(canvas: Canvas, frame: _Frame, chart: Chart) -> None:
    if not chart.lines:
        return
    line = chart.lines[0]
    known = np.flatnonzero(np.isfinite(line.values))
    if not known.size:
        return
    last = known[-1]
    x, y = float(frame.x(line.times_ns)[last]), float(frame.y(line.values)[last])
    canvas.dot(x, y, 4.5, WHITE)
    canvas.dot(x, y, 3.2, _COLOURS[0])
    top = y - TEXT.height - 5
    above = top if top > _TOP else y + 6
    words = say_value(float(line.values[last]))
    right = min(x + 4, WIDTH - 4)
    # A pale plate keeps the number readable where lines cross behind it.
    left, bottom = right - TEXT.width(words) - 2, above + TEXT.height
    canvas.fill(left, above, right + 2, bottom, WHITE, 0.8)
    canvas.text(right, above, words, _INK, align=1.0)


def _draw_names(canvas: Canvas, chart: Chart) -> None:
    y, x = HEIGHT - TEXT.height - 8, float(_LEFT)
    hidden = len(chart.lines) - LINES_MAX
    more = f"and {hidden} more" if hidden > 0 else ""
    room = WIDTH - _RIGHT - _LEFT - TEXT.width(more)
    each = room // max(min(len(chart.lines), LINES_MAX), 1) - _MARK
    for line, colour in zip(chart.lines, _COLOURS, strict=False):
        name = _fitting(line.name, each, TEXT)
        middle = y + TEXT.height / 2
        canvas.line(np.array([x, x + 14]), np.array([middle, middle]), colour, thickness=3)
        canvas.text(x + 20, y, name, _PALE)
        x += _MARK + TEXT.width(name)
    canvas.text(WIDTH - _RIGHT, y, more, _PALE, align=1.0)


def _fitting(text: str, width: int, lettering: Lettering) -> str:
    if lettering.width(text) <= width:
        return text
    while text and lettering.width(text + "…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
