import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.scrape.errors import BadAnswer, BodyTooLarge
from tapewatch.metrics.scrape.http.answer import AnswerReader

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def fed(data, **more):
    """Feed an answer at once."""
    reader = AnswerReader(**more)
    assert reader.feed(data)
    return reader


def chunked(*chunks, trailer=b""):
    parts = [b"%x;x=y\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    return (
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"".join(parts)
        + b"0\r\n"
        + trailer
        + b"\r\n"
    )


def sized(body, *headers):
    return (
        HEAD
        + b"".join(h + b"\r\n" for h in headers)
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


@pytest.mark.parametrize(
    "data", [sized(b"a 1\n"), chunked(b"a", b" 1\n"), chunked(b"a 1\n", trailer=b"X: y\r\n")]
)
def test_a_body_is_whole_however_its_end_is_told(data):
    reader = fed(data)
    assert (reader.status, reader.body, reader.keep_alive) == (200, b"a 1\n", True)


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.integers(1, 40), st.booleans())
def test_pieces_of_any_size_give_the_same_body(chunks, size, packed):
    body = b"".join(chunks)
    data = sized(gzip.compress(body), b"Content-Encoding: gzip") if packed else chunked(*chunks)
    reader = AnswerReader()
    done = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert done[-1]
    assert not any(done[:-1])
    assert reader.body == body


def test_a_body_may_end_with_the_connection():
    reader = AnswerReader()
    assert not reader.feed(HEAD + b"\r\na 1\n")
    assert reader.end()
    assert (reader.body, reader.keep_alive) == (b"a 1\n", False)


def test_interim_answers_are_passed_over():
    assert fed(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(b"a")).body == b"a"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_answers_have_no_body(status):
    assert fed(b"HTTP/1.1 " + status + b"\r\n\r\n").body == b""


def test_several_gzip_members_are_one_body():
    packed = gzip.compress(b"a ") + gzip.compress(b"1\n")
    assert fed(sized(packed, b"Content-Encoding: gzip")).body == b"a 1\n"


@pytest.mark.parametrize(
    "data",
    [
        sized(b"x" * 101),
        chunked(b"x" * 60, b"x" * 60),
        sized(gzip.compress(b"x" * 10_000_000), b"Content-Encoding: gzip"),
    ],
)
def test_the_limit_holds_for_the_unpacked_body(data):
    with pytest.raises(BodyTooLarge, match="100 bytes"):
        AnswerReader(limit_bytes=100).feed(data)
    assert len(fed(sized(b"x" * 100), limit_bytes=100).body) == 100


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "not HTTP/1.1"),
        (b"HTTP/2 200\r\n\r\n", "not HTTP/1.1"),
        (HEAD + b"no colon\r\n\r\n", "is not a header"),
        (HEAD + b"Content-Length: many\r\n\r\n", "is not a number"),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "not supported"),
        (HEAD + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "was not asked for"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "not the length of a chunk"),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
            "length of a chunk is missing",
        ),
        (chunked(b"a") + b"more", "something follows"),
        (sized(b"a") + b"more", "longer than its Content-Length"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, "head is larger"),
        (sized(b"not gzip", b"Content-Encoding: gzip"), "not gzip"),
        (sized(zlib.compress(b"a" * 99, wbits=31)[:-9], b"Content-Encoding: gzip"), "too early"),
    ],
)
def test_what_is_no_answer_is_refused(data, words):
    with pytest.raises(BadAnswer, match=words):
        AnswerReader().feed(data)


def test_a_sink_gets_the_pieces_of_a_good_answer_only():
    pieces = []
    reader = AnswerReader(sink=lambda piece: pieces.append(bytes(piece)))
    assert reader.feed(chunked(b"a", b"b"))
    assert (pieces, reader.body) == ([b"a", b"b"], b"")
    bad = AnswerReader(sink=pieces.append)
    assert bad.feed(b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nwhy")
    assert (pieces, bad.body) == ([b"a", b"b"], b"why")
