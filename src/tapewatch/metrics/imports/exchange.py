"""
The past of series as one message, for a server that takes it in while it runs.

It is an Arrow stream with a row for each series: ``labels`` (a map), ``timestamps`` (milliseconds),
``values``, and ``histograms``, null where a sample is a float, else a message as remote write has
it. Arrow packs its buffers itself, so nothing is packed around them.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import Objects
from tapewatch.metrics.storage.backfill import Past
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.wire.protobuf import decode, encode
from tapewatch.wire.remote_write.messages import HISTOGRAM, read_histogram, write_histogram

CONTENT_TYPE: Final = "application/vnd.apache.arrow.stream"
SCHEMA: Final = pa.schema(
    [
        ("labels", pa.map_(pa.string(), pa.string())),
        ("timestamps", pa.list_(pa.int64())),
        ("values", pa.list_(pa.float64())),
        ("histograms", pa.list_(pa.binary())),
    ]
)


MESSAGE_BYTES: Final = 48 * 1024 * 1024
"""About how large a message is before it is packed."""
_SAMPLE_BYTES: Final = 20
_PAIR_BYTES: Final = 60
_HISTOGRAM_BYTES: Final = 500


def cut_pasts(pasts: Iterable[Past], size_bytes: int = MESSAGE_BYTES) -> Iterator[list[Past]]:
    """Cut a long list of series into pieces that fit into a message."""
    piece: list[Past] = []
    weight = 0
    for past in pasts:
        piece.append(past)
        weight += len(past.values) * _SAMPLE_BYTES + len(past.labels) * _PAIR_BYTES
        if past.histograms is not None:
            weight += len(past.values) * _HISTOGRAM_BYTES
        if weight >= size_bytes:
            yield piece
            piece, weight = [], 0
    if piece:
        yield piece


def encode_pasts(pasts: Iterable[Past]) -> bytes:
    """Write the samples of some series as one message."""
    listed = list(pasts)
    offsets = np.cumsum([0, *(len(past.values) for past in listed)], dtype=np.int32)
    columns = [
        pa.array([list(past.labels) for past in listed], SCHEMA.field("labels").type),
        _flat(offsets, pa.array(_joined([past.timestamps_ms for past in listed], np.int64))),
        _flat(offsets, pa.array(_joined([past.values for past in listed], np.float64))),
        _flat(offsets, _histograms(listed, int(offsets[-1]))),
    ]
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, SCHEMA, options=options) as stream:
        stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
    body: bytes = sink.getvalue().to_pybytes()
    return body


def _joined(arrays: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *arrays])


def _flat(offsets: NDArray[np.int32], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _histograms(pasts: list[Past], count: int) -> pa.Array:
    if all(past.histograms is None for past in pasts):
        return pa.nulls(count, pa.binary())
    return pa.array([each for past in pasts for each in _packed(past)], pa.binary())


def _packed(past: Past) -> Iterator[bytes | None]:
    if past.histograms is None:
        yield from [None] * len(past.values)
        return
    for each in past.histograms.tolist():
        yield None if each is None else encode(HISTOGRAM, write_histogram(each, 0, 0))


def decode_pasts(body: bytes, bytes_max: int) -> Iterator[Past]:
    """
    Read a message; raises ``BadImport`` where it is none, or larger than ``bytes_max`` unpacked.
    """
    read_bytes = 0
    try:
        with pa.ipc.open_stream(pa.BufferReader(body)) as stream:
            if not stream.schema.equals(SCHEMA):
                raise BadImport("body", "0", f"its columns are not {', '.join(SCHEMA.names)}")
            for batch in stream:
                batch.validate(full=True)
                read_bytes += batch.nbytes
                if read_bytes > bytes_max:
                    raise BadImport("body", "0", f"it is larger than {bytes_max} bytes unpacked")
                yield from _read(batch)
    except (pa.ArrowException, OSError) as fault:
        raise BadImport("body", "0", f"it is no Arrow stream: {fault}") from None


def _read(batch: pa.RecordBatch) -> Iterator[Past]:
    if any(column.null_count for column in batch.columns):
        raise BadImport("body", "0", "a series lacks its labels, times or values")
    labels, times, values, histograms = batch.columns
    lengths = [np.diff(each.offsets.to_numpy()) for each in (times, values, histograms)]
    if any((each != lengths[0]).any() for each in lengths[1:]):
        raise BadImport("body", "0", "a series has not as many values as times")
    bounds = np.concatenate(([0], np.cumsum(lengths[0]))).tolist()
    flat_times = times.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    flat_values = values.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    flat_histograms = histograms.flatten()
    some = flat_histograms.null_count < len(flat_histograms)
    for row, pairs in enumerate(labels.to_pylist()):
        begin, end = bounds[row], bounds[row + 1]
        own = _unpacked(flat_histograms[begin:end]) if some else None
        yield Past(_labels(pairs), flat_times[begin:end], flat_values[begin:end], own)


def _labels(pairs: list[tuple[str, str]]) -> Labels:
    try:
        labels = Labels.from_pairs(pairs)
    except TapewatchError as fault:
        raise BadImport("body", "0", str(fault)) from None
    if not labels.name:
        raise BadImport("body", "0", f"the series {labels} has no metric name")
    return labels


def _unpacked(messages: pa.Array) -> Objects:
    found = np.full(len(messages), None, dtype=np.object_)
    for place, message in enumerate(messages.to_pylist()):
        if message is not None:
            try:
                histogram = read_histogram(decode(HISTOGRAM, message))
            except TapewatchError as fault:
                raise BadImport("body", "0", str(fault)) from None
            faults = histogram.faults()
            if faults:
                raise BadImport("body", "0", f"a histogram is impossible: {faults[0]}")
            found[place] = histogram
    return found
