"""The page of figures is made from the result files."""

import json

import pytest
from bench.harness import Outcome, Row, write_result
from bench.report import MARK, amount, page

from bench import harness

ROWS = [
    Row("sum(a) × 10", 2.0, "ms", peer=5.0, must=2.5, others={"Other": 40.0}),
    Row("b", 1234.5, "1/s", peer=617.25, must=2000.0, larger_is_better=True),
]


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "OUT", tmp_path)
    path = write_result("x", "How fast?", Outcome(ROWS, ["twice a day"], peer="Peer"))
    return json.loads(path.read_text())


def test_every_row_is_on_the_page_also_those_that_fall_short(told):
    lines = page("# Performance\n", [told]).splitlines()
    assert "| `sum(a)`, 10 steps | 2.00 ms | 5.00 | 2.50 | 40.0 | 2.50 | reached |" in lines
    assert "| b | 1,234 1/s | 617 | 2.00 |  | 2,000 | **not reached** |" in lines
    assert "- Twice a day." in lines
    assert "- To repeat: `make bench NAME=x`." in lines


def test_what_stands_above_the_mark_stays_and_the_rest_is_replaced(told):
    former = f"# Performance\n\nBy hand.\n\n{MARK}\n\nold figures\n"
    fresh = page(former, [told])
    assert fresh.startswith(f"# Performance\n\nBy hand.\n\n{MARK}\n\n## x\n")
    assert "old figures" not in fresh
    assert page(fresh, [told]) == fresh


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.0123456, "0.0123"), (9.876, "9.88"), (54_321.0, "54,321")],
)
def test_an_amount_has_three_digits(value, text):
    assert amount(value) == text
