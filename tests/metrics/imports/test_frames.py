"""Tables, long and wide, as delimited text and as Parquet."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tapewatch
from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.formats import open_import
from tapewatch.metrics.imports.frames import scale_times
from tapewatch.metrics.memory import MemorySource
from tapewatch.model.labels import Labels


def test_a_long_table_has_a_sample_in_each_row(read):
    samples, faults = read(
        "timestamp,value,metric,venue\n"
        "1700000000,5,fills,okx\n"
        "1700000000.5,+Inf,fills,\n"
        "1700000001,-1e3,fees,okx\n",
        "x.csv",
    )
    assert faults == {}
    assert samples == [
        ('fees{venue="okx"}', 1_700_000_001_000, -1000.0),
        ("fills", 1_700_000_000_500, float("inf")),
        ('fills{venue="okx"}', 1_700_000_000_000, 5.0),
    ]


def test_rows_that_cannot_be_read_are_named_by_line(read):
    samples, faults = read(
        "timestamp,value,metric\n"
        "1700000000,5,fills\n"
        "1700000001,6\n"
        "\n"
        "1700000002,x,fills\n"
        "soon,7,fills\n"
        "1700000003,,fills\n"
        "1700000004,8,\n"
        ",8,fills\n",
        "x.csv",
    )
    assert [value for _, _, value in samples] == [5.0]
    assert {place: reason.partition(":")[0] for place, reason in faults.items()} == {
        "3": "the row has 2 columns, the others 3",
        "5": "'x' is not a number",
        "6": "'soon' is not a time",
        "7": "the row has no value",
        "8": "the row names no metric",
        "9": "the row has no time",
    }


def test_a_wide_table_has_a_series_in_each_column(read):
    samples, faults = read(
        'time;cpu;"orders_total{venue=""X""}"\n2023-11-14T22:13:20Z;1;2\n2023-11-14T22:13:21.5Z;3;\n',
        "x.csv",
    )
    assert faults == {}
    assert samples == [
        ("cpu", 1_700_000_000_000, 1.0),
        ("cpu", 1_700_000_001_500, 3.0),
        ('orders_total{venue="X"}', 1_700_000_000_000, 2.0),
    ]


def test_names_may_be_given(read):
    samples, _ = read("ts\tvalue\tvenue\n1700000000\t1\tX\n", "x.tsv", metric="fills_total")
    assert samples == [('fills_total{venue="X"}', 1_700_000_000_000, 1.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "no column has the times: name one of them timestamp, time"),
        ("time,value\n1,2\n", "the samples have no name: add a column __name__ or metric"),
        ("time,a,a\n1,2,3\n", "two columns are named 'a'"),
        ("time\n1\n", "there is no column beside the time"),
        ("time,a{b\n1,2\n", "the column 'a{b' names no series"),
    ],
)
def test_a_table_that_says_too_little_is_refused(tmp_path, text, words):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(BadImport, match=words):
        open_import(tmp_path / "x.csv")


def test_parquet_with_real_times(tmp_path, read):
    table = pa.table(
        {
            "timestamp": pa.array(
                [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), None], pa.timestamp("ns", "UTC")
            ),
            "value": pa.array([1, 2]),
            "__name__": pa.array(["up", "up"]).dictionary_encode(),
            "shard": pa.array([7, 8]),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    samples, faults = read(sink.getvalue().to_pybytes(), "x.parquet")
    assert samples == [('up{shard="7"}', 1_700_000_000_000, 1.0)]
    assert faults == {"2": "the row has no time"}


def test_what_a_query_answers_can_be_imported_again(tmp_path):
    source = MemorySource()
    for second in range(0, 60, 10):
        source.append(Labels.of(__name__="up", job="a"), second * 1000, float(second))
    told = tapewatch.query("up", start=0, end=50, step=10, source=source)
    pq.write_table(told.to_arrow(), tmp_path / "x.parquet")
    reader = open_import(tmp_path / "x.parquet")
    (batch,) = reader.batches()
    assert reader.labels == [Labels.of(__name__="up", job="a")]
    assert np.array_equal(batch.timestamps_ms, told.timestamps_ms)
    assert np.array_equal(batch.values, told.values)


def test_what_is_no_parquet_is_told(tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"no")
    with pytest.raises(BadImport, match="the file is no Parquet"):
        open_import(tmp_path / "x.parquet")


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3, 1e6])
def test_the_unit_of_a_time_follows_from_its_size(unit):
    assert scale_times(np.array([1_700_000_000_000 * unit])) == [1_700_000_000_000]


def test_what_nothing_tells_has_to_be_said(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\0\1\2")
    with pytest.raises(BadImport, match="say one of openmetrics, text, csv, parquet, tsdb"):
        open_import(tmp_path / "x.bin")
    with pytest.raises(BadImport, match="No such file"):
        open_import(tmp_path / "none.csv")
