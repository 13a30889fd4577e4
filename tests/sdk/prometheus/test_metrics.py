"""What the documentation of prometheus_client shows, run with one import changed."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk import prometheus
from tapewatch.sdk.errors import BadDeclaration, DuplicateTimeseries
from tapewatch.sdk.process import REGISTRY as PROCESS
from tapewatch.sdk.prometheus import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    Summary,
    generate_latest,
)
from tapewatch.sdk.prometheus.registry import REGISTRY
from tapewatch.sdk.region.layout import Drop, drop_offset
from tapewatch.sdk.registry import Registry


@pytest.fixture
def registry():
    """A registry whose names are free again afterwards."""
    made = CollectorRegistry()
    yield made
    for collector in list(made._names):
        made.unregister(collector)


def lines(registry):
    text = generate_latest(registry).decode()
    told = [line for line in text.splitlines() if "_created" not in line and line[0] != "#"]
    return dict(line.rsplit(" ", 1) for line in told)


def dropped(metric, reason):
    return metric._instrument.registry.region.memory.load(drop_offset(reason))


def test_a_function_is_timed_and_counted(registry):
    took = Summary("request_processing_seconds", "Time spent", registry=registry)
    took_each = Histogram("each_seconds", "Time spent", registry=registry)

    @took.time()
    @took_each.time()
    def process(seconds):
        time.sleep(seconds)
        return seconds

    assert process(0.01) == 0.01
    with took.time() as timer:
        pass
    told = lines(registry)
    assert told["request_processing_seconds_count"] == "2.0"
    assert float(told["request_processing_seconds_sum"]) >= 0.01
    assert told['each_seconds_bucket{le="0.005"}'] == "0.0"
    assert 0 <= timer.duration < 0.01


def test_a_coroutine_is_timed_until_it_ends(registry):
    took = Gauge("last_seconds", "Last", registry=registry)

    @took.time()
    async def process():
        await asyncio.sleep(0.01)
        return "done"

    assert asyncio.run(process()) == "done"
    assert float(lines(registry)["last_seconds"]) >= 0.01


def test_the_series_of_a_timed_block_is_chosen_inside(registry):
    took = Histogram("took", "T", ["status"], registry=registry)
    with took.time() as timer:
        timer.labels("200")
    with took.time() as timer:
        timer.labels(status="500")
    assert lines(registry)['took_count{status="200"}'] == "1.0"
    assert lines(registry)['took_count{status="500"}'] == "1.0"


def test_exceptions_are_counted_and_go_on(registry):
    failures = Counter("failures_total", "F", registry=registry)

    @failures.count_exceptions()
    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    with pytest.raises(TypeError), failures.count_exceptions(ValueError):
        raise TypeError("x")
    with pytest.raises(ValueError), failures.count_exceptions((ValueError, KeyError)):
        raise ValueError("x")
    assert lines(registry)["failures_total"] == "2.0"


def test_what_runs_is_counted_up_and_down(registry):
    running = Gauge("running", "R", registry=registry)
    seen = []

    @running.track_inprogress()
    def work():
        seen.append(lines(registry)["running"])
        with running.track_inprogress():
            seen.append(lines(registry)["running"])

    work()
    assert [*seen, lines(registry)["running"]] == ["1.0", "2.0", "0.0"]


def test_a_gauge_is_set_to_the_time_of_now(registry):
    last = Gauge("last_unixtime", "L", registry=registry)
    last.set_to_current_time()
    assert abs(float(lines(registry)["last_unixtime"]) - time.time()) < 5


def test_a_gauge_takes_its_value_from_a_function(registry):
    held = {}
    Gauge("held", "H", registry=registry).set_function(lambda: len(held))
    held["a"] = 1
    assert lines(registry)["held"] == "1.0"


def test_refreshing_puts_the_values_of_functions_into_the_region(registry):
    gauge = Gauge("refreshed", "R", registry=registry)
    gauge.set_function(lambda: 42)
    prometheus.refresh(registry)
    assert PROCESS.find("refreshed").bind().value == 42


def test_a_counter_begins_anew_after_a_reset(registry):
    jobs = Counter("jobs", "J", ["x"], registry=registry)
    child = jobs.labels("1")
    child.inc(5)
    child.reset()
    child.inc()
    assert lines(registry)['jobs_total{x="1"}'] == "1.0"


def test_the_first_registry_with_a_name_writes_the_region():
    first, second = CollectorRegistry(), CollectorRegistry()
    one = Counter("claimed", "C", registry=first)
    other = Counter("claimed", "C", registry=second)
    one.inc(2)
    other.inc(3)
    assert PROCESS.find("claimed_total").bind().value == 2
    assert lines(second)["claimed_total"] == "3.0"
    first.unregister(one)
    assert PROCESS.find("claimed_total") is None


def test_a_name_can_be_used_again_after_it_was_unregistered(registry):
    first = Gauge("again", "A", ["x"], registry=registry)
    first.labels("1").set(4)
    registry.unregister(first)
    Gauge("again", "Another", registry=registry).set(2)
    assert lines(registry) == {"again": "2.0"}
    assert PROCESS.find("again").bind().value == 2


def test_a_metric_without_a_registry_is_nowhere_but_counts():
    metric = Counter("loose", "L", registry=None)
    metric.inc()
    (told,) = metric.collect()
    assert told.samples[0].value == 1


def test_the_default_registry_tells_of_the_process_too():
    told = lines(REGISTRY)
    assert float(told["process_resident_memory_bytes"]) > 1e6
    assert float(told["process_open_fds"]) > 2
    assert any(name.startswith("python_info{") for name in told)
    assert 'python_gc_collections_total{generation="0"}' in told


def test_the_same_name_twice_is_an_error(registry):
    Counter("twice", "T", registry=registry)
    with pytest.raises(DuplicateTimeseries, match="twice_total is in this registry already"):
        Gauge("twice_total", "T", registry=registry)
    with pytest.raises(ValueError, match="import it, or unregister the first"):
        Histogram("twice", "T", registry=registry)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda r: Counter("", "N", registry=r), "is no name"),
        (lambda r: Counter("a-b", "N", registry=r), "is not a metric name"),
        (lambda r: Histogram("h", "N", ["le"], registry=r), "readers give that one a meaning"),
        (lambda r: Histogram("h", "N", buckets=[3, 1], registry=r), "sort them"),
        (lambda r: Histogram("h", "N", buckets=[], registry=r), "one below"),
        (lambda r: Info("i", "N", unit="x", registry=r), "texts and states have none"),
        (lambda r: Enum("e", "N", registry=r), "name two or more"),
        (lambda r: Enum("e", "N", ["e"], states="ab", registry=r), "is its own label"),
        (lambda r: Gauge("g", "N", ["x"], registry=r).remove("1", "2"), r"its labels are \('x',\)"),
        (lambda r: Gauge("g", "N", ["x"], registry=r).remove_by_labels({"y": 1}), "has no labels"),
    ],
)
def test_a_wrong_declaration_is_a_value_error_with_its_remedy(registry, make, words):
    with pytest.raises(BadDeclaration, match=words) as caught:
        make(registry)
    assert isinstance(caught.value, ValueError)


def test_a_wrong_call_raises_nothing_and_is_counted(registry):
    jobs = Counter("jobs", "J", ["x"], registry=registry)
    before = dropped(jobs, Drop.BAD_LABELS)
    jobs.inc()
    jobs.labels().inc()
    jobs.labels("1", "2").inc()
    jobs.labels(y="1").inc()
    jobs.labels("1", x="1").inc()
    jobs.labels("1").labels("1").inc()
    assert dropped(jobs, Drop.BAD_LABELS) - before == 6
    jobs.labels("1").inc(-1)
    jobs.labels("1").inc("2")
    jobs.labels("1").inc(1, {"trace_id": "x" * 200})
    assert lines(registry) == {'jobs_total{x="1"}': "1.0"}


def test_labels_are_told_apart_by_their_text(registry):
    jobs = Counter("jobs", "J", ["x"], registry=registry)
    for value in (1, True, 1.0, "1", None):
        jobs.labels(value).inc()
    assert lines(registry) == {
        'jobs_total{x="1"}': "2.0",
        'jobs_total{x="True"}': "1.0",
        'jobs_total{x="1.0"}': "1.0",
        'jobs_total{x="None"}': "1.0",
    }


def test_what_is_over_the_limit_shares_one_series(registry, monkeypatch):
    monkeypatch.setattr("tapewatch.sdk.prometheus.metrics.SERIES_MAX", 2)
    jobs = Counter("jobs", "J", ["x"], registry=registry)
    for number in range(5):
        jobs.labels(number).inc()
    assert lines(registry)['jobs_total{overflow="true"}'] == "3.0"


def test_a_taken_name_warns_and_goes_on():
    other = CollectorRegistry()
    held = Gauge("taken_by_another", "T", registry=other)
    with pytest.warns(UserWarning, match="not in the region: another instrument has its name"):
        again = Gauge("taken_by_another", "T")
    again.set(2)
    assert lines(REGISTRY)["taken_by_another"] == "2.0"
    REGISTRY.unregister(again)
    other.unregister(held)


def test_an_exemplar_with_a_trace_goes_into_the_region(shared_folder):
    from tapewatch.sdk.region.file import Place
    from tapewatch.sdk.region.reader import Reader
    from tapewatch.sdk.registry import Start

    made = CollectorRegistry()
    made._private = Registry({})
    made._private.start(Start("desk", "one", Place(shared_folder, on_disk=True)))
    claimed = Histogram("traced", "T", registry=CollectorRegistry())
    took = Histogram("traced", "T", ["venue"], registry=made)
    trace = "0af7651916cd43dd8448eb211c80319c"
    took.labels("x").observe(0.3, {"trace_id": trace, "span_id": "b7ad6b7169203331"})
    with Reader(made.private.status().path) as reader:
        (exemplar,) = reader.exemplars()
        (series,) = reader.snapshot().series
        assert reader.snapshot().histogram(series).positive == {7: 1.0}
    assert (exemplar.trace_id, exemplar.span_id, exemplar.value) == (trace, "b7ad6b7169203331", 0.3)
    made._private.stop()
    claimed.leave_region()


def test_created_times_can_be_left_out(registry):
    Counter("jobs", "J", registry=registry)
    prometheus.disable_created_metrics()
    try:
        assert b"_created" not in generate_latest(registry)
    finally:
        prometheus.enable_created_metrics()
    assert b"jobs_created" in generate_latest(registry)


def test_an_info_that_was_removed_leaves_the_region(registry):
    info = Info("build", "B", ["app"], registry=registry)
    info.labels("a").info({"version": "1"})
    info.labels("a").info({"app": "clash"})
    info.remove("a")
    assert lines(registry) == {}


class Hostile:
    """Whatever is asked of it, it fails."""

    def __str__(self):
        raise RuntimeError("no")

    __float__ = __hash__ = __len__ = __str__


ANYTHING = st.one_of(
    st.none(), st.floats(), st.integers(), st.text(max_size=2), st.binary(max_size=2),
    st.builds(Hostile), st.lists(st.none(), max_size=1), st.dictionaries(st.text(), st.none()),
)  # fmt: skip


@given(st.lists(st.tuples(ANYTHING, ANYTHING), max_size=5))
def test_nothing_that_is_called_raises(calls):
    made = CollectorRegistry()
    counter = Counter("any", "A", ["x"], registry=made)
    gauge = Gauge("any_depth", "A", ["x"], registry=made)
    took = Histogram("any_took", "A", ["x"], registry=made)
    for one, other in calls:
        counter.labels(one).inc(other, one)
        counter.labels(x=one).inc(other, {"trace_id": other})
        gauge.labels(one).set(other)
        gauge.labels(one, other).inc(other)
        gauge.labels(one).dec(other)
        took.labels(one).observe(other, other)
        took.labels(y=one).observe(1.0, {"trace_id": other, "span_id": one})
    assert generate_latest(made)
    for collector in (counter, gauge, took):
        made.unregister(collector)
