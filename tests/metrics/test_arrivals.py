import numpy as np
import pytest

from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, MatchKind, equal, named

CLOCK = ManualClock()
NOW_MS = CLOCK.now_ns() // 1_000_000
FEED = Labels.of(__name__="feed_age_seconds", venue="X")
ORDERS = Labels.of(__name__="orders_total", venue="Y")


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path, StorageSettings(), CLOCK)
    yield opened
    opened.close()


def listen(database, *selectors):
    heard = []
    hearing = database.arrivals.listen(selectors, lambda: heard.append(1))
    return heard, hearing


def write(lane, width, at_ms=NOW_MS):
    lane.append(Row(at_ms, np.zeros(width)))


def test_a_row_tells_once_whoever_reads_one_of_its_series(database):
    feeds, _ = listen(database, (named("feed_age_seconds"),), (equal("venue", "X"),))
    others, _ = listen(database, (named("positions"),))
    lane = database.lane("target")
    lane.extend([FEED, ORDERS])
    write(lane, 2)
    assert (len(feeds), len(others)) == (1, 0)


def test_labels_beside_the_name_count(database):
    x, _ = listen(database, (named("feed_age_seconds"), equal("venue", "X")))
    y, _ = listen(database, (named("feed_age_seconds"), equal("venue", "Y")))
    lane = database.lane("target")
    lane.extend([FEED])
    write(lane, 1)
    assert (len(x), len(y)) == (1, 0)


def test_a_pattern_for_names_hears_what_it_matches(database):
    heard, _ = listen(database, (Matcher(MatchKind.REGEX, "__name__", "feed_.*"),))
    lane = database.lane("target")
    lane.extend([ORDERS])
    write(lane, 1)
    assert not heard
    lane.extend([FEED])
    write(lane, 2, NOW_MS + 1)
    assert len(heard) == 1


def test_loose_samples_tell_too(database):
    heard, _ = listen(database, (named("feed_age_seconds"),))
    ids = database.series([FEED, ORDERS])
    database.append(Loose(ids[1:], np.array([NOW_MS]), np.array([1.0])))
    assert not heard
    database.append(Loose(ids[:1], np.array([NOW_MS]), np.array([1.0])))
    assert len(heard) == 1


def test_whoever_closes_hears_no_more(database):
    heard, hearing = listen(database, (named("feed_age_seconds"),))
    hearing.close()
    assert not database.arrivals
    lane = database.lane("target")
    lane.extend([FEED])
    write(lane, 1)
    assert not heard
