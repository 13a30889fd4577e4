"""What stored histograms say of the one before, whatever way they came and wherever they lie."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.resets import stored_histograms, tell_resets
from tapewatch.metrics.rows import series_rows
from tapewatch.metrics.selection import ABSENT
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram, ResetHint
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import named

T0 = 1_000_000_000_000
H = Labels.of(__name__="h")
OTHER = Labels.of(__name__="h", side="buy")
ENGINE = Engine()
UNKNOWN, GOES_ON = ResetHint.UNKNOWN, ResetHint.NOT_RESET


def counted(count, hint=ResetHint.UNKNOWN):
    return Histogram(count=count, positive={1: count}, reset_hint=hint)


def opened(folder):
    settings_ = StorageSettings(block_span=10, out_of_order_window=1_000_000)
    return Database(folder, settings_, ManualClock(T0 * 1_000_000))


def told(source):
    """The histograms of every series with their hints, by time."""
    selection = source.select((named("h"),), T0 - 1, T0 + 1_000)
    return {
        row.labels: {at - T0: (each.count, each.reset_hint) for at, each in row.histograms}
        for row in series_rows(selection, T0 - 1, T0 + 1_000)
    }


def answered(source, text):
    """
    What an instant query gives, in an order of its own.

    What the first histogram of a window says depends on how much before it was read.
    """
    result = ENGINE.instant(source, text, T0 + 60).result
    values = [(sample.labels, _bare(sample.value)) for sample in result.samples]
    return sorted(map(repr, values)), repr(result.annotations)


def _bare(value):
    return replace(value, reset_hint=UNKNOWN) if isinstance(value, Histogram) else value


def bring(database, labels, at, value):
    numbers = database.series([labels])
    if isinstance(value, Histogram):
        none = np.empty(0)
        held = [(int(numbers[0]), T0 + at, value)]
        database.append(Loose(numbers[:0], none.astype(np.int64), none, histograms=held))
    else:
        database.append(Loose(numbers, np.array([T0 + at]), np.array([value])))


def test_a_stored_histogram_says_whether_it_goes_on():
    def counted(count, hint=ResetHint.UNKNOWN):
        return Histogram(count=count, positive={1: count}, reset_hint=hint)

    values = [counted(1), counted(3), counted(2), 7.0, counted(4), counted(1, ResetHint.GAUGE)]
    hints = [getattr(one, "reset_hint", None) for one in stored_histograms(values)]
    unknown, goes_on = ResetHint.UNKNOWN, ResetHint.NOT_RESET
    assert hints == [unknown, goes_on, unknown, None, unknown, ResetHint.GAUGE]


def test_absent_cells_lie_between_histograms_and_floats_part_them():
    cells = np.array([counted(1), None, counted(2), None, counted(3)], dtype=object)
    hints = [each and each.reset_hint for each in tell_resets(cells, np.full(5, ABSENT))]
    assert hints == [UNKNOWN, None, GOES_ON, None, GOES_ON]
    hints = [
        each and each.reset_hint
        for each in tell_resets(cells, np.array([ABSENT] * 3 + [7, ABSENT]))
    ]
    assert hints == [UNKNOWN, None, GOES_ON, None, UNKNOWN]
    assert cells[2].reset_hint is UNKNOWN


def test_scraped_histograms_say_whether_they_go_on(tmp_path):
    database = opened(tmp_path)
    lane = database.lane("t")
    lane.extend([H])
    for at, count in enumerate([1, 3, 2, 5]):
        lane.append(Row(T0 + at, np.zeros(1), np.array([False]), {0: counted(count)}))
    expected = {H: {0: (1, UNKNOWN), 1: (3, GOES_ON), 2: (2, UNKNOWN), 3: (5, GOES_ON)}}
    assert told(database) == expected
    database.seal()
    Compactor(database).run_all()
    assert told(database) == expected


def test_a_late_histogram_and_a_deletion_change_what_is_told(tmp_path):
    database = opened(tmp_path)
    for at, count in ((0, 1), (20, 3), (40, 5)):
        bring(database, H, at, counted(count))
    bring(database, H, 30, counted(9))
    expected = {0: (1, UNKNOWN), 20: (3, GOES_ON), 30: (9, GOES_ON), 40: (5, UNKNOWN)}
    assert told(database)[H] == expected
    database.delete((named("h"),), T0 + 30, T0 + 30)
    assert told(database)[H] == {0: (1, UNKNOWN), 20: (3, GOES_ON), 40: (5, GOES_ON)}


def values():
    histograms = st.builds(counted, st.integers(1, 6).map(float))
    gauges = st.just(counted(2.0, ResetHint.GAUGE))
    return st.one_of(histograms, histograms, gauges, st.integers(0, 3).map(float))


SAMPLES = st.dictionaries(st.integers(0, 60), values(), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(SAMPLES, SAMPLES, st.data())
def test_a_database_tells_and_answers_what_scripts_are_told(tmp_path_factory, one, other, data):
    database, source = opened(tmp_path_factory.mktemp("d")), MemorySource()
    both = [(H, at, value) for at, value in one.items()]
    both += [(OTHER, at, value) for at, value in other.items()]
    for place, (labels, at, value) in enumerate(data.draw(st.permutations(both))):
        bring(database, labels, at, value)
        source.append(labels, T0 + at, value)
        if place % 5 == 4:
            database.seal()
    if data.draw(st.booleans()):
        database.seal()
        Compactor(database).run_all()
    assert told(database) == told(source)
    for text in (
        "sum(h)",
        "resets(h[30ms])",
        "increase(h[40ms])",
        "avg(h)",
        "sum_over_time(h[9ms])",
    ):
        assert answered(database, text) == answered(source, text), text
    database.close()
