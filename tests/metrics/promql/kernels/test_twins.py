"""Every compiled kernel has to agree with its readable twin, whatever the samples look like."""

import importlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.promql.kernels.windows import Rows, Windows, rows_of, windows_of
from tapewatch.metrics.selection import ABSENT, LabelSets, Ragged, Strip
from tapewatch.model.labels import Labels
from tapewatch.model.samples import STALE

PACKAGE = "tapewatch.metrics.promql.kernels"
TWINS = {}
for name in (
    "windows",
    "picks",
    "rates",
    "transitions",
    "extremes",
    "sums",
    "trends",
    "orders",
    "groups",
    "buckets",
):
    pytest.importorskip(f"{PACKAGE}.{name}_fast", reason="the kernels are not compiled here")
    TWINS[name] = (
        importlib.import_module(f"{PACKAGE}.{name}_fast"),
        importlib.import_module(f"{PACKAGE}.{name}_pure"),
    )

ODD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300)
plain = st.integers(-50, 50).map(float)
# The smallest numbers of all lose their last digits wherever they are worked on.
normal = st.floats(-1e6, 1e6, allow_subnormal=False)
numbers = st.one_of(plain, plain, normal, st.sampled_from(ODD))
finite = st.one_of(plain, normal)
holes = st.one_of(numbers, numbers, st.sampled_from((ABSENT, STALE)))


@st.composite
def parts(draw: st.DrawFn, cells: st.SearchStrategy[float] = holes) -> Strip | Ragged:
    rows, gaps = draw(st.integers(1, 4)), cells is holes
    if draw(st.booleans()):
        times = rising(draw)
        values = [draw(st.lists(cells, min_size=len(times), max_size=len(times)))
                  for _ in range(rows)]  # fmt: skip
        array = np.array(values, dtype=np.float64).reshape(rows, len(times))
        return Strip(labels_of(rows), np.array(times, dtype=np.int64), array, gaps)
    columns = [rising(draw) for _ in range(rows)]
    flat = [draw(cells) for column in columns for _ in column]
    return Ragged(
        labels_of(rows),
        np.array([time for column in columns for time in column], dtype=np.int64),
        np.array(flat, dtype=np.float64),
        np.cumsum([0, *map(len, columns)]).astype(np.int64),
        gaps,
    )


def rising(draw: st.DrawFn) -> list[int]:
    gaps = draw(st.lists(st.integers(1, 40), max_size=40))
    return [1000 * int(time) for time in np.cumsum(gaps)]


def labels_of(rows: int) -> LabelSets:
    return LabelSets(Labels.of(row=str(row)) for row in range(rows))


steps = st.lists(st.integers(0, 60), min_size=1, max_size=25).map(
    lambda gaps: (1000 * np.cumsum(gaps)).astype(np.int64)
)
ranges = st.integers(1, 300).map(lambda seconds: seconds * 1000)


def both(module: str, function: str) -> tuple[Callable[..., object], Callable[..., object]]:
    fast, pure = TWINS[module]
    # The engine too runs its kernels without warnings of overflows and infinities.
    quiet = np.errstate(all="ignore")
    return getattr(fast, function), quiet(getattr(pure, function))


def assert_same(fast: np.ndarray, pure: np.ndarray, where: np.ndarray, scale: float = 0.0) -> None:
    """Cells in ``where`` agree to 1e-9, or to a tiny part of the numbers they are made of."""
    chosen, expected = fast[where], pure[where]
    close = np.isclose(chosen, expected, rtol=1e-9, atol=scale * 1e-13, equal_nan=True)
    assert close.all(), (chosen[~close], expected[~close])


def filled(windows: Windows, samples_min: int) -> np.ndarray:
    counts = np.broadcast_to(windows.counts, (windows.rows.count, windows.lows.shape[1]))
    return counts >= samples_min


def args(rows: Rows) -> tuple[object, ...]:
    return rows.values, rows.offsets, rows.shared


@given(parts(), steps, ranges, st.booleans())
def test_windows_hold_the_same_samples(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, keep_stale: bool
) -> None:
    del ends, range_ms
    compact, slow = both("windows", "compact")
    shared = isinstance(part, Strip)
    offsets = part.offsets if isinstance(part, Ragged) else (
        np.arange(len(part.labels) + 1, dtype=np.int64) * part.timestamps.size
    )  # fmt: skip
    given_arrays = (part.timestamps, part.values.reshape(-1), np.empty(0, np.int64), offsets)
    for one, other in zip(
        compact(*given_arrays, shared, keep_stale),
        slow(*given_arrays, shared, keep_stale),
        strict=True,
    ):
        assert one.tobytes() == other.tobytes()


@given(parts(), steps, ranges)
def test_borders_agree_with_a_search(part: Strip | Ragged, ends: np.ndarray, range_ms: int) -> None:
    rows = rows_of(part)
    if rows.shared:
        return
    fast, pure = both("windows", "borders")
    one, other = (np.empty((rows.count, ends.size), np.int32) for _ in range(2))
    fast(rows.times, rows.offsets, ends - range_ms, one)
    pure(rows.times, rows.offsets, ends - range_ms, other)
    assert (one == other).all()


@given(parts(), steps, ranges)
def test_the_newest_sample_is_the_same(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int
) -> None:
    windows = windows_of(rows_of(part, keep_stale=True), ends, range_ms)
    rows, results = windows.rows, []
    for newest in both("picks", "newest"):
        out, present = windows.empty_out, np.empty(windows.empty_out.shape, np.bool_)
        absent = newest(rows.times, *args(rows), windows.highs, ends, range_ms, out, present)
        results.append((out, present, absent))
    (fast, present, absent), (pure, expected, absent_too) = results
    assert (present == expected).all()
    assert absent == absent_too
    assert_same(fast, pure, expected)


@given(parts(), steps, ranges, st.booleans(), st.booleans())
def test_rates_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, counter: bool, per_second: bool
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows, results = windows.rows, []
    for extrapolated in both("rates", "extrapolated"):
        out = windows.empty_out
        extrapolated(
            rows.times, *args(rows), windows.lows, windows.highs, ends, range_ms, counter,
            per_second, out,
        )  # fmt: skip
        results.append(out)
    assert_same(*results, filled(windows, 2))


@given(parts(finite), steps, ranges, st.data())
def test_rates_with_starts_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, data: st.DataObject
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows = windows.rows
    starts = np.array(
        data.draw(st.lists(
            st.one_of(st.just(0), st.integers(0, 1600).map(lambda second: second * 1000)),
            min_size=rows.values.size, max_size=rows.values.size,
        )), dtype=np.int64,
    )  # fmt: skip
    results = []
    for with_starts in both("rates", "extrapolated_with_starts"):
        out = windows.empty_out
        present = np.empty(out.shape, np.bool_)
        overlaps = np.empty(rows.count, np.bool_)
        with_starts(
            rows.times, rows.values, starts, rows.offsets, rows.shared, windows.lows,
            windows.highs, ends, range_ms, True, out, present, overlaps,
        )  # fmt: skip
        results.append((out, present, overlaps))
    (fast, present, overlaps), (pure, expected, overlaps_too) = results
    assert (present == expected).all()
    assert (overlaps == overlaps_too).all()
    assert_same(fast, pure, expected)


@given(parts(finite), steps, ranges, st.booleans(), st.booleans())
def test_extended_rates_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, smoothed: bool, counter: bool
) -> None:
    lookback = 60_000
    after = lookback if smoothed else 0
    windows = windows_of(rows_of(part), ends + after, range_ms + lookback + after)
    rows, results = windows.rows, []
    for extended in both("rates", "extended"):
        out = windows.empty_out
        present = np.empty(out.shape, np.bool_)
        extended(
            rows.times, *args(rows), windows.lows, windows.highs, ends, range_ms, smoothed,
            counter, True, out, present,
        )  # fmt: skip
        results.append((out, present))
    (fast, present), (pure, expected) = results
    assert (present == expected).all()
    assert_same(fast, pure, expected, scale=1e6)


@given(parts(), steps, ranges, st.booleans())
def test_the_last_two_samples_give_the_same(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, counter: bool
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows, results = windows.rows, []
    for between in both("rates", "between_last_two"):
        out = windows.empty_out
        between(
            rows.times, rows.values, np.empty(0, np.int64), rows.offsets, rows.shared,
            windows.lows, windows.highs, counter, out,
        )  # fmt: skip
        results.append(out)
    assert_same(*results, filled(windows, 2))


@given(parts(), steps, ranges)
def test_changes_and_resets_agree(part: Strip | Ragged, ends: np.ndarray, range_ms: int) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows = windows.rows
    for name in ("changes", "resets"):
        results = []
        for function in both("transitions", name):
            out = windows.empty_out
            before = () if name == "changes" else (rows.times,)
            starts = () if name == "changes" else (np.empty(0, np.int64),)
            function(
                *before, rows.values, *starts, rows.offsets, rows.shared, windows.lows,
                windows.highs, out,
            )  # fmt: skip
            results.append(out)
        assert_same(*results, filled(windows, 1))


@given(parts(), steps, ranges, st.booleans())
def test_extremes_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, largest: bool
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows = windows.rows
    for name in ("extreme", "extreme_time"):
        results = []
        for function in both("extremes", name):
            out = windows.empty_out
            before = (rows.times,) if name == "extreme_time" else ()
            function(*before, *args(rows), windows.lows, windows.highs, largest, out)
            results.append(out)
        assert_same(*results, filled(windows, 1))


@given(parts(), steps, st.integers(1, 1600).map(lambda seconds: seconds * 1000))
def test_sums_means_and_variances_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    for name in ("total", "mean", "variance"):
        results = []
        for function in both("sums", name):
            out = windows.empty_out
            function(*args(windows.rows), windows.lows, windows.highs, out)
            results.append(out)
        assert_same(*results, filled(windows, 1))


@given(parts(finite), steps, st.integers(1, 1600).map(lambda seconds: seconds * 1000))
def test_regressions_agree(part: Strip | Ragged, ends: np.ndarray, range_ms: int) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    rows, results = windows.rows, []
    for regression in both("trends", "regression"):
        slopes, intercepts = windows.empty_out, windows.empty_out
        regression(rows.times, *args(rows), windows.lows, windows.highs, ends, slopes, intercepts)
        results.append((slopes, intercepts))
    where = filled(windows, 2)
    # A slope is a small difference of large sums even in the reference.
    assert np.allclose(results[0][0][where], results[1][0][where], rtol=1e-6, atol=1e-6)
    assert np.allclose(results[0][1][where], results[1][1][where], rtol=1e-6, atol=1e-2)


@given(
    parts(finite),
    steps,
    st.integers(1, 1600).map(lambda seconds: seconds * 1000),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_smoothing_agrees(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, level: float, trend: float
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    results = []
    for smoothing in both("trends", "smoothing"):
        out = windows.empty_out
        smoothing(
            *args(windows.rows), windows.lows, windows.highs, np.full(ends.size, level),
            np.full(ends.size, trend), out,
        )  # fmt: skip
        results.append(out)
    assert_same(*results, filled(windows, 2), scale=1e8)


@given(parts(), steps, ranges, st.floats(-0.5, 1.5))
def test_quantiles_agree(
    part: Strip | Ragged, ends: np.ndarray, range_ms: int, rank: float
) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    results = []
    for quantile in both("orders", "quantile"):
        out = windows.empty_out
        ranks = np.full(ends.size, rank)
        quantile(*args(windows.rows), windows.lows, windows.highs, ranks, out)
        results.append(out)
    assert_same(*results, filled(windows, 1))


@given(parts(st.one_of(finite, st.just(math.nan))), steps, ranges)
def test_median_deviations_agree(part: Strip | Ragged, ends: np.ndarray, range_ms: int) -> None:
    windows = windows_of(rows_of(part), ends, range_ms)
    results = []
    for deviation in both("orders", "median_deviation"):
        out = windows.empty_out
        deviation(*args(windows.rows), windows.lows, windows.highs, out)
        results.append(out)
    assert_same(*results, filled(windows, 1), scale=1e6)


def test_a_long_sliding_window_is_kept_in_order() -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(size=(1, 3000))
    part = Strip(labels_of(1), np.arange(3000, dtype=np.int64) * 1000, values)
    windows = windows_of(rows_of(part), np.arange(1000, 3000, dtype=np.int64) * 1000, 900_000)
    results = []
    for quantile in both("orders", "quantile"):
        out = windows.empty_out
        ranks = np.full(2000, 0.9)
        quantile(*args(windows.rows), windows.lows, windows.highs, ranks, out)
        results.append(out)
    assert_same(*results, filled(windows, 1))


@pytest.mark.parametrize("size", [1.0, 1e9, 1e15])
def test_running_totals_lose_no_digits(size: float) -> None:
    rng = np.random.default_rng(11)
    values = size + rng.normal(size=(1, 4000))
    values[0, ::7] *= -1
    part = Strip(labels_of(1), np.arange(4000, dtype=np.int64) * 1000, values)
    ends = np.arange(500, 4000, 3, dtype=np.int64) * 1000
    windows = windows_of(rows_of(part), ends, 400_000)
    for name in ("total", "mean", "variance"):
        results = []
        for function in both("sums", name):
            out = windows.empty_out
            function(*args(windows.rows), windows.lows, windows.highs, out)
            results.append(out)
        assert_same(*results, filled(windows, 1))


@st.composite
def matrices(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    rows, count = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    cells = [draw(st.lists(numbers, min_size=count, max_size=count)) for _ in range(rows)]
    present = np.array(
        [draw(st.lists(st.booleans(), min_size=count, max_size=count)) for _ in range(rows)]
    )
    groups = draw(st.integers(1, 4))
    ids = [draw(st.integers(0, groups - 1)) for _ in range(rows)]
    mask = present if draw(st.booleans()) else np.empty((0, 0), dtype=np.bool_)
    return np.array(cells), mask, np.array(ids, dtype=np.int32), groups


@given(matrices(), st.booleans(), st.floats(-0.5, 1.5))
def test_aggregations_agree(
    matrix: tuple[np.ndarray, np.ndarray, np.ndarray, int], largest: bool, rank: float
) -> None:
    values, present, ids, groups = matrix
    extra = {
        "total": (),
        "mean": (),
        "variance": (),
        "extreme": (largest,),
        "quantile": (np.full(values.shape[1], rank),),
    }
    for name, more in extra.items():
        results = []
        for function in both("groups", name):
            out = np.empty((groups, values.shape[1]))
            counts = np.zeros(out.shape, dtype=np.int32)
            function(values, present, ids, *more, out, counts)
            results.append((out, counts))
        (fast, counts), (pure, expected) = results
        assert (counts == expected).all(), name
        assert_same(fast, pure, expected > 0)


@given(matrices(), st.booleans(), st.integers(0, 5))
def test_the_same_series_are_chosen(
    matrix: tuple[np.ndarray, np.ndarray, np.ndarray, int], largest: bool, size: int
) -> None:
    values, present, ids, groups = matrix
    results = []
    for highest in both("groups", "highest"):
        chosen = np.empty(values.shape, np.bool_)
        sizes = np.full(values.shape[1], size, dtype=np.int32)
        highest(values, present, ids, groups, sizes, largest, chosen)
        results.append(chosen)
    assert (results[0] == results[1]).all()


@given(matrices(), st.data(), st.floats(-0.2, 1.2), st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=200)
def test_classic_histograms_agree(
    matrix: tuple[np.ndarray, np.ndarray, np.ndarray, int],
    data: st.DataObject,
    rank: float,
    lower: float,
    upper: float,
) -> None:
    values, present, ids, groups = matrix
    values = np.abs(np.nan_to_num(values, nan=3.0, posinf=7.0, neginf=1.0))
    bounds = np.array([
        data.draw(st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0, math.inf))) for _ in ids
    ])  # fmt: skip
    order = np.lexsort((np.arange(ids.size), bounds, ids)).astype(np.int32)
    sizes = np.bincount(ids, minlength=groups)
    edges = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    for name, more in {"quantile": (rank,), "fraction": (lower, upper)}.items():
        results = []
        for function in both("buckets", name):
            out = np.zeros((groups, values.shape[1]))
            found = np.zeros(out.shape, np.bool_)
            forced = np.zeros((*out.shape, 3))
            columns = [np.full(values.shape[1], one) for one in more]
            told = (forced,) if name == "quantile" else ()
            function(values, present, order, bounds[order], edges, *columns, out, found, *told)
            results.append((out, found, forced))
        (fast, found, forced), (pure, expected, forced_too) = results
        assert (found == expected).all()
        assert_same(fast, pure, expected)
        assert np.array_equal(forced, forced_too, equal_nan=True)
