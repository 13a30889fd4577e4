"""Batches on their way into a database, and over the wire."""

import numpy as np
import pyarrow as pa
import pytest

import tapewatch
from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Batch
from tapewatch.metrics.imports.exchange import cut_pasts, decode_pasts, encode_pasts
from tapewatch.metrics.imports.writing import Collector, PastWriter, pasts_of
from tapewatch.metrics.scratch import ScratchEngine
from tapewatch.metrics.storage.backfill import Past
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels

UP, LATENCY = Labels.of(__name__="up", job="a"), Labels.of(__name__="latency")
SHAPE = Histogram(schema=0, count=7, sum=10.5, positive={0: 3.0, 2: 4.0})


def batch():
    histograms = np.array([None, SHAPE, None], dtype=object)
    return Batch(np.array([0, 1, 0]), np.array([2, 1, 1]), np.array([5.0, np.nan, 4.0]), histograms)


def test_a_batch_is_cut_by_series():
    first, second = pasts_of([UP, LATENCY], batch())
    assert first.labels == UP
    assert (first.timestamps_ms.tolist(), first.values.tolist()) == ([2, 1], [5.0, 4.0])
    assert second.histograms.tolist() == [SHAPE]


def test_what_is_written_can_be_asked_for():
    with ScratchEngine() as engine:
        writer = PastWriter(engine.source)
        writer.write([UP, LATENCY], batch())
        writer.close()
        assert tapewatch.query("up", at=0.002, source=engine).value == 5.0
        assert tapewatch.query("latency", at=0.002, source=engine).value.count == 7.0


def test_the_message_brings_everything_over():
    sent = list(pasts_of([UP, LATENCY], batch()))
    for past, own in zip(decode_pasts(encode_pasts(sent), 1 << 20), sent, strict=True):
        assert past.labels == own.labels
        assert past.timestamps_ms.tolist() == own.timestamps_ms.tolist()
        assert past.histograms.tolist() == own.histograms.tolist()
        assert np.array_equal(past.values, own.values, equal_nan=True)


def test_long_lists_are_cut_into_messages():
    pasts = [Past(UP, np.arange(100), np.zeros(100))] * 7
    assert [len(piece) for piece in cut_pasts(pasts, 5000)] == [3, 3, 1]
    assert [len(piece) for piece in cut_pasts([])] == []


def test_pieces_of_a_series_are_put_together():
    taken = []
    collector = Collector(lambda pasts: taken.append(list(pasts)), samples=6)
    labels, others = [UP, LATENCY], [UP]
    for each in (labels, labels, others):
        collector.write(each, batch() if each is labels else Batch(*[np.zeros(1, int)] * 3))
    collector.close()
    assert [[len(past.values) for past in pasts] for pasts in taken] == [[4, 2], [1]]


def past(labels):
    return Past(labels, np.array([1]), np.array([1.0]))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"nonsense", "it is no Arrow stream"),
        (encode_pasts([past(Labels.of(job="a"))]), "has no metric name"),
        (encode_pasts([past(UP)])[:-200], "it is no Arrow stream"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused(body, words):
    with pytest.raises(BadImport, match=words):
        list(decode_pasts(body, 1 << 20))


def test_a_message_of_other_columns_is_refused():
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1]})
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    with pytest.raises(BadImport, match="its columns are not labels, timestamps"):
        list(decode_pasts(sink.getvalue().to_pybytes(), 1 << 20))


def test_a_message_that_unpacks_to_too_much_is_refused():
    large = Past(UP, np.arange(10_000), np.zeros(10_000))
    with pytest.raises(BadImport, match="larger than 10000 bytes unpacked"):
        list(decode_pasts(encode_pasts([large]), 10_000))
