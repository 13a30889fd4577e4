"""The past can be written while the present goes on."""

import numpy as np
from tests.metrics.storage.test_database import T0, contents, names, opened, row

from tapewatch.metrics.storage.backfill import Backfill, Past, write_past
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.model.histograms import Histogram


def past(labels, times, **more):
    times = np.array(times, dtype=np.int64) + T0
    return Past(labels, times, np.arange(len(times), dtype=float), **more)


def test_the_past_joins_the_present(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    a, b = names(2)
    lane.extend([a, b])
    lane.append(row(0, 7, 8))
    write_past(database, [past(a, [-20, -30, -10]), past(b, [-5, 0])])
    expected = {a: {-30: 1, -20: 0, -10: 2, 0: 7}, b: {-5: 0, 0: 8}}
    assert contents(database) == expected
    lane.append(row(1, 9, 9))
    database.seal()
    database.close()
    assert contents(opened(tmp_path))[a] == {**expected[a], 1: 9}


def test_much_becomes_several_blocks_and_then_few(tmp_path):
    database = opened(tmp_path, retention=10**12)
    backfill = Backfill(database, block_samples=100)
    for labels in names(30):
        backfill.add(past(labels, range(20)))
    backfill.flush()
    assert (backfill.written, backfill.blocks) == (600, 6)
    before = contents(database)
    Compactor(database).run_all()
    assert len(database.blocks) < 6
    assert contents(database) == before


def test_histograms_of_the_past(tmp_path):
    database = opened(tmp_path)
    histogram = Histogram(schema=0, count=1, sum=1, positive={0: 1.0})
    held = np.array([histogram, None], dtype=object)
    write_past(database, [past(names(1)[0], [0, 5], histograms=held)])
    assert contents(database) == {names(1)[0]: {0: histogram, 5: 1}}
