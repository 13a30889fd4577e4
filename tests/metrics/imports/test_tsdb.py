"""Blocks of Prometheus: as promtool writes them, and chunk by chunk."""

import shutil
import struct
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.errors import BadImport
from tapewatch.metrics.imports.batch import join_batches
from tapewatch.metrics.imports.tsdb import xor, xor_pure
from tapewatch.metrics.imports.tsdb.block import WHOLE, TsdbReader, decode
from tapewatch.metrics.imports.tsdb.histograms import decode_fractional, decode_whole
from tapewatch.metrics.imports.tsdb.index import read_index
from tapewatch.model.hashing import crc32c
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.samples import STALE, is_stale
from tapewatch.wire.xor_chunk import encode_xor

points = st.lists(
    st.tuples(st.integers(1, 2**40), st.floats(allow_nan=False) | st.integers(-5, 5).map(float)),
    min_size=1,
    max_size=40,
)


@given(points, st.integers(-(2**50), 2**50))
def test_the_twins_read_what_was_written(steps, start):
    times = (start + np.cumsum([step for step, _ in steps])).tolist()
    written = list(zip(times, [value for _, value in steps], strict=True))
    for twin in (xor, xor_pure):
        read_times, read_values = twin.decode_xor(encode_xor(written))
        assert list(zip(read_times.tolist(), read_values.tolist(), strict=True)) == written


@given(st.binary(max_size=60))
def test_the_twins_agree_on_any_bytes(data):
    answers = []
    for twin in (xor, xor_pure):
        try:
            times, values = twin.decode_xor(data)
            answers.append((times.tolist(), values.tobytes()))
        except ValueError as fault:
            answers.append(str(fault))
    assert answers[0] == answers[1]


class Bits:
    """Writes a chunk by the book."""

    def __init__(self):
        self.text = ""

    def bits(self, number, count):
        self.text += f"{number & ((1 << count) - 1):0{count}b}"

    def double(self, number):
        self.bits(struct.unpack(">Q", struct.pack(">d", number))[0], 64)

    def number(self, number):
        if number == 0:
            self.text += "0"
        elif -3 <= number <= 4:
            self.text += "10"
            self.bits(number, 3)
        elif -31 <= number <= 32:
            self.text += "110"
            self.bits(number, 6)
        else:
            self.text += "1" * 8
            self.bits(number, 64)

    def done(self):
        text = self.text + "0" * (-len(self.text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def head(count, flags):
    """Three buckets, at -1, 0 and 3; a negative one at 0; the threshold 2 ** -10."""
    bits = Bits()
    bits.bits(count, 16)
    bits.bits(flags << 6, 8)
    bits.bits(243 - 9, 8)
    bits.number(2)
    bits.number(2)
    for length, offset in ((2, -1), (1, 2)):
        bits.number(length)
        bits.number(offset)
    bits.number(1)
    bits.number(1)
    bits.number(0)
    return bits


def test_histograms_with_whole_counts():
    bits = head(3, 0b10)
    for number in (1000, 9, 2):  # time, count, zero count
        bits.number(number)
    bits.double(4.5)
    for number in (1, 1, 2, 5):  # counts 1, 2, 4 and, below zero, 5
        bits.number(number)
    for number in (15, 3, 0):
        bits.number(number)
    bits.text += "0"  # the same sum
    for number in (1, 0, 2, 0):
        bits.number(number)
    for number in (0, -1, 1):
        bits.number(number)
    bits.text += "0"
    for number in (-1, 0, 0, 0):
        bits.number(number)
    first, second, third = decode_whole(bits.done())
    layout = {"schema": 2, "zero_threshold": 2.0**-10}
    assert first == (
        1000,
        Histogram(
            count=9, sum=4.5, zero_count=2, positive={-1: 1, 0: 2, 3: 4}, negative={0: 5}, **layout,
            reset_hint=ResetHint.RESET,
        ),
    )  # fmt: skip
    assert (second[0], second[1].count, second[1].reset_hint) == (1015, 12, ResetHint.NOT_RESET)
    assert second[1].positive == {-1: 2, 0: 3, 3: 7}
    assert (third[0], third[1].count, third[1].zero_count) == (1030, 14, 3)
    assert third[1].positive == {-1: 2, 0: 3, 3: 9}


def test_histograms_with_fractional_counts():
    bits = head(2, 0b11)
    bits.number(1000)
    for number in (9.5, 2.0, 4.5, 1.0, 2.5, 4.0, 0.5):
        bits.double(number)
    bits.number(15)
    bits.text += "0" * 6
    # The last bucket becomes 1.0: all that differs is bits 1 of the exponent.
    changed = struct.unpack(">Q", struct.pack(">d", 0.5))[0] ^ 0x3FF0000000000000
    bits.text += "11"
    bits.bits(11, 5)
    bits.bits(1, 6)
    assert changed == 1 << 52
    bits.text += "1"
    first, second = decode_fractional(bits.done())
    assert first[1].positive == {-1: 1.0, 0: 2.5, 3: 4.0}
    assert (first[1].negative, second[1].negative) == ({0: 0.5}, {0: 1.0})
    assert second[0] == 1015
    assert second[1].reset_hint is ResetHint.GAUGE


def test_a_series_of_histograms_that_went_away_is_marked():
    bits = head(1, 0)
    for number in (1000, 0, 0):
        bits.number(number)
    bits.double(STALE)
    bits.text += "0000"
    times, values, histograms = decode(WHOLE, bits.done())
    assert times.tolist() == [1000]
    assert is_stale(float(values[0]))
    assert histograms.tolist() == [None]


def test_another_encoding_is_a_fault():
    with pytest.raises(ValueError, match="encoding 4 is not known here"):
        decode(4, b"")


def test_custom_bounds():
    bits = Bits()
    bits.bits(0, 24)  # no samples, no flags
    bits.bits(0, 8)
    bits.number(-53)
    bits.number(0)
    bits.number(0)
    bits.number(2)
    bits.number(501)
    bits.number(0)
    bits.double(1e9)
    assert decode_whole(bits.done()) == []


def test_a_histogram_chunk_that_is_cut_off_is_a_fault():
    with pytest.raises(ValueError, match="it ends before its samples do"):
        decode_whole(head(3, 0).done())


ARCHIVE = "".join(
    f'orders_total{{venue="{venue}"}} {minute * rate + 0.5} {1_700_000_000 + minute * 60}\n'
    for venue, rate in (("okx", 1), ("binance", 2.5))
    for minute in range(300)
)


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("tsdb")
    (folder / "x.om").write_text(ARCHIVE + "# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "x.om", "data"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "data"


def test_what_promtool_wrote_is_read(blocks):
    reader = TsdbReader(blocks)
    batch = join_batches(list(reader.batches()))
    assert batch.faults == []
    assert sorted(map(str, reader.labels)) == [
        'orders_total{venue="binance"}',
        'orders_total{venue="okx"}',
    ]
    for number, labels in enumerate(reader.labels):
        own = batch.series == number
        rate = 1 if labels.get("venue") == "okx" else 2.5
        assert np.array_equal(
            batch.timestamps_ms[own], (1_700_000_000 + np.arange(300) * 60) * 1000
        )
        assert np.array_equal(batch.values[own], np.arange(300) * rate + 0.5)


@pytest.fixture
def block(blocks, tmp_path):
    """A copy of the largest block."""
    largest = max(
        blocks.glob("*/index"),
        key=lambda index: (index.parent / "chunks" / "000001").stat().st_size,
    )
    return shutil.copytree(largest.parent, tmp_path / "block")


def test_a_damaged_chunk_is_named_and_left_out(block):
    path = block / "chunks" / "000001"
    data = bytearray(path.read_bytes())
    data[20] ^= 0xFF
    path.write_bytes(data)
    batch = join_batches(list(TsdbReader(block).batches()))
    (fault,) = batch.faults
    assert fault.file == str(path)
    assert fault.place == "8"
    assert 'a chunk of orders_total{venue="binance"} is left out: its checksum' in fault.reason
    assert len(batch) > 0


def test_deleted_samples_stay_deleted(block):
    whole = join_batches(list(TsdbReader(block).batches()))
    first_ms = int(whole.timestamps_ms.min())
    number = next(iter_series(block)).number
    body = b"".join([varint(number), varint(first_ms * 2), varint((first_ms + 60_000) * 2)])
    header = struct.pack(">IB", 0x0130BA30, 1)
    (block / "tombstones").write_bytes(header + body + struct.pack(">I", crc32c(body)))
    kept = join_batches(list(TsdbReader(block).batches()))
    assert len(whole) - len(kept) == 2


def iter_series(block):
    return read_index(memoryview((block / "index").read_bytes()))


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def test_a_damaged_index_is_refused(block):
    data = bytearray((block / "index").read_bytes())
    data[-10] ^= 0xFF
    (block / "index").write_bytes(data)
    with pytest.raises(BadImport, match="its table of contents is damaged"):
        list(TsdbReader(block).batches())


def test_a_folder_without_blocks_is_refused(tmp_path):
    with pytest.raises(BadImport, match="the folder has no block"):
        TsdbReader(tmp_path)
