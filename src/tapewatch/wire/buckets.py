"""
Native histograms as the protobuf protocols carry them.

Buckets come as runs (spans) and either absolute counts (floats) or the difference of each count
to the one before (integers).
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from tapewatch.model.histograms import Buckets, from_spans, to_spans
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.schema import Kind, Message, one

SPAN: Final = Message("BucketSpan", {"offset": one(1, Kind.SINT), "length": one(2, Kind.UINT)})

BUCKETS_MAX: Final = 100_000  # of one side of one histogram; a longer run is a bad message


def read_buckets(
    spans: Sequence[Mapping[str, int]], deltas: Sequence[int], counts: Sequence[float]
) -> dict[int, float]:
    """Turn runs with differences or counts into buckets by index."""
    amounts = list(counts) if counts else list(accumulate(deltas))
    length = sum(span["length"] for span in spans)
    if length != len(amounts) or length > BUCKETS_MAX:
        raise BadMessage("Histogram", f"{len(amounts)} buckets for spans of {length}")
    return from_spans([(span["offset"], span["length"]) for span in spans], amounts)


def write_spans(buckets: Buckets) -> list[dict[str, int]]:
    """Write the runs of ``buckets``."""
    return [{"offset": span.offset, "length": span.length} for span in to_spans(buckets)[0]]


def write_deltas(buckets: Buckets) -> list[int]:
    """Write the differences between counts, which have to be whole numbers."""
    counts = [int(count) for count in to_spans(buckets)[1]]
    return [count - before for before, count in zip([0, *counts], counts, strict=False)]


def write_counts(buckets: Buckets) -> list[float]:
    """Write the absolute counts."""
    return to_spans(buckets)[1]


def side(prefix: str, buckets: Buckets, *, whole: bool) -> dict[str, Any]:
    """Write one side of a histogram under the field names that the protocols share."""
    if not buckets:
        return {}
    spans = {f"{prefix}_spans": write_spans(buckets)}
    if whole:
        return {**spans, f"{prefix}_deltas": write_deltas(buckets)}
    return {**spans, f"{prefix}_counts": write_counts(buckets)}
