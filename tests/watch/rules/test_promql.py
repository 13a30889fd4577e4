"""Who answers expressions: the engine of this process, or another server."""

import pytest
from tests.serving import Api

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.errors import QueryRefused
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import equal, named
from tapewatch.watch.rules.promql import EngineEvaluator, PromQL, RemoteEvaluator

M = Labels.of(__name__="m", n="a")


@pytest.fixture
def source():
    source = MemorySource()
    for at_ms in (1000, 2000, 3000):
        source.append(M, at_ms, at_ms / 1000)
    return source


@pytest.fixture
def api(source):
    api = Api(source)
    yield api
    api.close()


@pytest.mark.parametrize(("text", "expected"), [("m * 2", [6.0]), ("time()", [3.0]), ("m > 9", [])])
def test_a_remote_server_and_the_engine_answer_alike(source, api, text, expected):
    engine = Engine()
    for each in (EngineEvaluator(lambda: engine, source), RemoteEvaluator(api.url)):
        vector = each.evaluate(text, 3000, timeout_s=5)
        assert vector.values.tolist() == expected
        assert len(vector) == len(expected)


def test_the_newest_samples_are_told_by_both(source, api):
    engine = Engine()
    for each in (EngineEvaluator(lambda: engine, source), RemoteEvaluator(api.url)):
        ((labels, at_ms, value),) = each.newest((named("m"), equal("n", "a")), 0, 5000)
        assert (labels, at_ms, value) == (M, 3000, 3.0)


def test_a_server_that_is_not_there_is_an_error_of_ours():
    with pytest.raises(TapewatchError):
        RemoteEvaluator("http://127.0.0.1:9").evaluate("m", 0, timeout_s=1)


def test_what_an_expression_reads_is_every_selector_in_it():
    reads = PromQL().reads("sum(rate(a{x='y'}[1m])) / on() b or a{x='y'} offset 1m")
    assert {frozenset(map(str, each)) for each in reads} == {
        frozenset({str(named("a")), str(equal("x", "y"))}),
        frozenset({str(named("b"))}),
    }


@pytest.mark.parametrize("text", ["up[5m]", "'text'"])
def test_a_rule_needs_samples_of_one_time(text):
    with pytest.raises(QueryRefused, match="a rule needs a vector or a scalar"):
        PromQL().check(text)
