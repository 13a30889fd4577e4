"""Charts in characters."""

import numpy as np
import pytest

from tapewatch.cli.charts import Curve, bar, line_chart, short_number, spark


def drawn(curves, **size):
    return ["".join(piece.text for piece in line) for line in line_chart(curves, **size)]


def curve(*values, step_ms=1000):
    return Curve(np.arange(len(values)) * step_ms, np.array(values, dtype=float))


def test_a_rising_line():
    assert drawn([curve(0, 1, 2, 3)], width=40, height=4) == [
        "3.0 ┤                          ⢀⣀⣀⠤⠤⠔⠒⠊⠉",
        "    │                 ⢀⣀⣀⠤⠤⠒⠒⠊⠉⠁        ",
        "    │        ⢀⣀⡠⠤⠤⠒⠒⠉⠉⠁                 ",
        "0.0 ┤⣀⡠⠤⠔⠒⠒⠉⠉⠁                          ",
        "    └───────────────────────────────────",
        "     00:00:00     00:00:01  00:00:03 UTC",
    ]


def test_a_chart_is_as_wide_as_it_may_be():
    lines = drawn([curve(*range(50))], width=60, height=6)
    assert {len(line) for line in lines[:-1]} == {60}
    assert lines[-1].endswith("00:00:49 UTC")


def test_a_gap_stays_a_gap():
    with_gap = Curve(np.array([0, 1000, 2000, 9000, 10_000]), np.ones(5))
    middle = drawn([with_gap], width=44, height=3)[1]
    assert "   " in middle.strip(" │┤1.0")


def test_each_piece_knows_its_series():
    lines = line_chart([curve(1, 1), curve(5, 5)], width=30, height=5)
    assert {piece.series for line in lines for piece in line} == {None, 0, 1}


@pytest.mark.parametrize("values", [(np.nan, np.inf), ()])
def test_nothing_to_draw_is_said(values):
    assert drawn([curve(*values)], width=30, height=4) == ["no numbers to draw"]


def test_a_flat_line_lies_in_the_middle():
    lines = drawn([curve(7, 7, 7)], width=30, height=5)
    assert [bool(line.strip(" │┤.0123456789")) for line in lines[:5]] == [0, 0, 1, 0, 0]


def test_sparks_run_from_the_lowest_to_the_highest():
    assert spark(np.arange(8.0), 20) == "▁▂▃▄▅▆▇█"
    assert spark(np.array([1.0, np.nan, 3.0]), 20) == "▁ █"
    assert spark(np.array([np.nan, np.inf]), 20) == "  "
    assert spark(np.ones(3), 20) == "▄▄▄"
    assert len(spark(np.arange(1000.0), 40)) == 40


def test_bars_are_shares():
    assert bar(10, 10, 4) == "████"
    assert bar(-5, 10, 4) == "██"
    assert bar(0.3, 10, 4) == "▏"
    assert bar(float("nan"), 10, 4) == bar(0, 0, 4) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234, "1234"), (12_345, "12.35k"), (-2.5e9, "-2.5G"), (0.00012, "0.00012"),
     (float("nan"), "NaN"), (float("-inf"), "-Inf")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert short_number(value) == text
