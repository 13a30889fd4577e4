"""The newest samples side by side against the reader, which looks everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import named
from tapewatch.model.samples import STALE

CLOCK = ManualClock()
NOW_MS = CLOCK.now_ns() // 1_000_000
SECOND = 1000
SERIES = [Labels.of(__name__="m", n=str(n)) for n in range(6)]
M = (named("m"),)


class ReaderOnly:
    """The same database without the short cut."""

    def __init__(self, database):
        self._reader = database.reader

    def select(self, matchers, start_ms, end_ms, *, hints):
        return self._reader.select(tuple(matchers), start_ms, end_ms, hints)


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path, StorageSettings(), CLOCK)
    yield opened
    opened.close()


def answers(source, at_ms, text="m"):
    result = Engine().instant(source, text, at_ms).result
    return {str(sample.labels): repr(sample.value) for sample in result.samples}


values = st.one_of(st.sampled_from([0.0, 1.0, -2.5, STALE]), st.floats(allow_nan=False, width=32))
rows = st.tuples(
    st.just("row"),
    st.integers(0, 1),
    st.lists(st.one_of(st.none(), values), min_size=3, max_size=3),
)
loose = st.tuples(st.just("loose"), st.integers(0, 5), values)
others = st.tuples(st.sampled_from(["seal", "look", "wait"]), st.just(0), st.just(0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(rows, loose, others), max_size=25))
def test_what_is_newest_is_what_the_reader_finds(tmp_path_factory, actions):
    database = Database(tmp_path_factory.mktemp("newest"), StorageSettings(), CLOCK)
    lanes = [database.lane("a"), database.lane("b")]
    lanes[0].extend(SERIES[:3])
    lanes[1].extend(SERIES[3:])
    at_ms = NOW_MS - 600 * SECOND
    for kind, where, what in actions:
        at_ms += SECOND if kind != "wait" else 200 * SECOND
        if kind == "row":
            cells = np.array([0.0 if each is None else each for each in what])
            present = np.array([each is not None for each in what])
            lanes[where].append(Row(at_ms, cells, present))
        elif kind == "loose":
            ids = database.series([SERIES[where]])
            database.append(Loose(ids, np.array([at_ms]), np.array([what])))
        elif kind == "seal":
            database.seal()
        for text in ("m", "m > 0", "timestamp(m)", "absent(m)", "m offset 1s"):
            assert answers(database, at_ms, text) == answers(ReaderOnly(database), at_ms, text)
    database.close()


def test_the_short_cut_is_taken(database):
    lane = database.lane("a")
    lane.extend(SERIES)
    lane.append(Row(NOW_MS, np.arange(6.0)))
    found = database.newest.select(M, NOW_MS - 300 * SECOND, NOW_MS)
    assert found.labels is database.newest.select(M, NOW_MS - 300 * SECOND, NOW_MS).labels
    assert found.parts[0].values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_series_without_a_sample_is_known_too(database):
    lane = database.lane("a")
    lane.extend(SERIES[:3])
    lane.append(Row(NOW_MS, np.arange(3.0)))
    assert len(answers(database, NOW_MS)) == 3
    database.lane("b").extend(SERIES[3:] + [Labels.of(__name__="m", n=str(n)) for n in range(99)])
    assert len(answers(database, NOW_MS)) == 3


def test_the_sample_before_the_newest_is_known_and_earlier_ones_are_left_to_the_reader(database):
    lane = database.lane("a")
    lane.extend(SERIES)
    for back in (2, 1, 0):
        lane.append(Row(NOW_MS - back * SECOND, np.full(6, float(back))))
    for back, known in ((0, True), (1, True), (2, False)):
        at_ms = NOW_MS - back * SECOND
        found = database.newest.select(M, at_ms - 300 * SECOND, at_ms)
        assert (found is not None) is known
        assert answers(database, at_ms) == answers(ReaderOnly(database), at_ms)


def test_samples_of_before_a_restart_are_found(tmp_path):
    first = Database(tmp_path, StorageSettings(), CLOCK)
    lane = first.lane("a")
    lane.extend(SERIES)
    lane.append(Row(NOW_MS - 10 * SECOND, np.arange(6.0)))
    first.seal()
    first.close()
    again = Database(tmp_path, StorageSettings(), CLOCK)
    assert len(answers(again, NOW_MS)) == 6
    lane = again.lane("a")
    lane.extend(SERIES[:2])
    lane.append(Row(NOW_MS, np.array([7.0, 8.0])))
    assert answers(again, NOW_MS) == answers(ReaderOnly(again), NOW_MS)
    again.close()
