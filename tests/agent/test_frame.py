import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agent.seen import one, values

from tapewatch.sdk import instruments
from tapewatch.sdk.region.layout import Kind
from tapewatch.sdk.region.reader import counts_up_to


def test_numbers_states_and_infos_are_columns(make, regions):
    home = make()
    instruments.Counter("orders_total", "O", labels=("venue",), registry=home).bind(venue="x").inc(
        3
    )
    instruments.Gauge("depth", "D", registry=home).bind().set(-2.5)
    instruments.State("session", "S", states=("shut", "open"), registry=home).bind().set("open")
    instruments.Info("build_info", "B", registry=home).bind().set(version="1")
    instruments.Note("halt_reason", "W", registry=home).bind().set("a text is no number")
    assert values(one(regions).reading) == {
        'orders_total{venue="x"}': 3,
        "depth": -2.5,
        'session{session="shut"}': 0,
        'session{session="open"}': 1,
        'build_info{version="1"}': 1,
    }


def test_a_histogram_is_native_and_has_its_declared_bounds_beside(make, regions):
    home = make()
    took = instruments.Histogram("took_us", "T", unit="us", cuts=(10, 100), registry=home).bind()
    for value in (1.0, 50.0, 5000.0):
        took.observe(value)
    reading = one(regions).reading
    (histogram,) = reading.histograms.values()
    assert (histogram.count, histogram.sum) == (3, 5051)
    told = values(reading)
    assert math.isnan(told.pop("took_us"))
    assert told == {
        'took_us_bucket{le="10.0"}': 1,
        'took_us_bucket{le="100.0"}': 2,
        'took_us_bucket{le="+Inf"}': 3,
        "took_us_sum": 5051,
        "took_us_count": 3,
    }


def test_a_histogram_at_rest_is_the_same_object_again(make, regions):
    home = make()
    family = instruments.Histogram("took_us", "T", labels=("s",), unit="us", registry=home)
    moving, resting = family.bind(s="moving"), family.bind(s="resting")
    resting.observe(3.0)
    first = one(regions).reading.histograms
    moving.observe(1.0)
    second = one(regions).reading.histograms
    moved = {column for column in first if first[column] is not second[column]}
    assert len(moved) == 1
    assert first[moved.pop()].count == 0, "an earlier reading keeps what it had"


@pytest.fixture
def make_once(make, regions):
    home = make()
    signed = instruments.Histogram(
        "slip_bps",
        "S",
        labels=("v",),
        unit="bps",
        low=0.5,
        high=1024,
        signed=True,
        cuts=(-100.0, -0.5, 0.0, 0.25, 3.0, 5000.0),
        registry=home,
    )
    plain = instruments.Histogram("took_us", "T", unit="us", cuts=(1, 10, 1e9), registry=home)
    return [signed.bind(v="a"), signed.bind(v="b"), plain.bind()], regions


observed = st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=40)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(observed, min_size=1, max_size=3))
def test_the_plan_reads_what_the_slow_reader_reads(rounds, make_once):
    handles, regions = make_once
    for observations in rounds:
        for place, value in enumerate(observations):
            handles[place % len(handles)].observe(value)
    read = one(regions)
    snapshot = read.process.snapshot()
    for series in snapshot.series:
        assert series.family.kind is Kind.HISTOGRAM
        histogram = snapshot.histogram(series)
        column = read.reading.plan.exemplar_homes[series.value_offset].column
        assert read.reading.histograms[column] == histogram
        (planned,) = [each for each in read.reading.plan.histograms if each.column == column]
        cuts = series.family.cuts
        below = read.reading.values[planned.classic : planned.classic + len(cuts)]
        assert below.tolist() == counts_up_to(histogram, cuts)
