"""Summaries answer what the samples answered, survive, and go when their time has come."""

import numpy as np
import pytest

from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.selection import Hints
from tapewatch.metrics.storage import summaries
from tapewatch.metrics.storage.backfill import Past, write_past
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database, Keep
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import equal, named
from tapewatch.model.samples import STALE

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
T0 = 19_000 * DAY
ENGINE = Engine()
SUMMARISED = (
    "rate(m[{range}])",
    "increase(m[{range}])",
    "delta(m[{range}])",
    "count_over_time(m[{range}])",
    "sum_over_time(m[{range}])",
    "avg_over_time(m[{range}])",
    "min_over_time(m[{range}])",
    "max_over_time(m[{range}])",
    "first_over_time(m[{range}])",
    "last_over_time(m[{range}])",
    "present_over_time(m[{range}])",
    "absent_over_time(m[{range}])",
    "resets(m[{range}])",
    "changes(m[{range}])",
    "sum by (i) (rate(m[{range}] offset 1h))",
    "m",
)


def opened(folder, *, keeps=(), disk=None, **options):
    options.setdefault("downsample_5m_after", DAY)
    options.setdefault("downsample_1h_after", DAY)
    folder.mkdir(exist_ok=True)
    clock = ManualClock(T0 * 1_000_000)
    return Database(folder, StorageSettings(**options), clock, disk, keeps=keeps)


def random_series(seed, days, count=8):
    """Counters and gauges with gaps, resets, stale markers, and values that are no numbers."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        interval = int(rng.choice([15_000, 60_000, 290_000, 3_000_000]))
        times = np.arange(T0 + int(rng.integers(0, HOUR)), T0 + days * DAY, interval)
        times = times + rng.integers(0, interval // 3, len(times))
        values = rng.integers(0, 5, len(times)).cumsum().astype(float)
        if i % 2:
            values = np.where(rng.random(len(times)) < 0.5, 7.0, rng.normal(size=len(times)))
        for _ in range(4):
            at = int(rng.integers(0, len(times)))
            values[at:] -= values[at]
        values[rng.random(len(times)) < 0.003] = STALE
        values[rng.random(len(times)) < 0.001 * (i % 3)] = np.nan
        kept = rng.random(len(times)) < 0.95
        at = int(rng.integers(0, len(times)))
        kept[at : at + len(times) // 5] = False
        yield Past(Labels.of(__name__="m", i=str(i)), times[kept], values[kept])


def answers(database, text, start_ms, end_ms, step_ms):
    answer = ENGINE.range(database, text, start_ms, end_ms, step_ms)
    found = {
        each.labels: dict(zip(each.timestamps_ms.tolist(), each.values.tolist(), strict=True))
        for each in answer.result.series
    }
    return found, answer.annotations


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for labels, points in expected.items():
        assert list(found[labels]) == list(points)
        assert list(found[labels].values()) == pytest.approx(
            list(points.values()), rel=1e-9, abs=1e-9, nan_ok=True
        )


@pytest.fixture(scope="module", params=range(4))
def both(request, tmp_path_factory):
    """The same samples in a database that keeps them, and in one that keeps summaries."""
    folder = tmp_path_factory.mktemp("both")
    kept = opened(folder / "raw", downsample_5m_after=0, downsample_1h_after=0, retention=99 * DAY)
    summarised = opened(folder / "sums", retention=2 * DAY, block_span=HOUR)
    for past in random_series(request.param, days=6):
        write_past(kept, [past])
        for day in range(6):
            inside = (past.timestamps_ms - T0) // DAY == day
            if inside.any():
                own = Past(past.labels, past.timestamps_ms[inside], past.values[inside])
                write_past(summarised, [own])
    Compactor(summarised).run_all()
    return kept, summarised


@pytest.mark.parametrize(("range_", "step_ms"), [("5m", 25 * MINUTE), ("1h", HOUR), ("1d", HOUR)])
@pytest.mark.parametrize("text", SUMMARISED)
def test_aligned_queries_answer_as_the_samples_did(both, text, range_, step_ms):
    kept, summarised = both
    query = text.format(range=range_)
    bounds = T0 + 3 * HOUR, T0 + 5 * DAY + 20 * HOUR, step_ms
    expected, _ = answers(kept, query, *bounds)
    found, notes = answers(summarised, query, *bounds)
    assert_same(found, expected)
    assert not any("rounded" in note for note in notes.infos)


def test_the_samples_are_really_gone(both):
    _, summarised = both
    selection = summarised.select((named("m"),), T0, T0 + 2 * DAY)
    assert not selection.parts
    hints = Hints("rate", HOUR, HOUR, grid_ms=HOUR)
    (*_, last) = summarised.select((named("m"),), T0, T0 + 2 * DAY, hints=hints).summaries
    assert last.resolution_ms == HOUR


def test_other_windows_are_rounded_and_told_of(both):
    kept, summarised = both
    bounds = T0 + 3 * HOUR + 1000, T0 + 2 * DAY + 1000, HOUR
    found, notes = answers(summarised, "max_over_time(m[1h])", *bounds)
    assert "windows were rounded to whole summaries of 5m" in notes.infos[0]
    expected, _ = answers(kept, "max_over_time(m[1h])", T0 + 3 * HOUR, T0 + 2 * DAY, HOUR)
    for labels, points in expected.items():
        assert list(found[labels].values()) == pytest.approx(list(points.values()), nan_ok=True)


def test_functions_that_need_the_samples_answer_from_what_is_left(both):
    _, summarised = both
    bounds = T0 + 3 * HOUR, T0 + 5 * DAY, HOUR
    assert answers(summarised, "stddev_over_time(m[1h])", *bounds)[0]
    mixed = "stddev_over_time(m[1h]) * 0 + on (i) count_over_time(m[1h])"
    assert answers(summarised, mixed, *bounds)[0].keys() <= answers(summarised, "m", *bounds)[
        0
    ].keys() | {Labels.of(i=str(i)) for i in range(8)}


def regular(days, *, start=T0, series=3, metric="m"):
    times = np.arange(start + 15_000, start + days * DAY + 1, 15_000)
    for i in range(series):
        labels = Labels.of(__name__=metric, i=str(i))
        yield Past(labels, times, np.arange(len(times), dtype=float) * (i + 1))


def test_dear_queries_read_summaries_while_the_samples_are_there(tmp_path, monkeypatch):
    database = opened(tmp_path, retention=99 * DAY)
    write_past(database, regular(5))
    Compactor(database).run_all()
    hints = Hints("rate", HOUR, HOUR, grid_ms=HOUR)
    assert database.select((named("m"),), T0, T0 + 5 * DAY, hints=hints).parts
    monkeypatch.setattr(summaries, "SAMPLES_DEAR", 10_000)
    (summary,) = database.select((named("m"),), T0, T0 + 5 * DAY, hints=hints).summaries
    assert summary.columns[0].sum() == 3 * 5 * DAY / 15_000
    nobody = (named("other"),)
    assert not database.select(nobody, T0, T0 + 5 * DAY, hints=hints).summaries


def test_summaries_survive_a_restart_and_go_in_the_end(tmp_path):
    database = opened(tmp_path, retention=3 * DAY, summary_retention=20 * DAY)
    write_past(database, regular(10))
    Compactor(database).run_all()
    bounds = T0 + DAY, T0 + 9 * DAY, HOUR
    before, _ = answers(database, "rate(m[1h])", *bounds)
    assert len(before) == 3
    database.close()
    again = opened(tmp_path, retention=3 * DAY, summary_retention=20 * DAY)
    assert answers(again, "rate(m[1h])", *bounds)[0] == before
    write_past(again, regular(1, start=T0 + 40 * DAY))
    Compactor(again).run_all()
    assert answers(again, "rate(m[1h])", *bounds)[0] == {}
    assert all(each.span.until_ms > T0 + 21 * DAY for each in again.summaries)
    assert {int(path.stem) for path in tmp_path.glob("*.tape")} == again.manifest.files


def test_days_become_longer_spans_with_the_same_answers(tmp_path):
    database = opened(tmp_path, retention=4 * DAY)
    write_past(database, regular(20))
    Compactor(database).run_all()
    lengths = [each.span.until_ms - each.span.after_ms for each in database.summaries]
    assert max(lengths) == 8 * DAY
    found, _ = answers(database, "increase(m[1d])", T0 + DAY, T0 + 20 * DAY, DAY)
    assert found[Labels.of(i="0")][T0 + 2 * DAY] == pytest.approx(5760)
    assert len(found[Labels.of(i="0")]) == 20


def test_samples_imported_into_the_summarised_past_are_told_of(tmp_path):
    database = opened(tmp_path, retention=4 * DAY)
    write_past(database, regular(10))
    Compactor(database).run_all()
    write_past(database, regular(1, start=T0 + DAY, metric="late"))
    write_past(database, regular(1, start=T0 + DAY, series=1))
    assert database.manifest.arrivals
    Compactor(database).run_all()
    assert not database.manifest.arrivals
    for metric in ("m", "late"):
        query = f"count_over_time({metric}[1d])"
        found, _ = answers(database, query, T0 + 2 * DAY, T0 + 2 * DAY, DAY)
        assert [points[T0 + 2 * DAY] for points in found.values()] == [5760] * 3


def test_deleted_samples_leave_the_summaries(tmp_path):
    database = opened(tmp_path, retention=4 * DAY)
    write_past(database, regular(10))
    Compactor(database).run_all()
    database.delete((equal("i", "1"),), T0 + DAY + 1, T0 + 2 * DAY)
    query, bounds = "count_over_time(m[1d])", (T0 + DAY, T0 + 3 * DAY, DAY)
    expected = {
        Labels.of(i="0"): {T0 + day * DAY: 5760 for day in (1, 2, 3)},
        Labels.of(i="1"): {T0 + day * DAY: 5760 for day in (1, 3)},
        Labels.of(i="2"): {T0 + day * DAY: 5760 for day in (1, 2, 3)},
    }
    assert answers(database, query, *bounds)[0] == expected
    Compactor(database).run_all()
    assert not database.manifest.tombstones
    assert answers(database, query, *bounds)[0] == expected


def test_a_rule_for_less_time_holds_for_summaries(tmp_path):
    keeps = [Keep((equal("i", "1"),), 12 * HOUR)]
    database = opened(tmp_path, retention=4 * DAY, keeps=keeps)
    write_past(database, regular(10))
    Compactor(database).run_all()
    found, _ = answers(database, "rate(m[1h])", T0 + DAY, T0 + 3 * DAY, HOUR)
    assert found.keys() == {Labels.of(i="0"), Labels.of(i="2")}


def test_series_with_histograms_answer_from_samples(tmp_path):
    database = opened(tmp_path, retention=99 * DAY)
    times = np.arange(T0 + MINUTE, T0 + 5 * DAY, MINUTE)
    histogram = Histogram(schema=0, count=1, sum=1, positive={0: 1.0})
    held = np.full(len(times), None, dtype=object)
    held[:100] = histogram
    labels = Labels.of(__name__="h")
    write_past(database, [Past(labels, times, np.ones(len(times)), histograms=held)])
    Compactor(database).run_all()
    choice = summaries.Choice(HOUR, T0, T0 + DAY, summaries.COLUMNS_OF["rate"], rounded=False)
    reader = database.reader
    plan, reading = reader.everything(T0, T0 + DAY, database.summaries)
    (part,) = reading.select(plan.groups[0], choice).parts
    assert part.histograms is not None


def test_the_oldest_samples_and_summaries_go_when_there_is_too_much(tmp_path):
    database = opened(tmp_path, retention=4 * DAY)
    write_past(database, random_series(3, 8))
    Compactor(database).run_all()
    before = {each.span for each in database.summaries}
    size_max = sum(each.segment.size_bytes for each in database.summaries) // 2
    database.close()
    database = opened(tmp_path, retention=4 * DAY, retention_size=size_max)
    Compactor(database).run_all()
    left = {each.span for each in database.summaries}
    gone_ms = [span.until_ms for span in before - left]
    assert max(gone_ms) <= min(span.until_ms for span in left)
    assert all(block.header.first_ms > max(gone_ms) for block in database.blocks)
    files = [*database.blocks, *(each.segment for each in database.summaries)]
    assert sum(each.size_bytes for each in files) <= size_max


def test_a_damaged_summary_costs_itself_alone(tmp_path):
    database = opened(tmp_path, retention=99 * DAY)
    write_past(database, regular(4))
    Compactor(database).run_all()
    database.close()
    path = tmp_path / f"{database.manifest.summaries[0].file:08d}.tape"
    path.write_bytes(path.read_bytes()[:-20])
    again = opened(tmp_path, retention=99 * DAY)
    assert path.name in again.tally.damaged_files[0]
    Compactor(again).run_all()
    assert len(again.summaries) == len(database.summaries)


def test_a_year_fits_on_a_disk_and_answers_at_once(tmp_path):
    database = opened(tmp_path, retention=15 * DAY)
    rng = np.random.default_rng(1)
    for month in range(12):
        start = T0 + month * 30 * DAY
        times = np.arange(start + 15_000, start + 30 * DAY + 1, 15_000)
        values = rng.poisson(20, (2, len(times))).cumsum(axis=1).astype(float)
        labels = [Labels.of(__name__="m", i=str(i)) for i in range(2)]
        write_past(
            database, [Past(each, times, own) for each, own in zip(labels, values, strict=True)]
        )
        Compactor(database).run_all()
    size = sum(each.segment.size_bytes for each in database.summaries)
    buckets = 2 * 345 * (288 + 24)
    assert size / buckets < 30
    found, _ = answers(database, "rate(m[1d])", T0 + 2 * DAY, T0 + 359 * DAY, DAY)
    rates = [value for points in found.values() for value in points.values()]
    assert rates == pytest.approx([20 / 15] * len(rates), rel=0.05)
    assert len(rates) == 2 * 358


def test_a_rule_for_more_time_keeps_samples_and_answers_from_them(tmp_path):
    keeps = [Keep((equal("i", "1"),), 99 * DAY)]
    database = opened(tmp_path, retention=4 * DAY, keeps=keeps)
    for day in range(10):
        write_past(database, regular(1, start=T0 + day * DAY))
    Compactor(database).run_all()
    bounds = T0 + DAY + 1000, T0 + 3 * DAY, HOUR
    found, notes = answers(database, 'max_over_time(m{i="1"}[1h])', *bounds)
    assert (len(found), notes.infos) == (1, ())
    found, notes = answers(database, "max_over_time(m[1h])", *bounds)
    assert len(found) == 3
    assert "rounded" in notes.infos[0]


def test_a_young_database_is_never_rounded(tmp_path):
    database = opened(tmp_path, retention=15 * DAY)
    write_past(database, regular(5))
    Compactor(database).run_all()
    _, notes = answers(database, "max_over_time(m[7m])", T0 - 30 * DAY + 1, T0 + 4 * DAY, HOUR)
    assert notes.infos == ()
