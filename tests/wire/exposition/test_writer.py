"""Writing our own expositions, and reading them back."""

import pytest

from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Exemplar, Family, MetricType, Sample, counter, gauge
from tapewatch.wire.errors import BadMessage
from tapewatch.wire.exposition.escape import Escaping, escape_name, unescape_values
from tapewatch.wire.exposition.form import (
    PLAIN_TEXT,
    Form,
    FormKind,
    accept_header,
    form_of,
    negotiate,
)
from tapewatch.wire.exposition.grammar import OPENMETRICS
from tapewatch.wire.exposition.protobuf import read_protobuf, write_protobuf
from tapewatch.wire.exposition.reader import read_exposition
from tapewatch.wire.exposition.writer import write, write_openmetrics, write_text

PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROTOBUF_ACCEPT = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
    "encoding=delimited;escaping=values;q=0.7," + PROMETHEUS_ACCEPT
)

FILLS = Family(
    "fills_total",
    MetricType.COUNTER,
    'Fills "so far"\nper venue.',
    (
        Sample(
            Labels.of(__name__="fills_total", venue='C"ME\\'),
            17.0,
            start_ms=1_500_000_000_123,
            exemplars=(Exemplar(Labels.of(trace_id="ab"), 2.5, 1_500_000_001_000),),
        ),
    ),
)
WAITS = Family(
    "wait_seconds",
    MetricType.HISTOGRAM,
    "",
    (
        Sample(Labels.of(__name__="wait_seconds_bucket", le="1"), 2.0),
        Sample(Labels.of(__name__="wait_seconds_bucket", le="+Inf"), 3.0),
        Sample(Labels.of(__name__="wait_seconds_count"), 3.0),
        Sample(Labels.of(__name__="wait_seconds_sum"), 1.5),
    ),
    unit="seconds",
)
NATIVE = Family(
    "depth",
    MetricType.HISTOGRAM,
    "",
    (
        Sample(
            Labels.of(__name__="depth", symbol="BTC"),
            Histogram(3, 12.0, 18.4, 0.001, 2.0, {-2: 1.0, -1: 2.0, 5: 4.0}, {0: 3.0}),
        ),
    ),
)


def test_the_text_format_is_written() -> None:
    assert write_text([FILLS, WAITS]).decode() == (
        '# HELP fills_total Fills "so far"\\nper venue.\n'
        "# TYPE fills_total counter\n"
        'fills_total{venue="C\\"ME\\\\"} 17\n'
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="1.0"} 2\n'
        'wait_seconds_bucket{le="+Inf"} 3\n'
        "wait_seconds_count 3\n"
        "wait_seconds_sum 1.5\n"
    )


def test_openmetrics_is_written_with_units_exemplars_and_start_times() -> None:
    assert write_openmetrics([FILLS, WAITS]).decode() == (
        "# TYPE fills counter\n"
        '# HELP fills Fills \\"so far\\"\\nper venue.\n'
        'fills_total{venue="C\\"ME\\\\"} 17 # {trace_id="ab"} 2.5 1500000001\n'
        'fills_created{venue="C\\"ME\\\\"} 1500000000.123\n'
        "# TYPE wait_seconds histogram\n"
        "# UNIT wait_seconds seconds\n"
        'wait_seconds_bucket{le="1.0"} 2\n'
        'wait_seconds_bucket{le="+Inf"} 3\n'
        "wait_seconds_count 3\n"
        "wait_seconds_sum 1.5\n"
        "# EOF\n"
    )


def test_what_is_written_is_read_back() -> None:
    text = read_exposition(write_text([FILLS, WAITS]))
    assert (text[0].labels, text[0].value) == (FILLS.samples[0].labels, 17.0)
    openmetrics = read_exposition(write_openmetrics([FILLS, WAITS]), OPENMETRICS)
    assert openmetrics[0].exemplars == FILLS.samples[0].exemplars


def test_a_native_histogram_shows_count_and_sum_where_text_is_asked_for() -> None:
    assert write_text([NATIVE]).decode().splitlines()[1:] == [
        'depth_bucket{le="+Inf",symbol="BTC"} 12',
        'depth_sum{symbol="BTC"} 18.4',
        'depth_count{symbol="BTC"} 12',
    ]


def test_names_beyond_ascii_stand_in_the_braces_or_are_escaped() -> None:
    family = gauge("order.latency", "", 1.0, Labels.of({"order.venue": "x"}))
    assert write_text([family], Escaping.ALLOW_UTF8) == (
        b'# TYPE "order.latency" gauge\n{"order.latency","order.venue"="x"} 1\n'
    )
    assert b'order_latency{order_venue="x"} 1' in write_text([family])
    assert b'U__order_2e_latency{U__order_2e_venue="x"} 1' in write_text([family], Escaping.VALUES)


@pytest.mark.parametrize(
    ("name", "scheme", "escaped"),
    [
        ("plain_name", Escaping.VALUES, "plain_name"),
        ("a.b_c é", Escaping.UNDERSCORES, "a_b_c__"),
        ("a.b_c é", Escaping.DOTS, "a_dot_b__c____"),
        ("a.b_c é", Escaping.VALUES, "U__a_2e_b__c_20__e9_"),
        ("9a", Escaping.UNDERSCORES, "_a"),
        ("a.b", Escaping.ALLOW_UTF8, "a.b"),
    ],
)
def test_each_scheme_escapes_in_its_own_way(name: str, scheme: Escaping, escaped: str) -> None:
    assert escape_name(name, scheme) == escaped


def test_the_scheme_values_can_be_undone() -> None:
    assert unescape_values("U__a_2e_b__c_20__e9_") == "a.b_c é"
    assert unescape_values("U__a_zz_") == "U__a_zz_"
    assert unescape_values("plain") == "plain"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", PLAIN_TEXT),
        ("text/html", PLAIN_TEXT),
        ("*/*", PLAIN_TEXT),
        (PROMETHEUS_ACCEPT, Form(FormKind.OPENMETRICS, "1.0.0", Escaping.ALLOW_UTF8)),
        (PROTOBUF_ACCEPT, Form(FormKind.PROTOBUF, "", Escaping.VALUES)),
        (
            "text/plain;version=1.0.0;q=0.9,application/openmetrics-text;q=0.1",
            Form(FormKind.TEXT, "1.0.0"),
        ),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.5", PLAIN_TEXT),
        ("application/openmetrics-text;q=0", PLAIN_TEXT),
    ],
)
def test_the_form_that_weighs_most_is_chosen(accept: str, form: Form) -> None:
    assert negotiate(accept) == form


def test_a_form_says_its_content_type_and_is_recognised_by_it() -> None:
    form = negotiate(PROMETHEUS_ACCEPT)
    assert form.content_type == (
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
    )
    assert form_of(form.content_type) == form
    assert form_of("text/html") is None
    assert write([counter("a_total", "", 1)], form).endswith(b"a_total 1\n# EOF\n")


def test_a_target_is_asked_for_the_best_form_first() -> None:
    assert accept_header() == PROMETHEUS_ACCEPT
    asked = accept_header(native_histograms=True)
    assert asked.startswith(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily"
    )
    assert asked.endswith(",*/*;q=0.1")
    assert negotiate(asked).kind is FormKind.PROTOBUF


def test_protobuf_is_read_back_as_it_was_written() -> None:
    fills, waits, native = read_protobuf(write_protobuf([FILLS, WAITS, NATIVE]))
    assert fills == FILLS
    assert {(sample.labels, sample.value) for sample in waits.samples} == {
        (
            sample.labels.replace(le="1.0") if sample.labels.get("le") == "1" else sample.labels,
            sample.value,
        )
        for sample in WAITS.samples
    }
    assert waits.unit == "seconds"
    assert native == NATIVE


def test_native_histograms_of_any_kind_come_back() -> None:
    for histogram in (
        Histogram(-1, 2.5, 4.0, 0.0, 0.5, {3: 1.25, 9: 0.75}),
        Histogram(),
        Histogram(0, 1.0, 1.0, positive={-4: 1.0}),
    ):
        family = Family(
            "h", MetricType.HISTOGRAM, "", (Sample(Labels.of(__name__="h"), histogram),)
        )
        (read,) = read_protobuf(write_protobuf([family]))
        assert read.samples[0].value == histogram
    gauges = Family("h", MetricType.GAUGE_HISTOGRAM, "", NATIVE.samples)
    (read,) = read_protobuf(write_protobuf([gauges]))
    value = read.samples[0].value
    assert isinstance(value, Histogram)
    assert value.reset_hint is ResetHint.GAUGE


def test_a_broken_protobuf_is_refused_whole() -> None:
    body = write_protobuf([FILLS, WAITS])
    with pytest.raises(BadMessage, match="MetricFamily cannot be read: the bytes end before"):
        read_protobuf(body[:-3])
