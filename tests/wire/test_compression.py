"""Unpacking bodies under a limit."""

import contextlib
import gzip
import zlib

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.wire import snappy
from tapewatch.wire.compression import decompress
from tapewatch.wire.errors import BadEncoding, TooLarge, UnsupportedContent

LIMIT = 100_000
PACKERS = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": lambda data: bytes(cramjam.zstd.compress(data)),
    "snappy": snappy.compress,
}
each = pytest.mark.parametrize("encoding", PACKERS)
each_packed = pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "snappy"])


@each
@pytest.mark.parametrize("data", [b"", b"x", b"orders_total 1\n" * 5000, b"x" * LIMIT])
def test_what_was_packed_comes_out(encoding: str, data: bytes) -> None:
    assert decompress(PACKERS[encoding](data), encoding, LIMIT) == data


@each
@pytest.mark.parametrize("size", [LIMIT + 1, 50 * LIMIT])
def test_a_body_above_the_limit_is_refused(encoding: str, size: int) -> None:
    with pytest.raises(TooLarge, match="larger than the limit of 100000 bytes"):
        decompress(PACKERS[encoding](b"x" * size), encoding, LIMIT)


@each_packed
@pytest.mark.parametrize("body", [b"garbage", b"\xff" * 30])
def test_a_body_that_is_not_packed_so_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(BadEncoding, match=f"the body is not {encoding}: "):
        decompress(body, encoding, 2**40)


@each_packed
def test_a_body_that_is_cut_off_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding):
        decompress(PACKERS[encoding](bytes(range(256)))[:-9], encoding, LIMIT)


def test_gzip_may_come_in_several_members() -> None:
    assert decompress(gzip.compress(b"one") + gzip.compress(b"two"), "GZIP", LIMIT) == b"onetwo"


def test_deflate_may_come_without_its_header() -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decompress(packer.compress(b"one") + packer.flush(), "deflate", LIMIT) == b"one"


def test_an_unknown_encoding_says_what_is_known() -> None:
    with pytest.raises(UnsupportedContent, match="send one of gzip, deflate, zstd, snappy"):
        decompress(b"", "br", LIMIT)


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate", "zstd", "snappy"]))
def test_random_bytes_raise_nothing_else(body: bytes, encoding: str) -> None:
    with contextlib.suppress(BadEncoding, TooLarge):
        decompress(body, encoding, LIMIT)
