"""Reading expositions: the formats, the faults, and the same target again and again."""

import importlib
import math
from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tapewatch.model.labels import Labels
from tapewatch.model.samples import Metadata, MetricType
from tapewatch.wire.errors import ExpositionFault
from tapewatch.wire.exposition import reader_pure
from tapewatch.wire.exposition.grammar import OPENMETRICS, TEXT, Grammar
from tapewatch.wire.exposition.reader import read_exposition, samples_of


def _twins() -> list[ModuleType]:
    try:
        return [reader_pure, importlib.import_module("tapewatch.wire.exposition.reader_fast")]
    except ModuleNotFoundError:
        return [reader_pure]


TWINS = _twins()
both = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__.rpartition("_")[2])

ORDERS = b"""\
# HELP orders_total Orders sent.
# TYPE orders_total counter
orders_total{venue="cme"} 12
orders_total{venue="okx"} 7.5e3

# TYPE fill_seconds histogram
fill_seconds_bucket{le="1"} 3
fill_seconds_bucket{le="+Inf"} 4
fill_seconds_sum 1.25
fill_seconds_count 4
"""


@both
def test_a_text_exposition_is_read(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    scrape = reader.read(ORDERS)
    assert scrape.values.tolist() == [12, 7500, 3, 4, 1.25, 4]
    assert scrape.complete
    assert scrape.sample_count == 6
    assert scrape.timestamps_ms is None
    assert [series.labels.name for series in scrape.fresh][:3] == [
        "orders_total",
        "orders_total",
        "fill_seconds_bucket",
    ]
    assert scrape.fresh[4].type is MetricType.HISTOGRAM
    assert scrape.metadata == {
        "orders_total": Metadata(MetricType.COUNTER, "Orders sent."),
        "fill_seconds": Metadata(MetricType.HISTOGRAM),
    }


@both
def test_the_bounds_of_a_histogram_have_one_spelling(twin: ModuleType) -> None:
    labels = [series.labels.get("le") for series in twin.ScrapeReader().read(ORDERS).fresh]
    assert labels[2:4] == ["1.0", "+Inf"]


@both
def test_the_same_lines_again_only_bring_numbers(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    reader.read(ORDERS)
    scrape = reader.read(ORDERS.replace(b" 12\n", b" 13\n").replace(b"1.25", b"NaN"))
    assert scrape.values[0] == 13
    assert math.isnan(scrape.values[4])
    assert scrape.complete
    assert not scrape.fresh
    assert not scrape.metadata


@both
def test_a_series_keeps_its_index_when_lines_come_and_go(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    reader.read(b"a 1\nb 2\nc 3\n")
    without = reader.read(b"c 5\na 4\n")
    assert without.present.tolist() == [True, False, True]
    assert not without.complete
    assert (without.values[0], without.values[2]) == (4, 5)
    more = reader.read(b"d 9\nc 5\nb 6\na 4\n")
    assert more.values.tolist() == [4, 6, 5, 9]
    assert [series.index for series in more.fresh] == [3]


@both
def test_other_spellings_are_the_same_series(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    scrape = reader.read(b'a{x="1",y="2"} 1\n')
    again = reader.read(b'a { y = "2" , x = "1", }  2\n')
    assert not again.fresh
    assert again.values.tolist() == [2]
    assert scrape.fresh[0].labels == Labels.of(__name__="a", x="1", y="2")


@both
def test_a_retired_index_is_used_again(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    reader.read(b"a 1\nb 2\n")
    reader.retire([0])
    scrape = reader.read(b"b 2\nc 3\n")
    assert [(series.index, series.labels.name) for series in scrape.fresh] == [(0, "c")]
    assert scrape.values.tolist() == [3, 2]
    assert [series.index for series in reader.read(b"a 1\nb 2\nc 3\n").fresh] == [2]


@both
def test_a_line_that_comes_twice_is_a_repeat(twin: ModuleType) -> None:
    scrape = twin.ScrapeReader().read(b"a 1 1000\na 2 2000\n")
    assert scrape.values.tolist() == [1]
    assert scrape.time_of(0) == 1000
    assert [(r.index, r.value, r.timestamp_ms) for r in scrape.repeats] == [(0, 2.0, 2000)]
    assert scrape.complete


@both
def test_times_may_stand_on_some_lines(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    body = b"a 1\nb 2 -1500\nc 3\t 1700000000000 \n"
    for scrape in (reader.read(body), reader.read(body)):
        assert [scrape.time_of(i) for i in range(3)] == [None, -1500, 1700000000000]


@both
def test_names_between_quotes_stand_in_the_braces(twin: ModuleType) -> None:
    body = b'{"order.latency", "order.venue"="cme", side="buy"} 4\n{"plain"} 5\n'
    fresh = twin.ScrapeReader().read(body).fresh
    assert fresh[0].labels.as_dict() == {
        "__name__": "order.latency",
        "order.venue": "cme",
        "side": "buy",
    }
    assert fresh[1].labels == Labels.of(__name__="plain")


@both
def test_escapes_are_resolved_and_empty_values_dropped(twin: ModuleType) -> None:
    body = rb'a{path="C:\\x\n\"q\" \d",empty="",brace="}"} 1' + b"\n"
    (series,) = twin.ScrapeReader().read(body).fresh
    assert series.labels.as_dict() == {
        "__name__": "a",
        "path": 'C:\\x\n"q" \\d',
        "brace": "}",
    }


@both
def test_a_metric_that_changes_its_type_is_read_anew(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    reader.read(b'# TYPE a untyped\na_bucket{le="1"} 2\n')
    scrape = reader.read(b'# TYPE a histogram\na_bucket{le="1"} 3\n')
    assert [series.labels.get("le") for series in scrape.fresh] == ["1.0"]
    assert scrape.present.tolist() == [False, True]


@both
def test_help_is_unescaped_and_reported_when_it_changes(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    assert reader.read(b"# HELP a one\\ntwo \\\\ three\na 1\n").metadata == {
        "a": Metadata(help="one\ntwo \\ three")
    }
    assert reader.read(b"# HELP a other\na 2\n").metadata == {"a": Metadata(help="other")}
    assert reader.book.metadata == {"a": Metadata(help="other")}


@both
@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        (b"a\n", 1, 2, "expected a value"),
        (b"a 1\nb x\n", 2, 3, "'x' is not a number"),
        (b"a 1 2 3\n", 1, 6, "expected the end of the line after the time"),
        (b"a 1 x\n", 1, 4, "expected a time or the end of the line after the value"),
        (b"a 1e999\n", 1, 3, "'1e999' is not a number"),
        (b"a 0x1p-2\n", 1, 3, "is not a number"),
        (b'a{b="c} 1\n', 1, 5, "expected a label value between double quotes"),
        (b'a{b="c" 1\n', 1, 9, 'expected a label name or "}"'),
        (b"a{b=c} 1\n", 1, 5, "expected a label value between double quotes"),
        (b"a{b} 1\n", 1, 4, 'expected "=" after the label name'),
        (b'a{1b="c"} 1\n', 1, 3, 'expected a label name or "}"'),
        (b'a{b="c",,} 1\n', 1, 9, 'expected a label name or "}"'),
        (b'a{"b"} 1\n', 1, 3, "a second metric name, 'b'"),
        (b'{b="c"} 1\n', 1, 8, "expected a metric name"),
        (b'a{b="1",b="2"} 1\n', 1, 1, "the label name occurs twice"),
        (b'a{b="\xff"} 1\n', 1, 5, "is not UTF-8"),
        (b"9a 1\n", 1, 1, "'9a' is not a number"),
        (b"# TYPE a thing\n", 1, 10, "'thing' is not a metric type of the text format"),
        (b"# HELP\t9\n", 1, 8, "expected a metric name after HELP"),
        (b"a 1\r\n", 1, 3, "is not a number"),
        (b"a 1 99999999999999999999\n", 1, 5, "is out of range"),
    ],
)
def test_a_fault_in_a_text_names_line_and_column(
    twin: ModuleType, body: bytes, line: int, column: int, reason: str
) -> None:
    _expect_fault(twin, TEXT, body, line, column, reason)


@both
@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        (b"a 1\n", 1, 1, "does not end with # EOF"),
        (b"", 1, 1, "does not end with # EOF"),
        (b"# EOF\na 1\n# EOF\n", 1, 1, "something follows # EOF"),
        (b"a 1\n\n# EOF\n", 2, 1, "an empty line"),
        (b"a  1\n# EOF\n", 1, 2, "expected one space before the value"),
        (b'a {b="c"} 1\n# EOF\n', 1, 2, "expected one space before the value"),
        (b'a{b="c" ,d="e"} 1\n# EOF\n', 1, 8, 'expected "," or "}" after the label'),
        (b"a 1 \n# EOF\n", 1, 4, "expected a time or the end of the line after the value"),
        (b"a 1 NaN\n# EOF\n", 1, 5, "is out of range"),
        (b"# a comment\n# EOF\n", 1, 1, "only # HELP, # TYPE, # UNIT and # EOF"),
        (b"# TYPE a untyped\n# EOF\n", 1, 10, "'untyped' is not a metric type of OpenMetrics"),
        (b"# UNIT a_seconds bytes\n# EOF\n", 1, 18, "the unit 'bytes' is not the end of"),
        (b"# HELP a\n# EOF\n", 1, 9, "expected a space and a text after 'a'"),
        (b'a 1 # {b="c"}\n# EOF\n', 1, 4, "expected a time or the end of the line"),
        (b'a 1 # {"b"} 1\n# EOF\n', 1, 8, "a second metric name"),
        (b'a 1 # {b="c"} x\n# EOF\n', 1, 15, "'x' is not a number"),
    ],
)
def test_a_fault_in_openmetrics_names_line_and_column(
    twin: ModuleType, body: bytes, line: int, column: int, reason: str
) -> None:
    _expect_fault(twin, OPENMETRICS, body, line, column, reason)


OPEN = b"""\
# TYPE fills counter
# HELP fills Fills \\"so far\\".
fills_total{venue="cme"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.5
fills_created{venue="cme"} 1520872607.123
# TYPE wait_seconds summary
# UNIT wait_seconds seconds
wait_seconds{quantile="0.5"} 1
wait_seconds_count 2
# EOF
"""


@both
def test_openmetrics_is_read_with_times_exemplars_and_units(twin: ModuleType) -> None:
    reader = twin.ScrapeReader(OPENMETRICS)
    for _ in range(2):
        scrape = reader.read(OPEN)
        ((index, exemplar),) = scrape.exemplars
        assert (index, exemplar.value, exemplar.timestamp_ms) == (0, 0.67, 1520879607500)
        assert exemplar.labels == Labels.of(trace_id="KOO5S4vxi0o")
        assert scrape.time_of(0) == 1520879607789
        assert scrape.values.tolist() == [17, 1520872607.123, 1, 2]
    assert reader.book.metadata["fills"].help == 'Fills "so far".'
    assert reader.book.metadata["wait_seconds"] == Metadata(MetricType.SUMMARY, unit="seconds")


@both
def test_a_created_line_says_since_when_its_family_counts(twin: ModuleType) -> None:
    fresh = twin.ScrapeReader(OPENMETRICS).read(OPEN).fresh
    assert [series.created for series in fresh] == [False, True, False, False]


@both
def test_an_exemplar_with_too_many_characters_is_dropped(twin: ModuleType) -> None:
    body = b'a_total 1 # {id="%s"} 1\n# EOF' % (b"x" * 127)
    assert not twin.ScrapeReader(OPENMETRICS).read(body).exemplars


@both
def test_a_bad_scrape_teaches_nothing(twin: ModuleType) -> None:
    reader = twin.ScrapeReader()
    reader.read(b"a 1\n")
    with pytest.raises(ExpositionFault):
        reader.read(b"# HELP b text\nb 1\na 1\nb !\n")
    scrape = reader.read(b"a 1\nc 2\n")
    assert [(series.index, series.labels.name) for series in scrape.fresh] == [(1, "c")]
    assert not scrape.metadata


def test_one_body_is_read_by_itself() -> None:
    samples = read_exposition(OPEN, OPENMETRICS)
    assert [sample.labels.name for sample in samples][:2] == ["fills_total", "fills_created"]
    assert samples[0].exemplars[0].value == 0.67


LINES = [
    b"a 1\n",
    b"a 2 1000\n",
    b'a{x="1"} 2.5\n',
    b'a{x="1",y="2"} 3\n',
    b'a{y="2",x="1"} 3\n',
    b"# HELP a text\n",
    b"# TYPE a histogram\n",
    b"# TYPE b counter\n",
    b'a_bucket{le="1"} 2\n',
    b'a_bucket{le="1.0"} 2\n',
    b"# a remark\n",
    b"\n",
    b"b NaN\n",
    b"bb 1\n",
    b'{"c.d"} 1\n',
    b'a_total 1 # {t="1"} 2\n',
]
bodies = st.lists(st.sampled_from(LINES), max_size=12).map(b"".join)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(bodies, st.integers(0, 60), st.binary(max_size=2), st.booleans()), max_size=5
    ),
    st.sampled_from([TEXT, OPENMETRICS]),
)
def test_the_twins_agree_on_any_sequence_of_bodies(
    scrapes: list[tuple[bytes, int, bytes, bool]], grammar: Grammar
) -> None:
    readers = [twin.ScrapeReader(grammar) for twin in TWINS]
    for body, place, noise, ended in scrapes:
        body = body[:place] + noise + body[place:] + (b"# EOF\n" if ended else b"")
        # Which of two contradicting comments of one scrape wins is left open.
        told = [line[:8] for line in set(body.splitlines()) if b"#" in line[:3]]
        assume(len(told) == len(set(told)))
        assert len({_outcome(reader, body) for reader in readers}) == 1


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([TEXT, OPENMETRICS]))
def test_random_bytes_raise_nothing_but_faults(body: bytes, grammar: Grammar) -> None:
    assert len({_outcome(twin.ScrapeReader(grammar), body) for twin in TWINS}) == 1


def _outcome(reader: reader_pure.ScrapeReader, body: bytes) -> str:
    try:
        scrape = reader.read(body)
    except ExpositionFault as fault:
        return str(fault)
    samples = list(samples_of(reader, scrape))
    return repr((samples, scrape.fresh, scrape.metadata, scrape.sample_count, scrape.complete))


def _expect_fault(
    twin: ModuleType, grammar: Grammar, body: bytes, line: int, column: int, reason: str
) -> None:
    with pytest.raises(ExpositionFault) as caught:
        twin.ScrapeReader(grammar).read(body)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)
