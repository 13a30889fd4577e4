"""The runner of scripts, against an engine that answers from a table."""

import numpy as np
import pytest

from tapewatch.metrics.promql.errors import QueryFailed, ScriptError
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.metrics.promql.result import (
    MatrixResult,
    ScalarResult,
    Series,
    VectorResult,
    VectorSample,
)
from tapewatch.metrics.promql.script import Failure, pin, run_script
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels

X = Labels.of(__name__="x")


class TableEngine:
    """Knows one value, writes down what it is asked, and fails where it is told to."""

    def __init__(self, *, value=1.0, range_value=1.0, fails_in=()):
        self.value, self.range_value = value, range_value
        self.fails_in = fails_in
        self.stored, self.asked, self.cleared = [], [], 0

    def clear(self):
        self.cleared += 1
        self.stored.clear()

    def append(self, samples):
        self.stored.extend(samples)

    def instant(self, text, at_ms):
        self.asked.append((text, at_ms))
        if "instant" in self.fails_in:
            raise QueryFailed("no answer")
        if text.isdecimal():
            return ScalarResult(at_ms, float(text))
        return VectorResult((VectorSample(X, at_ms, self.value),))

    def range(self, text, start_ms, end_ms, step_ms):
        self.asked.append((text, start_ms, end_ms, step_ms))
        if "range" in self.fails_in:
            raise QueryFailed("no answer")
        times = np.arange(start_ms, end_ms + 1, step_ms, dtype=np.int64)
        labels = Labels.of({}) if text.isdecimal() else X
        values = np.full(len(times), float(text) if text.isdecimal() else self.range_value)
        return MatrixResult((Series(labels, times, values),))


def test_what_holds_is_counted():
    report = run_script("eval instant at 1m x\n x 1\n\neval instant at 0 7\n 7", TableEngine())
    assert (report.passed, report.failed) == (2, ())


def test_what_does_not_hold_is_told_with_its_line_and_the_rest_still_runs():
    script = "eval instant at 1m x\n x 2\n\neval instant at 1m x\n x 1"
    report = run_script(script, TableEngine(), file="orders.test")
    assert report.passed == 1
    assert report.failed == (
        Failure("orders.test", 1, "at 60000 ms: x: expected 2 for x but got 1"),
    )
    assert str(report.failed[0]).startswith("orders.test:1: at 60000 ms")


def test_an_instant_query_is_asked_at_other_times_and_in_the_middle_of_ranges():
    engine = TableEngine()
    assert not run_script("eval instant at 10s x\n x 1", engine).failed
    pinned = "x @ 10.000"
    assert engine.asked[:2] == [("x", 10_000), ("x", -50_000, 70_000, 60_000)]
    assert [entry for entry in engine.asked[2:] if len(entry) == 2] == [
        (pinned, at) for at in (-100_000, 0, 2_000, 10_000, 100_000)
    ]
    assert len(engine.asked) == 12


def test_at_the_epoch_the_other_times_lie_around_it():
    engine = TableEngine()
    run_script("eval instant at 0 x\n x 1", engine)
    assert [entry[1] for entry in engine.asked if len(entry) == 2] == [0, -1_000, 0, 1_000]


@pytest.mark.parametrize("query", ["time()", "hour(x)", "predict_linear(x[5m], 3)", "timestamp(x)"])
def test_what_depends_on_the_time_is_asked_once(query):
    engine = TableEngine()
    run_script(f"eval instant at 10s {query}\n x 1", engine)
    assert [len(entry) for entry in engine.asked] == [2, 4]


@pytest.mark.parametrize(
    "script",
    [
        "eval instant at 1m x[1m]\n expect range vector from 0 to 1m step 1m\n x 1 1",
        'eval instant at 1m "a"\n expect string "a"',
        "eval instant at 1m x > start()\n x 1",
    ],
)
def test_some_queries_make_no_sense_in_a_range(script):
    engine = TableEngine()
    run_script(script, engine)
    assert all(len(entry) == 2 for entry in engine.asked)


def test_a_range_that_differs_in_the_middle_is_told():
    report = run_script("eval instant at 1m x\n x 1", TableEngine(range_value=3.0))
    assert "x in the middle of a range at 60000 ms: expected 1 for x but got 3" in str(report)


def test_a_range_query_is_asked_once():
    engine = TableEngine()
    report = run_script("eval range from 0 to 2m step 1m x\n x 1 1 1", engine)
    assert report.passed == 1
    assert engine.asked == [("x", 0, 120_000, 60_000)]


def test_an_expected_failure_has_to_come():
    script = "eval instant at 1m x\n expect fail msg: no answer"
    assert run_script(script, TableEngine(fails_in={"instant"})).passed == 1
    failed = run_script(script, TableEngine()).failed
    assert failed[0].message.endswith("expected error evaluating x but got none")


def test_an_unexpected_failure_is_told():
    script = "eval instant at 1m x\n x 1"
    failed = run_script(script, TableEngine(fails_in={"instant"})).failed
    assert failed[0].message == "x at 60000 ms: error evaluating query: no answer"
    failed = run_script(script, TableEngine(fails_in={"range"})).failed
    assert failed[0].message == "x in the middle of a range at 60000 ms: no answer"


def test_loads_add_up_until_the_store_is_cleared():
    engine = TableEngine()
    run_script("load 1m\n x@st -1s _\n x 1 2\n\nload 1m\n y 3", engine)
    assert engine.stored == [
        (X, 0, 1.0, -1_000),
        (X, 60_000, 2.0, None),
        (Labels.of(__name__="y"), 0, 3.0, None),
    ]
    run_script("load 1m\n x 1\n\nclear", engine)
    assert (engine.stored, engine.cleared) == ([], 3)


def test_classic_histograms_are_loaded_with_their_native_twins():
    engine = TableEngine()
    run_script('load_with_nhcb 1m\n h_bucket{le="1"} 2\n h_count 5', engine)
    labels, at, histogram, _ = engine.stored[-1]
    assert (labels, at) == (Labels.of(__name__="h"), 0)
    assert isinstance(histogram, Histogram)
    assert len(engine.stored) == 3


def test_a_histogram_that_cannot_be_is_a_failed_load():
    script = 'load_with_nhcb 1m\n h_bucket{le="1"} 2\n h_bucket{le="2"} 1'
    (failure,) = run_script(script, TableEngine()).failed
    assert failure.line == 1
    assert "its buckets must count up" in failure.message


def test_a_script_that_cannot_be_read_is_refused_before_anything_runs():
    engine = TableEngine()
    with pytest.raises(ScriptError, match="line 3: invalid command"):
        run_script("clear\n\nnonsense", engine)
    assert not engine.cleared


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("x + y @ 5", "x @ 10.000 + y @ 5.000"),
        ("rate(x[5m] offset 1m)", "rate(x[5m] @ 10.000 offset 1m)"),
        ("x @ end()", "x @ 10.000"),
        ("max_over_time(rate(x[1m])[5m:])", "max_over_time(rate(x[1m])[5m:] @ 10.000)"),
    ],
)
def test_pinning_writes_the_time_into_a_query(text, pinned):
    assert print_query(pin(parse(text, EVERYTHING), 10_000)) == pinned
