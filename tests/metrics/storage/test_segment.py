"""What a segment was given comes back, cell by cell, whatever part of it is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.storage.page import Cell
from tapewatch.metrics.storage.segment import PageCache, Segment, SegmentWriter, Stripe
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.store.disk import RealDisk
from tapewatch.store.errors import FileDamaged


def written(folder, *stripes, table=None):
    writer = SegmentWriter()
    for stripe in stripes:
        writer.add(stripe)
    writer.write(RealDisk(), folder / "1.segment", table)
    return Segment(folder / "1.segment", PageCache(1 << 20), 1)


def matrix(columns, rows, seed=0):
    return np.random.default_rng(seed).poisson(5, (columns, rows)).cumsum(axis=1).astype(float)


def stripe_of(columns, rows, **more):
    times = np.arange(rows, dtype=np.int64) * 1000
    return Stripe(np.arange(columns, dtype=np.int64) + 7, times, matrix(columns, rows), **more)


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (3, 5000), (2000, 40), (70, 2050)])
def test_any_columns_and_rows_come_back(tmp_path, columns, rows):
    stripe = stripe_of(columns, rows)
    segment = written(tmp_path, stripe_of(2, 3), stripe)
    rng = np.random.default_rng(1)
    for _ in range(10):
        places = np.unique(rng.integers(0, columns, 50)).astype(np.intp)
        begin, end = sorted(rng.integers(0, rows + 1, 2).tolist())
        piece = segment.read(1, places, begin * 1000, end * 1000 - 1)
        assert np.array_equal(piece.values, stripe.values[places, begin:end])
        assert np.array_equal(piece.times, stripe.times[begin:end])
        mixed = rng.permutation(places)
        piece = segment.read(1, mixed, begin * 1000, end * 1000 - 1)
        assert np.array_equal(piece.values, stripe.values[mixed, begin:end])
    assert np.array_equal(segment.columns(1), stripe.columns)
    assert list(segment.verify()) == []


def test_markers_keep_their_bits(tmp_path):
    bits = np.array([[0x7FF0000000000002, 0x7FF0000000000003, 0x7FF8000000000001, 0]], np.uint64)
    stripe = Stripe(np.array([1]), np.arange(4), bits.view(np.float64), gaps=True)
    piece = written(tmp_path, stripe).read(0, np.array([0]))
    assert np.array_equal(piece.values.view(np.uint64), bits)
    assert piece.gaps


def test_start_timestamps_come_back(tmp_path):
    starts = np.array([[0, 0, 1_700_000_000_000], [5, 5, 5]], dtype=np.int64)
    stripe = Stripe(np.array([1, 2]), np.arange(3), matrix(2, 3), starts=starts)
    piece = written(tmp_path, stripe).read(0, np.array([0, 1]), 1, 2)
    assert np.array_equal(piece.starts, starts[:, 1:])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.data())
def test_ragged_series_come_back(tmp_path_factory, lengths, data):
    ends = np.cumsum(lengths)
    total = int(ends[-1])
    times = np.concatenate([np.arange(n) * 10 + i for i, n in enumerate(lengths)]).astype(np.int64)
    values = np.arange(total, dtype=float)
    stripe = Stripe(np.arange(len(lengths)), times, values, ends=ends)
    segment = written(tmp_path_factory.mktemp("s"), stripe)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(lengths) - 1), min_size=1)))
    piece = segment.read(0, np.array(chosen, dtype=np.intp))
    expected = [values[ends[i] - lengths[i] : ends[i]] for i in chosen]
    assert np.array_equal(piece.values, np.concatenate(expected))
    assert np.array_equal(piece.ends, np.cumsum([lengths[i] for i in chosen]))


def test_histograms_come_back_in_their_cells(tmp_path):
    def histogram(n, **more):
        return Histogram(schema=3, count=n, sum=n / 2, positive={1: n, 5: 2.0}, **more)

    gauge = histogram(9.0, negative={-3: 1.0}, reset_hint=ResetHint.GAUGE)
    custom = Histogram(schema=-53, count=2.0, positive={0: 2.0}, custom_bounds=(1.0, 2.5))
    cells = [Cell(0, 0, histogram(1.0)), Cell(0, 2, histogram(4.0)), Cell(1, 1, gauge)]
    values = np.full((3, 3), np.nan)
    stripe = Stripe(np.arange(3), np.arange(3), values, True, cells=[*cells, Cell(2, 2, custom)])
    segment = written(tmp_path, stripe)
    found = segment.read(0, np.array([0, 2]), 1, 2).histograms
    assert found.tolist() == [[None, histogram(4.0)], [None, custom]]
    assert segment.read(0, np.array([1])).histograms[0, 1] == gauge


def test_a_large_ragged_stripe_spans_pages(tmp_path):
    total = 150_000
    ends = np.array([70_000, total])
    times = np.concatenate([np.arange(70_000), np.arange(80_000)]).astype(np.int64)
    stripe = Stripe(np.array([3, 4]), times, np.arange(total, dtype=float), ends=ends)
    piece = written(tmp_path, stripe).read(0, np.array([1]))
    assert np.array_equal(piece.values, np.arange(70_000, total, dtype=float))
    assert np.array_equal(piece.times, np.arange(80_000))


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path):
    segment = written(tmp_path, stripe_of(3, 50))
    path, good = segment.path, segment.path.read_bytes()
    for offset in range(0, len(good), 7):
        bad = bytearray(good)
        bad[offset] ^= 0x40
        path.write_bytes(bad)
        try:
            opened = Segment(path, PageCache(0), 1)
            noticed = bool(list(opened.verify()))
        except FileDamaged:
            noticed = True
        padding = good[offset] == 0
        assert noticed or padding, f"byte {offset}"


def test_the_cache_keeps_what_was_used_last():
    cache = PageCache(200)
    pages = {number: np.full(10, float(number)) for number in range(3)}
    cache.put((1, 0), pages[0])
    cache.put((1, 1), pages[1])
    cache.get((1, 0))
    cache.put((1, 2), pages[2])
    assert cache.get((1, 0)) is pages[0]
    assert cache.get((1, 1)) is None
