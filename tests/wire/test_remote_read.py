"""Remote read: requests in, samples and frames out."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.hashing import crc32c
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.protobuf import decode, encode
from tapewatch.wire.remote_read import (
    CHUNKS,
    FRAME,
    REQUEST,
    RESPONSE,
    ReadQuery,
    ReadRequest,
    ResponseType,
    Series,
    read_request,
    write_frames,
    write_request,
    write_response,
)
from tapewatch.wire.remote_write.messages import SERIES_1, read_histogram
from tapewatch.wire.xor_chunk import encode_xor

QUERY = ReadQuery(
    -5,
    10_000,
    (
        Matcher(MatchKind.EQUAL, "__name__", "orders_total"),
        Matcher(MatchKind.NOT_REGEX, "venue", "a.*"),
    ),
)
ORDERS = Labels.of(__name__="orders_total", venue="cme")


@pytest.mark.parametrize("response_type", list(ResponseType))
def test_a_request_is_read_as_it_was_written(response_type: ResponseType) -> None:
    request = ReadRequest((QUERY, QUERY), response_type)
    assert read_request(write_request(request)) == request


def test_the_first_response_type_that_is_known_is_chosen() -> None:
    assert read_request(encode(REQUEST, {"accepted": [7, 1, 0]})).response_type == 1
    assert read_request(b"").response_type is ResponseType.SAMPLES


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"accepted": [7]}, r"none of the response types \[7\] is known"),
        ({"queries": [{"matchers": [{"type": 9}]}]}, "9 is not a type of matcher"),
        ({"queries": [{"matchers": [{"type": 2, "value": "("}]}]}, "error parsing regexp"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(message: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        read_request(encode(REQUEST, message))


def test_samples_are_written_query_by_query() -> None:
    histogram = Histogram(1, 2.0, 3.0, positive={1: 2.0})
    series = Series(ORDERS, [-1, 2], [1.5, 0.0], [(5, histogram)])
    first, second = decode(RESPONSE, write_response([[series], []]))["results"]
    assert second["series"] == ()
    (body,) = first["series"]
    message = decode(SERIES_1, body)
    assert [(label["name"], label["value"]) for label in message["labels"]] == list(ORDERS)
    assert [(one["timestamp_ms"], one["value"]) for one in message["samples"]] == [
        (-1, 1.5),
        (2, 0.0),
    ]
    assert read_histogram(message["histograms"][0]) == histogram


def test_frames_carry_a_checksum_and_chunks() -> None:
    times = [1_700_000_000_000 + 15_000 * i for i in range(250)]
    series = Series(ORDERS, times, [float(i % 7) for i in range(250)])
    (frame,) = write_frames([[], [series]])
    size, checksum, body = frame[:2], frame[2:6], frame[6:]
    assert (size[0] & 0x7F) + (size[1] << 7) == len(body)
    assert int.from_bytes(checksum, "big") == crc32c(body)
    message = decode(FRAME, body)
    assert message["query_index"] == 1
    chunks = decode(CHUNKS, message["series"][0])["chunks"]
    assert [(chunk["min_ms"], chunk["max_ms"]) for chunk in chunks] == [
        (times[0], times[119]),
        (times[120], times[239]),
        (times[240], times[249]),
    ]
    points = [point for chunk in chunks for point in _decode_xor(chunk["data"])]
    assert points == list(zip(times, series.values, strict=True))


steps = st.lists(st.integers(1, 2**40) | st.just(1000), min_size=1, max_size=30)


@given(st.integers(-(2**40), 2**40), steps, st.data())
def test_a_chunk_is_read_back_bit_by_bit(
    first_ms: int, gaps: list[int], data: st.DataObject
) -> None:
    times = [first_ms]
    for gap in gaps:
        times.append(times[-1] + gap)
    floats = st.floats(allow_nan=False) | st.sampled_from([0.0, 1.0, 2.5])
    values = data.draw(st.lists(floats, min_size=len(times), max_size=len(times)))
    points = list(zip(times, values, strict=True))
    assert [(time, struct.pack("d", value)) for time, value in _decode_xor(encode_xor(points))] == [
        (time, struct.pack("d", value)) for time, value in points
    ]


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        self._at += count
        return int(self._text[self._at - count : self._at], 2)

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(8)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self, count: int) -> int:
        value = self.take(count)
        # The range of n bits reaches from -(2**(n-1)) + 1 to 2**(n-1), both inclusive.
        return value - (1 << count) if value > 1 << count - 1 else value

    def ones(self, most: int) -> int:
        return next((i for i in range(most) if not self.take(1)), most)


def _decode_xor(data: bytes) -> list[tuple[int, float]]:
    """The format as its description has it, one bit at a time."""
    bits = _Bits(data)
    count = bits.take(16)
    zigzag = bits.varint()
    time_ms, value = (zigzag >> 1) ^ -(zigzag & 1), bits.take(64)
    points = [(time_ms, value)]
    step = leading = trailing = 0
    for position in range(1, count):
        if position == 1:
            step = bits.varint()
        else:
            width = (0, 14, 17, 20, 64)[bits.ones(4)]
            step += bits.signed(width) if width else 0
        time_ms += step
        if bits.take(1):
            if bits.take(1):
                leading = bits.take(5)
                trailing = 64 - leading - (bits.take(6) or 64)
            value ^= bits.take(64 - leading - trailing) << trailing
        points.append((time_ms, value))
    return [(time, struct.unpack(">d", value.to_bytes(8, "big"))[0]) for time, value in points]
