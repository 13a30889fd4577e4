"""The engine: its limits, its two ways with names, its plans, and what it says of its work."""

import threading

import numpy as np
import pytest

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql import run as run_module
from tapewatch.metrics.promql.engine import Engine, MemoryEngine
from tapewatch.metrics.promql.errors import (
    QueryCanceled,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimedOut,
    QueryTooLarge,
)
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.functions.ranges import RANGE_FUNCTIONS
from tapewatch.metrics.promql.matrix import Matrix, Scalar, Steps
from tapewatch.metrics.promql.result import MatrixResult, ScalarResult, StringResult
from tapewatch.metrics.promql.settings import Budget, Settings
from tapewatch.metrics.selection import ABSENT, LabelSets, Ragged, Selection, Strip
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE

MINUTE = 60_000
TWO_PARAMETERS = ("quantile_over_time", "predict_linear", "double_exponential_smoothing")
ONE_WINDOW = tuple(
    name for name in RANGE_FUNCTIONS if name not in (*TWO_PARAMETERS, "absent_over_time")
)


def counters(count: int = 3, length: int = 20) -> MemorySource:
    source = MemorySource()
    labels = LabelSets(Labels.of(__name__="fills_total", symbol=f"S{i}") for i in range(count))
    values = np.arange(length) * np.arange(1.0, count + 1).reshape(-1, 1)
    times = np.arange(length, dtype=np.int64) * 15_000
    source.add_strip(Strip(labels, times, np.ascontiguousarray(values)))
    return source


class OnlyRagged:
    """Gives every strip of a source as rows with times of their own."""

    def __init__(self, source: MemorySource) -> None:
        self.source = source

    def select(self, matchers, start_ms, end_ms, *, hints):
        selection = self.source.select(matchers, start_ms, end_ms, hints=hints)
        return Selection(tuple(self._ragged(part) for part in selection.parts))

    @staticmethod
    def _ragged(strip):
        rows, length = strip.values.shape
        return Ragged(
            strip.labels,
            np.tile(strip.timestamps, rows),
            strip.values.reshape(-1),
            np.arange(rows + 1, dtype=np.int64) * length,
            strip.gaps,
            None if strip.histograms is None else strip.histograms.reshape(-1),
            None if strip.starts is None else strip.starts.reshape(-1),
        )


def values_of(answer) -> dict:
    return {str(series.labels): series.values.tolist() for series in answer.result}


def test_an_instant_gives_a_vector_and_a_range_a_matrix_sorted_by_labels():
    engine, source = Engine(), counters()
    vector = engine.instant(source, "fills_total", MINUTE).result
    assert [sample.value for sample in vector] == [4.0, 8.0, 12.0]
    matrix = engine.range(source, "-fills_total", 0, 2 * MINUTE, MINUTE).result
    assert isinstance(matrix, MatrixResult)
    assert [str(series.labels) for series in matrix] == [f'{{symbol="S{i}"}}' for i in range(3)]
    assert matrix.series[1].values.tolist() == [0.0, -8.0, -16.0]


def test_scalars_and_strings_are_answers_too():
    engine, source = Engine(), counters()
    assert engine.instant(source, "1 + 2", 5000).result == ScalarResult(5000, 3.0)
    assert engine.instant(source, '"tape"', 5000).result == StringResult(5000, "tape")
    assert values_of(engine.range(source, "time()", 0, 2000, 1000)) == {"{}": [0.0, 1.0, 2.0]}


def test_an_answer_keeps_its_arrays():
    answer = Engine().range(counters(), "rate(fills_total[1m])", MINUTE, 3 * MINUTE, MINUTE)
    assert isinstance(answer.value, Matrix)
    assert answer.value.values.shape == (3, 3)
    scalar = Engine().range(counters(), "3", 0, MINUTE, MINUTE)
    assert isinstance(scalar.value, Scalar)


@pytest.mark.parametrize(
    "query",
    [
        "fills_total",
        "rate(fills_total[1m])",
        "sum_over_time(fills_total[2m])",
        "quantile_over_time(0.5, fills_total[2m])",
        "timestamp(fills_total)",
        "ts_of_last_over_time(fills_total[1m])",
        "first_over_time(fills_total[1m])",
        "sum by (symbol) (increase(fills_total[1m:15s]))",
        "deriv(fills_total[2m])",
        "absent_over_time(fills_total[5s])",
    ],
)
def test_ragged_series_give_the_same_as_strips(query):
    source = counters()
    engine = Engine(Settings(features=EVERYTHING))
    expected = values_of(engine.range(source, query, 0, 6 * MINUTE, 20_000))
    found = values_of(engine.range(OnlyRagged(source), query, 0, 6 * MINUTE, 20_000))
    assert list(found) == list(expected)
    for labels, values in expected.items():
        assert found[labels] == pytest.approx(values), labels


@pytest.mark.parametrize("function", [*ONE_WINDOW, "instant"])
def test_a_few_rows_with_gaps_are_answered_as_rows_alone_would_be(function):
    source = MemorySource()
    labels = LabelSets(Labels.of(__name__="fills_total", symbol=f"S{i}") for i in range(12))
    values = np.random.default_rng(7).integers(0, 9, (12, 30)).cumsum(axis=1).astype(float)
    values[3, 4:9] = ABSENT
    values[7, 12] = STALE
    values[7, :3] = ABSENT
    times = np.arange(30, dtype=np.int64) * 15_000
    source.add_strip(Strip(labels, times, values, gaps=True))
    query = "fills_total" if function == "instant" else f"{function}(fills_total[1m])"
    engine = Engine(Settings(features=EVERYTHING))
    together = engine.range(source, query, 0, 8 * MINUTE, 20_000)
    alone = engine.range(OnlyRagged(source), query, 0, 8 * MINUTE, 20_000)
    assert together.statistics.samples_read == alone.statistics.samples_read
    found, expected = values_of(together), values_of(alone)
    assert list(found) == list(expected)
    for series, numbers in expected.items():
        assert found[series] == pytest.approx(numbers, nan_ok=True), series


def test_only_some_expressions_make_a_range():
    with pytest.raises(QueryRefused, match='invalid expression type "range vector" for range'):
        Engine().range(counters(), "fills_total[1m]", 0, MINUTE, MINUTE)


def test_a_text_that_is_no_query_is_refused():
    with pytest.raises(QuerySyntaxError, match="1:5: parse error"):
        Engine().instant(counters(), "sum(", 0)


def test_a_range_vector_can_only_be_asked_for_at_an_instant():
    answer = Engine().instant(counters(1), "fills_total[1m]", MINUTE)
    (series,) = answer.result
    assert series.timestamps_ms.tolist() == [15_000, 30_000, 45_000, 60_000]
    assert series.values.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_query_over_its_budget_says_so():
    engine = Engine(Settings(samples_max=50))
    engine.range(counters(2), "fills_total", 0, 4 * MINUTE, 15_000)
    with pytest.raises(QueryTooLarge, match="query processing would load too many samples"):
        engine.range(counters(4), "fills_total", 0, 4 * MINUTE, 15_000)
    small = Budget(samples_max=10)
    with pytest.raises(QueryTooLarge) as caught:
        engine.instant(counters(1), "rate(fills_total[4m])", 4 * MINUTE, budget=small)
    assert caught.value.samples_max == 10


def test_memory_is_limited_too():
    with pytest.raises(QueryTooLarge):
        Engine().instant(counters(), "fills_total", MINUTE, budget=Budget(memory_bytes_max=16))


def test_a_query_stops_when_nobody_wants_it_any_more():
    canceled = threading.Event()
    canceled.set()
    with pytest.raises(QueryCanceled, match="query was canceled in expression evaluation"):
        Engine().instant(counters(), "fills_total", 0, budget=Budget(canceled=canceled))


def test_a_query_stops_at_its_deadline():
    with pytest.raises(QueryTimedOut, match="query timed out in expression evaluation"):
        Engine().instant(counters(), "fills_total", 0, budget=Budget(timeout_s=-1.0))


def test_long_work_is_done_in_pieces_that_give_the_same(monkeypatch):
    query = "sum_over_time(fills_total[2m]) + quantile_over_time(0.5, fills_total[1m])"
    whole = Engine().range(counters(7), query, 0, 6 * MINUTE, 20_000)
    monkeypatch.setattr(run_module, "CHUNK_CELLS", 60)
    pieces = Engine().range(counters(7), query, 0, 6 * MINUTE, 20_000)
    assert values_of(pieces) == values_of(whole)


def test_names_go_at_once_or_at_the_end():
    source = counters(1)
    source.append(Labels.of(__name__="orders_total", symbol="S0"), 0, 1.0)
    query = 'label_replace(abs({symbol="S0"}), "was", "$1", "__name__", "(.*)")'
    with pytest.raises(QueryFailed, match="vector cannot contain metrics with the same labelset"):
        Engine().instant(source, query, 0)
    delayed = Engine(Settings(delayed_name_removal=True)).instant(source, query, 0)
    assert {str(sample.labels) for sample in delayed.result} == {
        '{symbol="S0", was="fills_total"}',
        '{symbol="S0", was="orders_total"}',
    }


def test_a_lookback_can_be_asked_for():
    engine, source = Engine(), counters(1, length=2)
    assert not engine.instant(source, "fills_total", 6 * MINUTE).result.samples
    wide = engine.instant(source, "fills_total", 6 * MINUTE, budget=Budget(lookback_ms=10 * MINUTE))
    assert len(wide.result.samples) == 1


def test_statistics_tell_what_was_read():
    answer = Engine().range(counters(3), "rate(fills_total[1m])", MINUTE, 2 * MINUTE, MINUTE)
    # Two steps of three series, each with a window of four samples.
    assert answer.statistics.samples_read == 24
    assert answer.statistics.samples_peak >= 6
    assert answer.statistics.evaluate_s > 0


def test_annotations_have_a_position():
    answer = Engine().instant(counters(), "1 + rate(\n  {symbol='S0'}[1m:15s])", MINUTE)
    assert answer.annotations.infos == ()
    source = MemorySource()
    for at in range(3):
        source.append(Labels.of(__name__="price"), at * 15_000, 1.0)
    answer = Engine().instant(source, "1 +\n rate(price[1m])", MINUTE)
    (info,) = answer.annotations.infos
    assert info.startswith("PromQL info: metric might not be a counter, name does not end in ")
    assert info.endswith(': "price" (2:7)')


def test_sorting_a_range_is_warned_of():
    answer = Engine().range(counters(), "sort(fills_total)", 0, MINUTE, MINUTE)
    (warning,) = answer.annotations.warnings
    assert warning.startswith("PromQL warning: sort is ineffective for range queries since")
    assert warning.endswith(" ordered by labels (1:1)")


def test_a_plan_is_made_once_per_text():
    engine = Engine()
    instant = Steps(0, 0, 1)
    assert engine.plan("fills_total", instant) is engine.plan("fills_total", Steps(7, 0, 1))
    # Where the text asks for its own range the plan depends on it.
    engine = Engine(Settings(features=EVERYTHING))
    assert engine.plan("x[step()]", Steps(0, 5, 2)) is not engine.plan("x[step()]", Steps(0, 9, 2))


def test_explain_shows_passes_operators_and_costs():
    query = "sum by (symbol) (rate(fills_total[1m])) / 2"
    text = Engine().explain(query)
    assert "pass fold_constants" in text
    assert "- vector / scalar\n  - sum by (symbol)\n    - rate of windows" in text
    ran = Engine().explain(query, source=counters(), steps=Steps(MINUTE, MINUTE, 3))
    assert "- sum by (symbol) (3 rows, 9 samples, " in ran


def test_equal_parts_are_computed_once():
    query = "rate(fills_total[1m]) / rate(fills_total[1m])"
    alone = Engine(Settings(passes_off=frozenset(("share_equals",))))
    one = alone.range(counters(), query, MINUTE, 3 * MINUTE, MINUTE)
    both = Engine().range(counters(), query, MINUTE, 3 * MINUTE, MINUTE)
    assert both.statistics.samples_read * 2 == one.statistics.samples_read
    assert values_of(one) == values_of(both)


@pytest.mark.parametrize("off", ["hoist_invariants", "fold_constants", "share_equals"])
def test_an_answer_does_not_depend_on_a_pass(off):
    query = "sum(fills_total @ 60) + sum(fills_total @ 60) * (2 + 3)"
    expected = Engine().range(counters(), query, 0, 2 * MINUTE, MINUTE)
    found = Engine(Settings(passes_off=frozenset((off,)))).range(
        counters(), query, 0, 2 * MINUTE, MINUTE
    )
    assert values_of(found) == values_of(expected)


def test_many_threads_share_an_engine():
    engine, source, failures = Engine(), counters(), []
    expected = values_of(engine.range(source, "rate(fills_total[1m])", 0, 4 * MINUTE, MINUTE))

    def ask():
        for _ in range(20):
            answer = engine.range(source, "rate(fills_total[1m])", 0, 4 * MINUTE, MINUTE)
            if values_of(answer) != expected:
                failures.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_memory_engine_forgets_what_it_is_told_to():
    engine = MemoryEngine()
    engine.append([(Labels.of(__name__="x"), 0, 1.0, None)])
    assert len(engine.instant("x", 0).samples) == 1
    engine.clear()
    assert len(engine.instant("x", 0).samples) == 0
    assert engine.range("x", 0, MINUTE, MINUTE).series == ()
