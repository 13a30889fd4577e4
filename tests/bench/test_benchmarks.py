"""Every benchmark runs tiny here, so that it cannot rot; its answers are checked as in full."""

import importlib
import json

import pytest
from bench.__main__ import main, names
from bench.harness import Outcome, Row, Scale, describe, time_each, write_result

from bench import harness


@pytest.mark.parametrize("name", names())
def test_a_benchmark_runs_tiny(name):
    module = importlib.import_module(f"bench.{name}")
    assert module.QUESTION.endswith("?")
    outcome = module.run(Scale.TINY)
    assert outcome.rows
    assert all(line for line in describe(name, module.QUESTION, outcome))


def test_a_row_knows_whether_it_is_good_enough():
    assert Row("cpu", 2, "s", peer=4, must=3).reached
    assert Row("cpu", 2, "s", peer=4).ratio == 2
    assert not Row("rate", 2, "1/s", must=3, larger_is_better=True).reached
    assert Row("rate", 8, "1/s", peer=4, larger_is_better=True).ratio == 2


def test_the_ratio_is_the_geometric_mean_else_the_share_reached():
    assert Outcome([Row("a", 1, "s", peer=2), Row("b", 1, "s", peer=8)]).ratio == pytest.approx(4)
    assert Outcome([Row("a", 1, "s", must=2), Row("b", 3, "s", must=2)]).ratio == 0.5


def test_pieces_of_work_take_turns():
    order = []
    time_each(lambda: order.append("a"), lambda: order.append("b"), repeats=2)
    assert order == ["a", "b"] * 3


def test_the_result_file_has_every_row(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "OUT", tmp_path)
    path = write_result("x", "why?", Outcome([Row("a", 1.0, "s", peer=2.0, must=0.5)], peer="P"))
    told = json.loads(path.read_text())
    assert told["ratio"] == 2.0
    assert told["rows"] == [
        {"name": "a", "value": 1.0, "unit": "s", "peer": 2.0, "must": 0.5, "reached": False}
    ]
    assert told["machine"]["cores"]


def test_an_unknown_name_lists_the_known_ones(capsys):
    assert main(["nope"]) == 2
    assert "startup" in capsys.readouterr().out
