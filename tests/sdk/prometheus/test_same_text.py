"""The same program under both libraries writes the same text."""

import math
import re

import prometheus_client
import prometheus_client.core
import prometheus_client.openmetrics.exposition
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk import prometheus
from tapewatch.sdk.prometheus import core, openmetrics
from tapewatch.sdk.prometheus.numbers import number_text

NUMBERS = st.one_of(
    st.floats(0, 1e12),
    st.integers(0, 10**9),
    st.sampled_from([0.005, 1, 2.5, 10.0, 1e-9, 123456.0, 1234567.0]),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def without_times(data):
    text = re.sub(rb"(_created\S*(?: |\{.*\} )).*", rb"\1T", data)
    return re.sub(rb"(# \{.*\} \S+) [0-9.e+]+", rb"\1 T", text)


def texts(library, program):
    registry = library.CollectorRegistry()
    program(library, registry)
    newer = library.openmetrics if library is prometheus_client else None
    newer = newer.exposition if newer is not None else openmetrics
    return [
        without_times(library.generate_latest(registry)),
        without_times(newer.generate_latest(registry)),
    ]


def same(program):
    assert texts(prometheus, program) == texts(prometheus_client, program)


@given(st.lists(st.tuples(TEXTS, TEXTS, NUMBERS), max_size=6))
def test_of_labelled_metrics(calls):
    def program(library, registry):
        counter = library.Counter(
            "jobs", 'Jobs "done"\\\n', ["a", "b"], namespace="n", subsystem="s", registry=registry
        )
        gauge = library.Gauge("depth", "Depth", ["a", "b"], registry=registry, unit="bytes")
        summary = library.Summary("size", "Size", ["a", "b"], registry=registry)
        took = library.Histogram("took", "Took", ["a", "b"], registry=registry)
        for a, b, number in calls:
            counter.labels(a, b).inc(number)
            gauge.labels(a=a, b=b).set(number)
            summary.labels(b=b, a=a).observe(number)
            took.labels(a, b).observe(number)

    same(program)


def test_of_metrics_without_labels():
    def program(library, registry):
        library.Counter("jobs_total", "Jobs", registry=registry).inc()
        gauge = library.Gauge("depth", "Depth", registry=registry)
        gauge.inc(5)
        gauge.dec(2)
        library.Summary("size", "Size", registry=registry).observe(3)
        took = library.Histogram("took", "Took", buckets=(-1, 0, 2.5), registry=registry)
        for value in (-3, 0, 2.5, 9):
            took.observe(value)
        library.Info("build", "Build", registry=registry).info({"version": "1.2", "host": "x"})
        library.Enum("task", "Task", states=["new", "running"], registry=registry).state("running")
        library.Gauge("called", "Called", registry=registry).set_function(lambda: 7)

    same(program)


def test_of_labelled_infos_and_states():
    def program(library, registry):
        info = library.Info("build", "Build", ["app"], registry=registry)
        info.labels("a").info({"version": "1"})
        info.labels("b").info({"version": "2"})
        task = library.Enum("task", "Task", ["app"], states=["new", "old"], registry=registry)
        task.labels("a").state("old")
        task.labels("b")

    same(program)


def test_of_exemplars():
    def program(library, registry):
        jobs = library.Counter("jobs", "Jobs", registry=registry)
        jobs.inc(2, {"trace_id": "abc"})
        took = library.Histogram("took", "Took", ["x"], registry=registry)
        took.labels("1").observe(0.3, {"trace_id": "0af7651916cd43dd8448eb211c80319c"})

    same(program)


def test_of_a_custom_collector():
    def program(library, registry):
        own = core if library is prometheus else prometheus_client.core

        class Collector:
            def collect(self):
                yield own.GaugeMetricFamily("g", "Help", value=7)
                counter = own.CounterMetricFamily("c", "Help", labels=["foo"])
                counter.add_metric(["bar"], 1.7)
                counter.add_metric(["baz"], 3.8, created=12.5)
                yield counter
                summary = own.SummaryMetricFamily("s", "Help", labels=["x"])
                summary.add_metric(["1"], 3, 4.5, timestamp=1.5)
                yield summary
                buckets = [("0.5", 1), ("+Inf", 3)]
                yield own.HistogramMetricFamily("h", "Help", buckets, 4.5)
                yield own.GaugeHistogramMetricFamily("gh", "Help", buckets, 4.5)
                yield own.InfoMetricFamily("i", "Help", {"a": "b"})
                yield own.StateSetMetricFamily("st", "Help", {"on": True, "off": False})
                yield own.UntypedMetricFamily("u", "Help", 3)
                strange = own.Metric("name.of", "Help", "gauge", "s")
                strange.add_sample("name.of_s", {"la.bel": "x"}, 1, own.Timestamp(3, 5))
                yield strange

        registry.register(Collector())

    same(program)


def test_of_a_target():
    def program(library, registry):
        registry.set_target_info({"env": "prod"})

    same(program)


def test_of_what_was_removed():
    def program(library, registry):
        jobs = library.Counter("jobs", "Jobs", ["x", "y"], registry=registry)
        for x in "abc":
            jobs.labels(x, "1").inc()
            jobs.labels(x, "2").inc()
        jobs.remove("a", "1")
        jobs.remove_by_labels({"x": "b"})
        jobs.labels("a", "1").inc(4)
        other = library.Gauge("other", "Other", ["x"], registry=registry)
        other.labels("1").set(1)
        other.clear()

    same(program)


def test_of_chosen_names():
    def program(library, registry):
        library.Counter("jobs", "Jobs", registry=registry)
        library.Histogram("took", "Took", registry=registry)

    for library in (prometheus, prometheus_client):
        registry = library.CollectorRegistry()
        program(library, registry)
        chosen = registry.restricted_registry(["jobs_total", "took_sum"])
        lines = library.generate_latest(chosen).decode().splitlines()
        assert sorted(line for line in lines if line[0] != "#") == [
            "jobs_total 0.0",
            "took_sum 0.0",
        ]


@given(st.floats())
def test_numbers_are_written_alike(value):
    if not math.isnan(value):
        assert number_text(value) == prometheus_client.utils.floatToGoString(value)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "text/plain",
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text;version=1.0.0",
        "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8",
        "text/plain; version=1.0.0; escaping=underscores",
    ],
)
def test_a_reader_gets_the_format_it_asks_for(accept):
    from prometheus_client.exposition import choose_encoder

    from tapewatch.sdk.prometheus.text import chosen_encoder

    ours, theirs = chosen_encoder(accept)[1], choose_encoder(accept)[1]
    assert ours == theirs
