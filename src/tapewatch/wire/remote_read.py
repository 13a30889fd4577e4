"""
Remote read: what another Prometheus asks of us, and how it is answered.

The answer is one message with all samples (``write_response``), or, where the asker takes it, a
stream of frames with compressed chunks (``write_frames``), so that neither side holds it whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple

from tapewatch.model.errors import TapewatchError
from tapewatch.model.hashing import crc32c
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.wire import histogram_chunk
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.protobuf import decode, encode, varint
from tapewatch.wire.remote_write.encode import label_block, plain_series
from tapewatch.wire.remote_write.messages import SERIES_1, write_histogram
from tapewatch.wire.schema import Kind, Message, many, one, part, parts
from tapewatch.wire.xor_chunk import encode_xor

SAMPLES_TYPE: Final = "application/x-protobuf"
FRAMES_TYPE: Final = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
CHUNK_SAMPLES: Final = 120
_XOR: Final = 1
_HISTOGRAMS: Final = 3

MATCHER: Final = Message(
    "LabelMatcher",
    {"type": one(1, Kind.INT), "name": one(2, Kind.TEXT), "value": one(3, Kind.TEXT)},
)
HINTS: Final = Message(
    "ReadHints",
    {
        "step_ms": one(1, Kind.INT),
        "function": one(2, Kind.TEXT),
        "start_ms": one(3, Kind.INT),
        "end_ms": one(4, Kind.INT),
        "grouping": many(5, Kind.TEXT),
        "by": one(6, Kind.BOOL),
        "range_ms": one(7, Kind.INT),
    },
)
QUERY: Final = Message(
    "Query",
    {
        "start_ms": one(1, Kind.INT),
        "end_ms": one(2, Kind.INT),
        "matchers": parts(3, MATCHER),
        "hints": part(4, HINTS),
    },
)
REQUEST: Final = Message("ReadRequest", {"queries": parts(1, QUERY), "accepted": many(2, Kind.INT)})
RESULT: Final = Message("QueryResult", {"series": many(1, Kind.BYTES)})
RESPONSE: Final = Message("ReadResponse", {"results": parts(1, RESULT)})
CHUNK: Final = Message(
    "Chunk",
    {
        "min_ms": one(1, Kind.INT),
        "max_ms": one(2, Kind.INT),
        "type": one(3, Kind.INT),
        "data": one(4, Kind.BYTES),
    },
)
CHUNKS: Final = Message("ChunkedSeries", {"chunks": parts(2, CHUNK)})
FRAME: Final = Message(
    "ChunkedReadResponse", {"series": many(1, Kind.BYTES), "query_index": one(2, Kind.INT)}
)

_KINDS: Final = (MatchKind.EQUAL, MatchKind.NOT_EQUAL, MatchKind.REGEX, MatchKind.NOT_REGEX)


class ResponseType(IntEnum):
    """The two forms of an answer."""

    SAMPLES = 0
    STREAMED_XOR_CHUNKS = 1


class Series(NamedTuple):
    """A series of an answer, its points in order of time."""

    labels: Labels
    timestamps_ms: Sequence[int]
    values: Sequence[float]
    histograms: Sequence[tuple[int, Histogram]] = ()


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """What is asked for: the series that pass all matchers, from start to end inclusive."""

    start_ms: int
    end_ms: int
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Queries, and the form in which the asker wants them answered."""

    queries: tuple[ReadQuery, ...]
    response_type: ResponseType


def read_request(data: bytes) -> ReadRequest:
    """Read a request, already decompressed; raises ``BadMessage``."""
    message = decode(REQUEST, data)
    try:
        queries = tuple(_query(query) for query in message["queries"])
    except BadMessage:
        raise
    except TapewatchError as fault:  # a pattern that RE2 refuses
        raise BadMessage("ReadRequest", str(fault)) from None
    return ReadRequest(queries, _response_type(message["accepted"]))


def write_response(results: Iterable[Iterable[Series]]) -> bytes:
    """Write the answers to all queries, in their order, as samples; to be sent as snappy."""
    written = [{"series": [_series(answered) for answered in series]} for series in results]
    return encode(RESPONSE, {"results": written})


def write_frames(results: Iterable[Iterable[Series]]) -> Iterator[bytes]:
    """Write a frame for each series of each query; series have to come in order of labels."""
    for index, series in enumerate(results):
        for answered in series:
            message = {"chunks": _chunks(answered)}
            body = label_block(answered.labels) + encode(CHUNKS, message)
            frame = encode(FRAME, {"series": [body], "query_index": index})
            yield varint(len(frame)) + crc32c(frame).to_bytes(4, "big") + frame


def write_request(request: ReadRequest) -> bytes:
    """Write a request, to ask another store."""
    queries = [
        {
            "start_ms": query.start_ms,
            "end_ms": query.end_ms,
            "matchers": [
                {"type": _KINDS.index(matcher.kind), "name": matcher.name, "value": matcher.value}
                for matcher in query.matchers
            ],
        }
        for query in request.queries
    ]
    return encode(REQUEST, {"queries": queries, "accepted": [int(request.response_type)]})


def _query(message: dict[str, Any]) -> ReadQuery:
    matchers = tuple(map(_matcher, message["matchers"]))
    return ReadQuery(message["start_ms"], message["end_ms"], matchers)


def _matcher(message: dict[str, Any]) -> Matcher:
    number = message["type"]
    if not 0 <= number < len(_KINDS):
        raise BadMessage("ReadRequest", f"{number} is not a type of matcher, 0 to 3 are")
    return Matcher(_KINDS[number], message["name"], message["value"])


def _response_type(accepted: Sequence[int]) -> ResponseType:
    # The first type that we know; a request without any is an old one.
    known = [ResponseType(number) for number in accepted if number in list(ResponseType)]
    if accepted and not known:
        raise BadMessage("ReadRequest", f"none of the response types {list(accepted)} is known")
    return known[0] if known else ResponseType.SAMPLES


def _series(series: Series) -> bytes:
    histograms = [
        write_histogram(histogram, time_ms, 0) for time_ms, histogram in series.histograms
    ]
    more = encode(SERIES_1, {"histograms": histograms})
    return plain_series(series.labels, _points(series)) + more


def _points(series: Series) -> Iterator[tuple[int, float]]:
    return zip(map(int, series.timestamps_ms), map(float, series.values), strict=True)


def _chunks(series: Series) -> list[dict[str, Any]]:
    points = list(_points(series))
    cuts = range(0, len(points), CHUNK_SAMPLES)
    floats = [points[first : first + CHUNK_SAMPLES] for first in cuts]
    chunks = [_chunk(run, _XOR, encode_xor(run)) for run in floats]
    for run in histogram_chunk.runs(series.histograms, CHUNK_SAMPLES):
        chunks.append(_chunk(run, _HISTOGRAMS, histogram_chunk.encode_histograms(run)))
    return sorted(chunks, key=lambda chunk: chunk["min_ms"])


def _chunk(run: Sequence[tuple[int, Any]], kind: int, data: bytes) -> dict[str, Any]:
    return {"min_ms": run[0][0], "max_ms": run[-1][0], "type": kind, "data": data}
