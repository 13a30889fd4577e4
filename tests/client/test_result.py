"""Answers as tables."""

import pyarrow as pa
import pytest

import tapewatch
from tapewatch.client.answers import from_answer, from_json, to_json
from tapewatch.client.arrow import need
from tapewatch.client.errors import LibraryMissing
from tapewatch.metrics.promql.engine import Engine


def test_a_table_has_one_row_for_each_point(source):
    table = tapewatch.query("orders_total", start=0, end=30, step=15, source=source).to_arrow()
    assert table.column_names == ["timestamp", "value", "__name__", "venue"]
    assert table.schema.field("timestamp").type == pa.timestamp("ms", tz="UTC")
    assert pa.types.is_dictionary(table.schema.field("venue").type)
    assert table["value"].to_pylist() == [0.0, 30.0, 60.0, 0.0, 75.0, 150.0]
    assert table["venue"].to_pylist() == ["binance"] * 3 + ["okx"] * 3


def test_a_label_that_some_series_lack_is_null(source):
    table = tapewatch.query("orders_total or vector(1)", at=600, source=source).to_arrow()
    assert table["venue"].to_pylist() == ["binance", "okx", None]


def test_a_label_named_as_a_column_is_renamed(source):
    told = tapewatch.query('count_values("value", orders_total)', at=600, source=source)
    assert told.to_arrow().column_names == ["timestamp", "value", "label_value"]


def test_histograms_have_a_column_of_their_own(source):
    query = '{__name__=~"latency_seconds|orders_total"}'
    table = tapewatch.query(query, at=600, source=source).to_arrow()
    by_name = dict(zip(table["__name__"].to_pylist(), table.to_pylist(), strict=True))
    assert by_name["latency_seconds"]["value"] is None
    assert by_name["latency_seconds"]["histogram"]["count"] == 7.0
    assert by_name["latency_seconds"]["histogram"]["buckets"][0]["upper"] == 1.0
    assert by_name["orders_total"]["histogram"] is None


def test_an_answer_of_nothing_is_an_empty_table(source):
    told = tapewatch.query("nothing", at=600, source=source)
    assert told.to_arrow().num_rows == 0
    assert repr(told) == "<QueryResult 'nothing': vector, 0 series, 0 points>"


def test_pandas_polars_and_the_stream(source):
    told = tapewatch.query("orders_total", start=0, end=30, step=15, source=source)
    frame = told.to_pandas()
    assert frame.groupby("venue", observed=True)["value"].max().to_dict() == {
        "binance": 60.0,
        "okx": 150.0,
    }
    assert told.to_polars().filter(venue="okx")["value"].to_list() == [0.0, 75.0, 150.0]
    assert pa.RecordBatchReader.from_stream(told).read_all() == told.to_arrow()


def test_a_library_that_is_missing_is_named():
    with pytest.raises(LibraryMissing, match="pip install no_such_library"):
        need("no_such_library")


def test_a_result_shows_what_it_holds(source):
    told = tapewatch.query("orders_total", start=0, end=30, step=15, source=source)
    head, *rest = repr(told).splitlines()
    assert head.startswith("<QueryResult 'orders_total': matrix, 2 series, 6 points, 1970-01-01T")
    assert rest == [
        '  orders_total{venue="binance"}  60',
        '  orders_total{venue="okx"}  150',
    ]


@pytest.mark.parametrize(
    "query", ["orders_total", "latency_seconds", "orders_total[1m]", "1", '"x"', "1 / 0", "nothing"]
)
def test_a_result_is_written_as_the_api_has_it_and_read_back(source, query):
    told = from_answer(query, Engine().instant(source, query, 600_000))
    document = {"status": "success", "data": to_json(told)}
    assert to_json(from_json(query, document)) == to_json(told)
