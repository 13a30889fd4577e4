"""One question, three who answer: a server, a directory at rest, this process."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import tapewatch
from tapewatch.client.errors import BadQuestion, ServerRefused, ServerUnreachable
from tapewatch.client.result import Distribution
from tapewatch.client.sources import open_at_rest
from tapewatch.metrics.intake import Loose
from tapewatch.metrics.promql.engine import Engine, MemoryEngine
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.store.directory import DataDirectory
from tapewatch.store.errors import DirectoryInUse, DirectoryUnusable


@pytest.fixture(params=["process", "server"])
def asked(request, source, api):
    return source if request.param == "process" else api.url


def test_an_instant_answer(asked):
    told = tapewatch.query("orders_total", at=600, source=asked)
    assert [str(each.labels) for each in told] == [
        'orders_total{venue="binance"}',
        'orders_total{venue="okx"}',
    ]
    assert told.values.tolist() == [1200.0, 3000.0]
    assert told.timestamps_ms.tolist() == [600_000, 600_000]
    assert told.kind == "vector"


def test_a_range(asked):
    told = tapewatch.query("orders_total", start=0, end=60, step="30s", source=asked)
    assert told.kind == "matrix"
    assert told.series[1].timestamps_ms.tolist() == [0, 30_000, 60_000]
    assert told.series[1].values.tolist() == [0.0, 150.0, 300.0]


def test_a_range_vector_at_one_time(asked):
    told = tapewatch.query('orders_total{venue="okx"}[30s]', at=600, source=asked)
    assert told.kind == "matrix"
    assert told.series[0].timestamps_ms.tolist() == [585_000, 600_000]


def test_a_scalar_and_a_string(asked):
    assert tapewatch.query("1 + 1", at=0, source=asked).value == 2.0
    assert tapewatch.query('"up"', at=0, source=asked).value == "up"
    told = tapewatch.query("time()", start=0, end=2, step=1, source=asked)
    assert told.values.tolist() == [0.0, 1.0, 2.0]


def test_a_native_histogram_shows_its_buckets(asked):
    told = tapewatch.query("latency_seconds", at=600, source=asked)
    shape = told.value
    assert isinstance(shape, Distribution)
    assert (shape.count, shape.sum) == (7.0, 10.5)
    assert [(each.lower, each.upper, each.count) for each in shape.buckets] == [
        (0.5, 1.0, 3.0),
        (2.0, 4.0, 4.0),
    ]
    assert np.isnan(told.values).all()


def test_annotations_come_along(asked):
    told = tapewatch.query("rate(orders_total[5m]) + latency_seconds", at=600, source=asked)
    assert told.warnings == ()
    told = tapewatch.query("quantile(2, orders_total)", at=600, source=asked)
    assert "quantile value should be between 0 and 1" in told.warnings[0]


def test_a_value_that_is_not_alone_is_refused(source):
    with pytest.raises(BadQuestion, match="orders_total has 2 values, not one: aggregate"):
        _ = tapewatch.query("orders_total", at=600, source=source).value


def test_engines_that_bring_their_source():
    engine = MemoryEngine()
    engine.append([(Labels.of(__name__="up"), 0, 1.0, None)])
    assert tapewatch.query("up", at=0, source=engine).value == 1.0


def test_a_directory_at_rest(tmp_path):
    with pytest.raises(DirectoryUnusable, match="it does not exist"):
        tapewatch.query("up", source=tmp_path / "data")
    with (
        DataDirectory.open(tmp_path / "data", now_ns=0, writer="test"),
        pytest.raises(DirectoryInUse, match="is in use by process"),
    ):
        tapewatch.query("up", source=tmp_path / "data")
    with open_at_rest(tmp_path / "data") as database:
        series = database.series([Labels.of(__name__="up")])
        database.append(Loose(series, np.array([60_000]), np.array([1.0])))
    assert tapewatch.query("up", at=60, source=tmp_path / "data").value == 1.0


def test_times_as_python_has_them(source):
    at = datetime(1970, 1, 1, 0, 10, tzinfo=UTC)
    assert len(tapewatch.query("orders_total", at=at, source=source)) == 2
    told = tapewatch.query(
        "orders_total",
        start=at - timedelta(minutes=1),
        end=at,
        step=timedelta(minutes=1),
        source=source,
    )
    assert told.timestamps_ms.tolist() == [540_000, 600_000] * 2


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"end": 5}, "say where it begins with start"),
        ({"at": 5, "start": 1}, "give one of the two"),
        ({"start": 5, "end": 1}, "ends .1. before it starts"),
        ({"source": 5}, "a int cannot be asked"),
        ({"source": "localhost:9090"}, "write http://HOST:PORT"),
    ],
)
def test_questions_that_do_not_fit(question, words):
    with pytest.raises(BadQuestion, match=words):
        tapewatch.query("up", **question)


def test_a_slip_in_the_query(source, api):
    with pytest.raises(QuerySyntaxError, match="1:5: parse error"):
        tapewatch.query("sum(", source=source)
    with pytest.raises(ServerRefused, match=r"answers 400 \(bad_data\): .*1:5: parse error"):
        tapewatch.query("sum(", source=api.url)


def test_nobody_answers():
    with pytest.raises(ServerUnreachable, match="start one with `tapewatch up`"):
        tapewatch.query("up", source="http://127.0.0.1:1")


def test_something_else_answers(api):
    api.fixed["/api/v1/query"] = 200, b"<html>"
    with pytest.raises(TapewatchError, match="its body is no JSON"):
        tapewatch.query("up", source=api.url)
    api.fixed["/api/v1/query"] = 502, b"<html>bad gateway"
    with pytest.raises(ServerRefused, match=r"answers 502 .Bad Gateway.: <html>bad"):
        tapewatch.query("up", source=api.url)
    api.fixed["/api/v1/query"] = 200, {"status": "success", "data": {"resultType": "soup"}}
    with pytest.raises(TapewatchError, match="its answer has another shape"):
        tapewatch.query("up", source=api.url)


def test_who_gets_the_token(api, monkeypatch):
    monkeypatch.setenv("TAPEWATCH_TOKEN", "secret")
    tapewatch.query("1", source=api.url)
    tapewatch.query("1", source=api.url.replace("//", "//:open@"))
    monkeypatch.setenv("TAPEWATCH_URL", api.url)
    tapewatch.query("1")
    sent = [headers.get("Authorization") for _, _, _, headers in api.seen]
    assert sent == [None, "Basic Om9wZW4=", "Bearer secret"]


def test_importing_tapewatch_stays_cheap():
    code = "import sys, tapewatch; print(sorted({'numpy', 'pyarrow', 'orjson'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tapewatch.nothing


def test_an_engine_of_ones_own_keeps_its_settings(source):
    class Desk:
        engine = Engine()

        def __init__(self):
            self.source = source

    assert tapewatch.query("sum(orders_total)", at=600, source=Desk()).value == 4200.0
