import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.alerting.charts.canvas import Canvas
from tapewatch.alerting.charts.chart import HEIGHT, WIDTH, Chart, Line, draw_chart
from tapewatch.alerting.charts.lettering import CHARACTERS, TEXT, TITLE
from tapewatch.alerting.charts.png import write_png
from tapewatch.alerting.charts.ticks import say_value, time_ticks, value_ticks

SECOND = 1_000_000_000
STARTS = 1_700_000_000 * SECOND
ALARM = np.array([217, 30, 46])


def line(values, name="BTC"):
    values = np.asarray(values, float)
    return Line(name, STARTS + np.arange(len(values)) * 10 * SECOND, values)


def chart(*lines, **more):
    return Chart("FeedStale · X", lines, STARTS, STARTS + 1000 * SECOND, **more)


def read_png(png):
    """Read what ``write_png`` writes."""
    width, height = struct.unpack(">II", png[16:24])
    at, body = 8, b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", png[at + 8 + size : at + 12 + size])
        assert check == zlib.crc32(kind + data)
        body += data if kind == b"IDAT" else b""
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * 3)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:].reshape(height, width, 3), axis=0, dtype=np.uint8)


def test_a_picture_reads_back_as_it_was():
    pixels = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    assert (read_png(write_png(pixels)) == pixels).all()


def test_a_chart_is_small_enough_for_every_channel():
    noise = np.random.default_rng(1).normal(size=100)
    png = draw_chart(chart(line(noise), line(noise + 1), threshold=1.0, fires_from_ns=STARTS))
    assert read_png(png).shape == (HEIGHT, WIDTH, 3)
    assert len(png) < 100_000


def test_the_threshold_and_the_alarm_are_seen():
    plain = read_png(draw_chart(chart(line(np.linspace(0, 10, 100)))))
    told = read_png(
        draw_chart(
            chart(line(np.linspace(0, 10, 100)), threshold=5.0, fires_from_ns=STARTS + 500 * SECOND)
        )
    )
    assert not (plain == ALARM).all(axis=2).any()
    assert (told == ALARM).all(axis=2).any()
    assert tuple(plain[100, 650]) == (255, 255, 255)
    assert tuple(told[100, 650]) != (255, 255, 255)


@pytest.mark.parametrize(
    "values",
    [[], [1.0], [np.nan] * 5, [3.0] * 50, [np.inf, 1.0, -np.inf], [1e300, -1e300], [1e-300, 0.0]],
)
def test_values_that_make_no_line_make_a_picture_all_the_same(values):
    assert draw_chart(chart(line(values), threshold=2.0)).startswith(b"\x89PNG")


def test_a_gap_is_not_drawn_over():
    gap = np.ones(100)
    gap[40:60] = np.nan
    pixels = read_png(draw_chart(chart(line(gap))))
    blue = (np.abs(pixels.astype(int) - (24, 95, 180)).sum(axis=2) < 60).any(axis=0)
    assert blue[150]
    assert not blue[380]


def test_long_names_stay_inside():
    many = [line([1, 2], "x" * 200) for _ in range(9)]
    assert draw_chart(chart(*many))


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 9))
def test_marks_are_few_and_inside(low, span, count):
    ticks = value_ticks(low, low + span, count)
    assert len(ticks) <= 2.5 * count + 1
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)


@given(st.integers(1, 40 * 86_400), st.integers(2, 9))
def test_marks_of_time_are_round(seconds, count):
    ticks = time_ticks(STARTS, STARTS + seconds * SECOND, count)
    assert all(STARTS <= tick <= STARTS + seconds * SECOND for tick in ticks)
    assert len(ticks) <= max(count, seconds // 86_400) + 1


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1234.0, "1.234k"), (-2.5e6, "-2.5M"), (0.001, "0.001")]
)
def test_values_read_shortly(value, text):
    assert say_value(value) == text


def test_every_letter_has_ink_and_an_unknown_one_is_a_question_mark():
    for lettering in (TEXT, TITLE):
        assert all(lettering.glyph(each).max() > 0.5 for each in CHARACTERS if each != " ")
        assert (lettering.draw("漢") == lettering.draw("?")).all()
        assert lettering.draw("ab").shape == (lettering.height, lettering.width("ab"))


def test_nothing_is_drawn_outside_of_the_canvas():
    canvas = Canvas(20, 10)
    far = np.array([-1e6, 1e6])
    canvas.line(far, far, (0, 0, 0))
    canvas.text(-5, -5, "outside", (0, 0, 0))
    canvas.text(18, 8, "outside", (0, 0, 0))
    canvas.fill(-9, -9, 99, 99, (1, 2, 3), 1.0)
    assert canvas.pixels().shape == (10, 20, 3)
