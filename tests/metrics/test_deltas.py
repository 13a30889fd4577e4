"""Deltas become the counters that they would have been."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tapewatch.metrics.deltas import QUIET_MS, Deltas
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE, Sample, is_stale

FILLS = Labels.of(__name__="fills_total", venue="cme")


def _sample(value, at_ms, labels=FILLS, start_ms=1):
    return Sample(labels, value, at_ms, start_ms)


def _add(deltas, *samples):
    sums = deltas.add(samples)
    deltas.keep(sums)
    return sums


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=4), max_size=6))
def test_the_total_is_the_sum_of_all_exports_however_they_are_cut(exports):
    deltas, at_ms, total = Deltas(), 0, 0
    for values in exports:
        samples = [_sample(float(value), at_ms + place + 1) for place, value in enumerate(values)]
        at_ms += len(values)
        total += sum(values)
        sums = _add(deltas, *samples)
        assert sums.samples[-1].value == total
        assert sums.samples[-1].start_ms == 1, "a counter keeps its first start"


def test_an_export_that_comes_twice_is_added_once():
    deltas = Deltas()
    _add(deltas, _sample(3.0, 10))
    again = _add(deltas, _sample(3.0, 10))
    assert (again.samples, again.refused) == ((), 1)
    words = "metric 'fills_total': a delta up to 10 ms, when 10 ms was added up already"
    assert again.faults == (words,)
    assert _add(deltas, _sample(1.0, 20)).samples[0].value == 4.0


def test_what_could_not_be_stored_is_not_remembered():
    deltas = Deltas()
    deltas.add([_sample(3.0, 10)])
    assert _add(deltas, _sample(3.0, 10)).samples[0].value == 3.0


def test_histograms_add_up_bucket_by_bucket():
    deltas = Deltas()
    _add(deltas, _sample(Histogram(0, 2.0, 3.0, positive={1: 2.0}), 10))
    found = _add(deltas, _sample(Histogram(0, 1.0, 9.0, positive={3: 1.0}), 20)).samples[0].value
    assert (found.count, found.sum, found.positive) == (3.0, 12.0, {1: 2.0, 3: 1.0})


def test_bounds_that_changed_begin_anew():
    deltas = Deltas()
    _add(deltas, _sample(Histogram(0, 2.0, 3.0, positive={1: 2.0}), 10))
    custom = Histogram(-53, 1.0, 0.5, positive={0: 1.0}, custom_bounds=(1.0,))
    found = _add(deltas, _sample(custom, 20, start_ms=15)).samples[0]
    assert (found.value, found.start_ms) == (custom, 15)


def test_a_marker_of_absence_passes_and_the_total_stays():
    deltas = Deltas()
    _add(deltas, _sample(3.0, 10))
    marker = _add(deltas, _sample(STALE, 20)).samples[0].value
    assert math.isnan(marker)
    assert is_stale(marker)
    assert _add(deltas, _sample(1.0, 30)).samples[0].value == 4.0


def test_a_series_that_was_quiet_for_long_begins_anew():
    deltas = Deltas()
    _add(deltas, _sample(3.0, 10))
    assert _add(deltas, _sample(1.0, 11 + QUIET_MS)).samples[0].value == 1.0
