"""The database against its definition: what was taken comes back, whatever happened meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.faults import FaultyDisk

from tapewatch.metrics.errors import ReadOnly
from tapewatch.metrics.intake import REFUSED, Loose, Row
from tapewatch.metrics.selection import ABSENT_BITS, Ragged
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, named
from tapewatch.model.samples import STALE, Exemplar, Metadata, is_stale

T0 = 1_700_000_000_000
EVERYTHING = (Matcher(MatchKind.REGEX, "__name__", ".+"),)


def opened(folder, disk=None, **options):
    return Database(folder, StorageSettings(**options), ManualClock(T0 * 1_000_000), disk)


def names(count, metric="m"):
    return [Labels.of(__name__=metric, i=f"{i:03d}") for i in range(count)]


def row(at, *values, **more):
    return Row(T0 + at, np.array(values, dtype=float), **more)


def loose(database, labels, samples):
    numbers = database.series(labels)
    return database.append(
        Loose(
            np.array([numbers[i] for i, _, _ in samples], dtype=np.int64),
            np.array([T0 + at for _, at, _ in samples], dtype=np.int64),
            np.array([value for _, _, value in samples], dtype=float),
        )
    )


def contents(source, matchers=EVERYTHING, start=-(10**9), end=10**9):
    """Everything a selection holds, as series to time to value."""
    found = {}
    for part in source.select(matchers, T0 + start, T0 + end).parts:
        for i, labels in enumerate(part.labels):
            span = slice(part.offsets[i], part.offsets[i + 1]) if isinstance(part, Ragged) else None
            times = part.timestamps[span] if span else part.timestamps
            values = part.values[span] if span else part.values[i]
            own = None
            if part.histograms is not None:
                own = part.histograms[span] if span else part.histograms[i]
            held = {}
            for j, (at, value) in enumerate(zip(times.tolist(), values, strict=True)):
                histogram = None if own is None else own[j]
                if histogram is not None:
                    held[at - T0] = histogram
                elif value.view(np.uint64) != ABSENT_BITS and T0 + start < at <= T0 + end:
                    held[at - T0] = "stale" if is_stale(value) else float(value)
            assert labels not in found, "a series occurs once in a selection"
            if held:
                found[labels] = held
    return found


def test_rows_of_a_lane_come_back(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    assert lane.extend(names(2)).tolist() == [0, 1]
    lane.append(row(0, 1, 2))
    lane.append(row(1000, 3, 4))
    a, b = names(2)
    assert contents(database) == {a: {0: 1, 1000: 3}, b: {0: 2, 1000: 4}}
    assert contents(database, start=0, end=1000) == {a: {1000: 3}, b: {1000: 4}}


def test_columns_may_come_later_and_cells_may_be_missing(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b, c = names(3)
    lane.extend([a, b])
    lane.append(row(0, 1, 2))
    lane.append(row(1, 0, 5, present=np.array([False, True])))
    lane.extend([c])
    lane.append(row(2, 7, STALE, 9))
    assert contents(database) == {a: {0: 1, 2: 7}, b: {0: 2, 1: 5, 2: "stale"}, c: {2: 9}}


def test_what_is_sealed_and_what_is_not_are_one(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b = names(2)
    lane.extend([a])
    lane.append(row(0, 1))
    assert database.seal()
    lane.extend([b])
    lane.append(row(10, 2, 20))
    database.seal()
    lane.append(row(20, 3, 30))
    (part,) = database.select(EVERYTHING, T0 - 1, T0 + 99).parts
    assert part.values.shape == (2, 3)
    assert contents(database) == {a: {0: 1, 10: 2, 20: 3}, b: {10: 20, 20: 30}}
    assert not opened_again(database, tmp_path).seal.__self__.tally.damaged_files


def opened_again(database, folder):
    database.close()
    return opened(folder)


def test_a_restart_finds_sealed_and_unsealed_samples(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend(names(3))
    lane.append(row(0, 1, 2, 3))
    database.seal()
    lane.append(row(5, 4, 5, 6))
    loose(database, names(2, "late"), [(0, 3, 7.0), (1, 9, 8.0)])
    before = contents(database)
    again = opened_again(database, tmp_path)
    assert contents(again) == before
    fresh = again.lane("t")
    fresh.extend(names(3))
    fresh.append(row(10, 7, 8, 9))
    assert contents(again)[names(1)[0]] == {0: 1, 5: 4, 10: 7}


def test_a_lane_that_ends_marks_its_living_series_stale(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend(names(3))
    lane.append(row(0, 1, STALE, 3, present=np.array([True, True, False])))
    lane.close(T0 + 50)
    a, b, _ = names(3)
    assert contents(database) == {a: {0: 1, 50: "stale"}, b: {0: "stale"}}


def test_two_lanes_with_one_series_do_not_fight(tmp_path):
    database = opened(tmp_path)
    one, two = database.lane("one"), database.lane("two")
    (a,) = names(1)
    one.extend([a])
    two.extend([a])
    one.append(row(0, 1))
    assert two.append(row(0, 2)).duplicates == 1
    two.append(row(5, 3))
    one.append(row(10, 4))
    assert contents(database) == {a: {0: 1, 5: 3, 10: 4}}


def test_what_was_asked_before_does_not_hide_what_comes_loose(tmp_path):
    database = opened(tmp_path)
    loose(database, names(1), [(0, 0, 1.0)])
    database.seal()
    assert contents(database) == {names(1)[0]: {0: 1}}
    loose(database, names(1), [(0, 10, 2.0)])
    assert contents(database) == {names(1)[0]: {0: 1, 10: 2}}


def test_of_two_samples_at_one_time_the_larger_counts_wherever_they_lie(tmp_path):
    database = opened(tmp_path, block_span=1)
    lane = database.lane("t")
    lane.extend(names(1))
    loose(database, names(1), [(0, 10, 9.0), (0, 20, 1.0)])
    lane.append(row(10, 5))
    lane.append(row(20, 5))
    expected = {names(1)[0]: {10: 9, 20: 5}}
    assert contents(database) == expected
    database.seal()
    Compactor(database).run_all()
    assert contents(database) == expected


def test_a_series_twice_in_one_lane_loses_nothing(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend([*names(1), *names(1)])
    lane.append(row(0, 1, 0, present=np.array([True, False])))
    lane.append(row(10, 0, 2, present=np.array([False, True])))
    database.seal()
    assert contents(database) == {names(1)[0]: {0: 1, 10: 2}}


def test_order_is_judged_as_prometheus_does(tmp_path):
    database = opened(tmp_path, out_of_order_window=1000)
    labels = names(1)
    assert loose(database, labels, [(0, 5000, 1.0)]).samples == 1
    assert loose(database, labels, [(0, 5000, 1.0)]).refused == 0
    again = loose(database, labels, [(0, 5000, 2.0)])
    assert (again.duplicates, again.samples) == (1, 0)
    assert "duplicate sample for timestamp" in again.first_refused
    assert loose(database, labels, [(0, 4500, 3.0)]).samples == 1
    assert loose(database, labels, [(0, 3000, 3.0)]).too_old == 1
    assert loose(database, labels, [(0, 11 * 60_000, 3.0)]).out_of_order == 1
    assert contents(database) == {labels[0]: {4500: 3, 5000: 1}}


def test_late_samples_are_merged_into_a_lane(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b = names(2)
    lane.extend([a, b])
    for at in (0, 100, 200):
        lane.append(row(at, at, at))
    database.seal()
    loose(database, [a], [(0, 50, 5.0), (0, 100, 99.0)])
    assert contents(database) == {
        a: {0: 0, 50: 5, 100: 100, 200: 200},
        b: {0: 0, 100: 100, 200: 200},
    }


def test_a_limit_refuses_new_series_and_names_them(tmp_path):
    database = opened(tmp_path, series_max=2)
    lane = database.lane("t")
    assert lane.extend(names(3)).tolist() == [0, 1, REFUSED]
    assert lane.extend(names(1)).tolist() == [2]
    lane.append(row(0, 1, 2, 3))
    assert database.tally.series_refused == 1
    assert database.tally.refused_names == {"m": 1}


def test_a_tenant_cannot_take_the_room_of_another(tmp_path):
    options = {"tenant_label": "desk", "tenant_series_max": 2}
    database = opened(tmp_path, **options)

    def series(desk, count):
        return [Labels.of(__name__="m", desk=desk, i=str(i)) for i in range(count)]

    lane = database.lane("t")
    assert lane.extend([*series("a", 3), *series("b", 1)]).tolist() == [0, 1, REFUSED, 2]
    database.close()
    again = opened(tmp_path, **options)
    assert again.series(series("a", 3)).tolist()[2] == REFUSED
    assert again.series(series("b", 2)).tolist()[1] != REFUSED


def test_histograms_exemplars_and_starts_survive(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b = names(2)
    lane.extend([a, b])
    histogram = Histogram(schema=3, count=2, sum=1.5, positive={1: 2.0})
    exemplar = Exemplar(Labels.of(trace_id="x"), 1.0, T0)
    present = np.array([True, False])
    starts = np.array([T0 - 5, 0])
    lane.append(
        row(
            0,
            1,
            0,
            present=present,
            histograms={1: histogram},
            exemplars=[(1, exemplar)],
            starts_ms=starts,
        )
    )
    number = int(database.series([b])[0])
    empty = np.empty(0, dtype=np.int64)
    database.append(Loose(empty, empty, np.empty(0), histograms=[(number, T0 + 7, histogram)]))
    goes_on = replace(histogram, reset_hint=ResetHint.NOT_RESET)
    for _ in range(2):
        assert contents(database) == {a: {0: 1}, b: {0: histogram, 7: goes_on}}
        assert list(database.exemplars.select([EVERYTHING], 0, 2 * T0)) == [(b, [exemplar])]
        database = opened_again(database, tmp_path)
    database.seal()
    assert contents(database) == {a: {0: 1}, b: {0: histogram, 7: goes_on}}
    (part,) = database.select((Matcher(MatchKind.EQUAL, "i", "000"),), 0, 2 * T0).parts
    assert part.starts.tolist() == [[T0 - 5]]


def test_loose_histograms_keep_since_when_they_count(tmp_path):
    database = opened(tmp_path)
    told = Histogram(schema=1, count=3, sum=4, positive={2: 3.0})
    numbers = database.series(names(2))
    times, values = np.array([T0]), np.array([5.0])
    both = [(int(number), T0 + 7, told) for number in numbers]
    database.append(Loose(numbers[:1], times, values, None, both, (), np.array([T0 - 5, 0])))
    for _ in range(2):
        (part,) = database.select(EVERYTHING, 0, 2 * T0).parts
        starts = dict(zip(part.labels, np.split(part.starts, part.offsets[1:-1]), strict=True))
        assert [starts[each].tolist() for each in names(2)] == [[0, T0 - 5], [0]]
        database = opened_again(database, tmp_path)
        database.seal()


def test_deleted_samples_are_gone_and_stay_gone(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b = names(2)
    lane.extend([a, b])
    for at in (0, 10, 20):
        lane.append(row(at, at, at))
    database.delete((Matcher(MatchKind.EQUAL, "i", "000"),), T0 + 5, T0 + 15)
    expected = {a: {0: 0, 20: 20}, b: {0: 0, 10: 10, 20: 20}}
    assert contents(database) == expected
    database.seal()
    assert contents(opened_again(database, tmp_path)) == expected


def test_a_snapshot_is_a_database(tmp_path):
    (tmp_path / "live").mkdir()
    database = opened(tmp_path / "live")
    lane = database.lane("t")
    lane.extend(names(2))
    lane.append(row(0, 1, 2))
    database.snapshot(tmp_path / "copy")
    lane.append(row(5, 3, 4))
    copy = opened(tmp_path / "copy")
    assert contents(copy) == {labels: {0: i + 1.0} for i, labels in enumerate(names(2))}


def test_a_full_disk_refuses_writes_serves_reads_and_heals(tmp_path):
    disk = FaultyDisk()
    database = opened(tmp_path, disk)
    lane = database.lane("t")
    lane.extend(names(2))
    lane.append(row(0, 1, 2))
    disk.room = 10
    with pytest.raises(ReadOnly, match="the disk is full"):
        lane.append(row(5, 3, 4))
    assert "full" in database.read_only
    assert contents(database)[names(1)[0]] == {0: 1}
    disk.room = None
    lane.append(row(6, 5, 6))
    assert database.read_only is None
    assert contents(database)[names(1)[0]] == {0: 1, 6: 5}


def test_columns_that_a_full_disk_refused_can_be_asked_for_again(tmp_path):
    disk = FaultyDisk()
    database = opened(tmp_path, disk)
    lane = database.lane("t")
    lane.extend(names(1))
    disk.room = 0
    for _ in range(2):
        with pytest.raises(ReadOnly, match="the disk is full"):
            lane.extend(names(3)[1:])
    disk.room = None
    assert lane.extend(names(3)[1:]).tolist() == [1, 2]
    lane.append(row(0, 1, 2, 3))
    expected = {labels: {0: i + 1} for i, labels in enumerate(names(3))}
    assert contents(database) == expected
    assert contents(opened(tmp_path)) == expected


def test_a_seal_on_a_full_disk_loses_nothing(tmp_path):
    disk = FaultyDisk()
    database = opened(tmp_path, disk)
    lane = database.lane("t")
    lane.extend(names(1))
    lane.append(row(0, 1))
    disk.room = 200
    with pytest.raises(Exception, match="full"):
        database.seal()
    disk.room = None
    lane.append(row(5, 2))
    assert contents(database) == {names(1)[0]: {0: 1, 5: 2}}
    database.seal()
    assert contents(opened_again(database, tmp_path)) == {names(1)[0]: {0: 1, 5: 2}}


def test_metadata_is_kept_by_source(tmp_path):
    database = opened(tmp_path)
    told = Metadata(help="Orders sent.")
    database.describe({"orders_total": told}, source="job a")
    assert database.metadata == {"orders_total": {"job a": told}}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.integers(0, 2), st.integers(1, 50), st.integers(0, 3)),
        st.tuples(st.just("late"), st.integers(0, 5), st.integers(-300, 50), st.integers(0, 9)),
        st.tuples(st.sampled_from(["seal", "compact", "restart", "kill"])),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_any_history_comes_back_as_a_dictionary_tells_it(tmp_path_factory, history):
    folder = tmp_path_factory.mktemp("db")
    database = opened(folder, block_span=1)
    lanes, now, expected = {}, 0, {}
    series = names(9)

    def take(labels, at, value):
        held = expected.setdefault(labels, {})
        held[at] = max(value, held.get(at, value))

    for step, *detail in history:
        if step == "row":
            which, later, missing = detail
            now += later
            if which not in lanes:
                lanes[which] = database.lane(str(which))
                lanes[which].extend(series[3 * which : 3 * which + 3])
            present = np.array([i != missing for i in range(3)])
            values = np.arange(3) + now
            lanes[which].append(row(now, *values, present=None if present.all() else present))
            for i in range(3):
                if present[i]:
                    take(series[3 * which + i], now, float(values[i]))
        elif step == "late":
            which, offset, value = detail
            at = now + offset
            newest = max(expected.get(series[which], {-1: 0}))
            taken = loose(database, [series[which]], [(0, at, float(value))])
            if not taken.refused:
                take(series[which], at, float(value))
            assert at <= newest or not taken.refused
            now = max(now, at)
        elif step == "seal":
            database.seal()
        elif step == "compact":
            database.seal()
            Compactor(database).run_all()
        else:
            if step == "restart":
                database.close()
            database, lanes = opened(folder, block_span=1), {}
            now += 1
    assert contents(database) == expected
    database.close()


def test_selecting_again_gives_the_same_label_sets(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend(names(3))
    lane.append(row(0, 1, 2, 3))
    first = database.select((named("m"),), T0 - 10, T0 + 10)
    lane.append(row(5, 1, 2, 3))
    second = database.select((named("m"),), T0 - 10, T0 + 10)
    assert first.labels is second.labels
