"""Compaction changes files, never answers; retention and deletion take exactly what they name."""

import numpy as np
import pytest
from tests.metrics.storage.test_database import T0, contents, loose, names, row

from tapewatch.metrics.intake import Row
from tapewatch.metrics.storage import compaction, merging
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database, Keep
from tapewatch.metrics.storage.reader import SECTION_MS, section_of
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import equal, named

HOUR = 3_600_000


def opened(folder, *, keeps=(), **options):
    options.setdefault("block_span", 10)
    return Database(folder, StorageSettings(**options), ManualClock(T0 * 1_000_000), keeps=keeps)


def filled(folder, *, rounds=5, series=3, step=100, **options):
    """A database with a segment for each round."""
    database = opened(folder, **options)
    lane = database.lane("t")
    lane.extend(names(series))
    for at in range(rounds):
        lane.append(row(at * step, *(np.arange(series) + at)))
        database.seal()
    return database, lane


def test_segments_become_a_block_with_the_same_answers(tmp_path):
    database, lane = filled(tmp_path)
    before = contents(database)
    assert Compactor(database).run_all() > 0
    assert (len(database.blocks), len(database.head.segments)) == (1, 0)
    assert contents(database) == before
    lane.append(row(1000, 7, 8, 9))
    assert contents(database)[names(1)[0]][1000] == 7
    (part,) = database.select((named("m"),), T0 - 1, T0 + 2000).parts
    assert part.values.shape == (3, 6)
    database.close()
    assert contents(opened(tmp_path))[names(1)[0]][1000] == 7


def test_late_samples_and_histograms_go_along(tmp_path):
    database, _ = filled(tmp_path)
    loose(database, names(2, "late"), [(0, 50, 1.0), (1, 50, 2.0), (0, 60, 3.0)])
    lane = database.lane("h")
    lane.extend(names(1, "h"))
    histogram = Histogram(schema=1, count=3, sum=4, positive={2: 3.0})
    none = np.array([False])
    lane.append(Row(T0, np.zeros(1), none, {0: histogram}))
    database.seal()
    before = contents(database)
    Compactor(database).run_all()
    assert contents(database) == before
    assert contents(database, (named("h"),)) == {names(1, "h")[0]: {0: histogram}}


def test_blocks_of_like_size_become_one(tmp_path):
    database, lane = filled(tmp_path, rounds=1, retention=1000 * HOUR)
    compactor = Compactor(database)
    for at in range(1, 9):
        lane.append(row(at * 100, 1, 2, 3))
        database.seal()
        lane.append(row(at * 100 + 50, 1, 2, 3))
        database.seal()
        compactor.run_all()
    before = contents(database)
    assert len(database.blocks) < compaction.BLOCKS_TOGETHER
    assert len(before[names(1)[0]]) == 17


def test_what_is_older_than_the_retention_goes(tmp_path):
    database, lane = filled(tmp_path, rounds=3, retention=HOUR)
    Compactor(database).run_all()
    lane.append(row(3 * HOUR, 7, 8, 9))
    database.seal()
    Compactor(database).run_all()
    assert contents(database) == {labels: {3 * HOUR: 7 + i} for i, labels in enumerate(names(3))}


def test_a_rule_keeps_some_series_longer_and_some_shorter(tmp_path):
    a, b, c = names(3)
    keeps = [Keep((equal("i", "000"),), 10 * HOUR), Keep((equal("i", "001"),), HOUR // 2)]
    database, lane = filled(tmp_path, rounds=2, retention=2 * HOUR, keeps=keeps)
    Compactor(database).run_all()
    for later, expected in ((HOUR, {a: 3, c: 3}), (5 * HOUR, {a: 4})):
        lane.append(row(later, 1, 1, 1))
        database.seal()
        Compactor(database).run_all()
        old = {k: len(v) for k, v in contents(database, end=later).items() if len(v) > 1}
        assert old == expected
    assert b in contents(database)


def test_the_oldest_blocks_go_when_there_is_too_much(tmp_path):
    database, lane = filled(tmp_path, rounds=2, retention_size=1)
    Compactor(database).run_all()
    assert contents(database) == {}
    lane.append(row(10_000, 1, 2, 3))
    assert len(contents(database)) == 3


def test_deleted_samples_leave_the_files_and_the_manifest(tmp_path):
    database, _ = filled(tmp_path, rounds=4)
    Compactor(database).run_all()
    database.delete((equal("i", "001"),), T0 + 100, T0 + 200)
    expected = contents(database)
    assert expected[names(2)[1]] == {0: 1, 300: 4}
    assert database.manifest.tombstones
    Compactor(database).run_all()
    assert not database.manifest.tombstones
    assert contents(database) == expected


def test_what_is_written_in_the_place_of_deleted_samples_stays(tmp_path):
    database, _ = filled(tmp_path, rounds=4)
    Compactor(database).run_all()
    database.delete((equal("i", "001"),), T0 + 100, T0 + 200)
    loose(database, [names(2)[1]], [(0, 150, 7.0)])
    expected = {0: 1, 150: 7, 300: 4}
    assert contents(database)[names(2)[1]] == expected
    database.seal()
    Compactor(database).run_all()
    assert not database.manifest.tombstones
    assert contents(database)[names(2)[1]] == expected


def test_a_series_that_left_and_came_back_is_itself_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "DEAD_MIN", 1)
    database, lane = filled(tmp_path, rounds=2, series=8)
    lane.close(T0 + 200)
    database.seal()
    Compactor(database).run_all()
    assert len(database.head.table) == 0
    back = database.lane("u")
    back.extend([*names(1, "fresh"), *names(1)])
    back.append(row(300, 1, 2))
    back.extend(names(2, "fresh")[1:])
    back.append(row(400, 3, 4, 5))
    expected = contents(database)
    assert expected[names(1)[0]] == {0: 0, 100: 1, 200: "stale", 300: 2, 400: 4}
    assert contents(opened(tmp_path)) == expected


def test_series_that_are_gone_leave_the_head(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "DEAD_MIN", 1)
    database, lane = filled(tmp_path, rounds=2, series=8)
    lane.close(T0 + 300)
    fresh = database.lane("u")
    fresh.extend(names(2, "other"))
    fresh.append(row(400, 1, 2))
    database.seal()
    before = contents(database)
    Compactor(database).run_all()
    assert len(database.head.table) == 2
    assert contents(database) == before
    fresh.append(row(500, 3, 4))
    database.seal()
    fresh.extend(names(1))
    fresh.append(row(600, 5, 6, 7))
    after = contents(database)
    assert after[names(1)[0]] == {0: 0, 100: 1, 300: "stale", 600: 7}
    database.close()
    assert contents(opened(tmp_path)) == after


def test_a_query_plans_no_series_of_a_block_that_ended_before(tmp_path):
    database, lane = filled(tmp_path, step=10 * SECTION_MS)
    lane.close(T0 + 50 * SECTION_MS)
    other = database.lane("u")
    other.extend(names(2, "later"))
    other.append(row(60 * SECTION_MS, 1, 2))
    database.seal()
    Compactor(database).run_all()
    (block,) = database.blocks
    later = T0 + 60 * SECTION_MS
    assert len(section_of(block, later - 60_000, later).rows(())) == 2
    assert len(section_of(block, T0, later).rows(())) == 5
    assert len(contents(database)) == 5


def test_pages_of_files_that_are_gone_leave_the_cache(tmp_path):
    database, _ = filled(tmp_path)
    contents(database)
    assert database.cache.size_bytes > 0
    Compactor(database).run_all()
    assert database.cache.size_bytes == 0


def test_files_that_nobody_names_are_removed(tmp_path):
    database, _ = filled(tmp_path)
    Compactor(database).run_all()
    assert {int(path.stem) for path in tmp_path.glob("*.tape")} == database.manifest.files


def test_a_damaged_block_is_named_and_the_rest_is_served(tmp_path):
    database, lane = filled(tmp_path)
    Compactor(database).run_all()
    lane.append(row(1000, 7, 8, 9))
    database.close()
    path = tmp_path / f"{database.manifest.blocks[0]:08d}.tape"
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    again = opened(tmp_path)
    assert path.name in again.tally.damaged_files[0]
    assert contents(again) == {labels: {1000: 7 + i} for i, labels in enumerate(names(3))}


def test_a_page_that_rots_while_the_server_runs_costs_its_file_alone(tmp_path):
    database, lane = filled(tmp_path, page_cache=0)
    Compactor(database).run_all()
    lane.append(row(1000, 7, 8, 9))
    path = tmp_path / f"{database.manifest.blocks[0]:08d}.tape"
    with path.open("r+b") as file:
        file.seek(10)
        file.write(b"\xff\xff\xff")
    assert contents(database) == {labels: {1000: 7 + i} for i, labels in enumerate(names(3))}
    assert path.name in database.tally.damaged_files[0]
    assert path.exists()


@pytest.mark.parametrize("lanes", [1, 3])
def test_wide_and_long_stripes_survive(tmp_path, lanes):
    rng = np.random.default_rng(lanes)
    database = opened(tmp_path)
    expected = {}
    opened_lanes = []
    for number in range(lanes):
        lane = database.lane(str(number))
        labels = [Labels.of(__name__="w", lane=str(number), i=str(i)) for i in range(1500)]
        lane.extend(labels)
        opened_lanes.append((lane, labels))
    for at in range(8):
        for lane, labels in opened_lanes:
            values = rng.random(1500)
            present = rng.random(1500) > 0.1
            lane.append(Row(T0 + at * 10, values, present))
            for each, value, there in zip(labels, values.tolist(), present, strict=True):
                if there:
                    expected.setdefault(each, {})[at * 10] = value
        if at % 3 == 2:
            database.seal()
    database.seal()
    Compactor(database).run_all()
    assert contents(database) == expected


def test_rows_stay_in_order_when_a_later_segment_holds_an_earlier_sample(tmp_path):
    # The late sample makes the second segment begin before the first one.
    database, lane = filled(tmp_path, rounds=0)
    lane.append(row(100, 1, 2, 3))
    database.seal()
    loose(database, names(1, "late"), [(0, 50, 1.0)])
    lane.append(row(200, 4, 5, 6))
    database.seal()
    before = contents(database)
    Compactor(database).run_all()
    assert contents(database) == before
    for at in (100, 200):
        (part,) = database.select((named("m"),), T0 + at - 1, T0 + at).parts
        assert part.timestamps.tolist() == [T0 + at]


def test_wide_lanes_stay_whole_when_blocks_of_them_become_one(tmp_path, monkeypatch):
    # So few samples at once that each stripe of a block holds only some of the lane's columns.
    monkeypatch.setattr(merging, "SAMPLES_AT_ONCE", 8)
    database, lane = filled(tmp_path, rounds=0, series=7, retention=1000 * HOUR)
    compactor = Compactor(database)
    for at in range(16):
        lane.append(row(at * 100, *range(at, at + 7)))
        database.seal()
        lane.append(row(at * 100 + 50, *range(at, at + 7)))
        database.seal()
        compactor.run_all()
    before = {labels: len(samples) for labels, samples in contents(database).items()}
    assert before == dict.fromkeys(names(7), 32)
    narrow = database.select((named("m"),), T0 + 299, T0 + 300)
    assert sum(part.values.size for part in narrow.parts) == 7


def test_series_that_move_alike_lie_side_by_side():
    steps = np.arange(100.0)
    values = np.array([steps / 1000, steps * 900, steps / 10, steps, np.full(100, np.nan)])
    whole, others = merging.like_columns(values)
    assert whole.tolist() == [4, 3, 1]
    assert others.tolist() == [2, 0]


def test_columns_in_another_order_hold_the_same_samples(tmp_path):
    database, lane = filled(tmp_path, rounds=0, series=4)
    for at in range(10):
        lane.append(row(at * 100, at / 8, at * 50, at, 0.5))
    database.seal()
    before = contents(database)
    Compactor(database).run_all()
    assert contents(database) == before
