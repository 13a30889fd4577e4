"""OpenMetrics and the text format as archives."""

import gzip

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.imports import lines, lines_pure
from tapewatch.metrics.imports.exposition import ExpositionReader
from tapewatch.metrics.imports.formats import Format

ARCHIVE = """\
# HELP orders_total Orders sent.
# TYPE orders counter
orders_total{venue="X"} 1 1700000000
orders_total{venue="X"} 2 1700000000.123
orders_total{venue="Y z"} 3 1700000001 # {trace_id="a b"} 1 1700000001
price NaN 1700000002
# EOF
"""


def test_every_line_is_a_sample(read):
    samples, faults = read(ARCHIVE)
    assert faults == {}
    assert [sample[:2] for sample in samples] == [
        ('orders_total{venue="X"}', 1_700_000_000_000),
        ('orders_total{venue="X"}', 1_700_000_000_123),
        ('orders_total{venue="Y z"}', 1_700_000_001_000),
        ("price", 1_700_000_002_000),
    ]
    assert [value for _, _, value in samples][:3] == [1.0, 2.0, 3.0]


def test_a_packed_file_is_unpacked(read):
    samples, faults = read(gzip.compress(ARCHIVE.encode()), "x.om.gz")
    assert (len(samples), faults) == (4, {})


def test_lines_that_cannot_be_read_are_named_and_left_out(read):
    text = "a 1 1\na 2\na x 3\nb{ 1 4\n\na 5 5\na 6 1e300\n# FOO\n# EOF\na 7 7\n"
    samples, faults = read(text)
    assert [value for _, _, value in samples] == [1.0, 5.0]
    assert faults == {
        "2:4": "the sample has no time: only samples with times have a past",
        "3:3": "'x' is not a number: write it as 12, 1.5e-3, +Inf, -Inf or NaN, no larger than "
        "1.8e308",
        "4:3": 'expected a label name or "}"',
        "5:1": "an empty line",
        "7:5": "the time 1e300 is out of range",
        "8:1": "only # HELP, # TYPE, # UNIT and # EOF may follow a hash sign",
        "10": "something follows # EOF",
    }


def test_a_file_that_was_cut_off_is_told(read):
    _, faults = read("a 1 1\n")
    assert faults == {"1": "the file does not end with # EOF: it may have been cut off"}


def test_the_text_format_has_milliseconds(read):
    samples, faults = read(
        'a{b="c"}  1 1700000000123\n\n# a comment\na 2 1700000000124\n', "x.prom"
    )
    assert faults == {}
    assert samples == [("a", 1_700_000_000_124, 2.0), ('a{b="c"}', 1_700_000_000_123, 1.0)]


def test_the_text_format_may_be_said(read):
    samples, _ = read("a 1 5\n", "x.txt", Format.TEXT)
    assert samples == [("a", 5, 1.0)]


def test_chunks_end_between_lines(tmp_path, monkeypatch):
    path = tmp_path / "x.om"
    path.write_text("".join(f'a{{n="{n % 7}"}} {n} {n}\n' for n in range(1000)) + "# EOF\n")
    monkeypatch.setattr("tapewatch.metrics.imports.exposition.CHUNK_BYTES", 100)
    batches = list(ExpositionReader(path, path.open("rb"), 0).batches())
    assert len(batches) > 50
    assert sum(batch.values.sum() for batch in batches) == sum(range(1000))
    assert not any(batch.faults for batch in batches)


pieces = st.sampled_from(
    [b"a", b'a{x="1"}', b"b", b" ", b"  ", b"1", b"-2.5e3", b"+Inf", b"nan", b"x", b"", b"#"]
)
chunks = st.lists(st.lists(pieces, max_size=6).map(b"".join), max_size=12).map(b"\n".join)


@given(chunks, st.booleans())
def test_the_twins_agree_on_any_lines(chunk, newline):
    chunk += b"\n" if newline else b""
    series = {b"a": 0, b'a{x="1"}': 1, b"b ": 2}
    answers = []
    for twin in (lines, lines_pure):
        odd = []
        read = twin.read_lines(chunk, series, lambda *line, odd=odd: odd.append(line), 5)
        answers.append((read.series.tolist(), read.line_count, odd))
        answers[-1] += (read.times.tobytes(), np.nan_to_num(read.values, nan=-1.0).tolist())
    assert answers[0] == answers[1]
