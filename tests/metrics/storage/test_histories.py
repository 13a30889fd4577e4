"""
Random histories: no seal, compaction, merge or restart changes an answer.

A step either brings samples, which show at once, or moves them, which nobody may notice; a deletion
and the retention take exactly what they name.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metrics.storage.test_database import EVERYTHING, T0

from tapewatch.metrics.intake import Loose, Row
from tapewatch.metrics.selection import ABSENT_BITS, Ragged
from tapewatch.metrics.storage import compaction, loose, merging
from tapewatch.metrics.storage.compaction import Compactor
from tapewatch.metrics.storage.database import Database, Keep
from tapewatch.metrics.storage.settings import StorageSettings
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import equal
from tapewatch.model.samples import STALE

SERIES = [Labels.of(__name__="m", i=str(i)) for i in range(6)]
LANES = ([0, 1, 2], [3, 4, 5], [1, 3, 5], [2, 0])
"""Two lanes with series of their own, and two that share some with them."""
KEEP_MS = 400
SHORT_MS = 100
KEEPS = (Keep((equal("i", "2"),), SHORT_MS),)


@pytest.fixture(autouse=True, scope="module")
def small_steps():
    """Make everything that happens rarely happen often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "DEAD_MIN", 1)
        patch.setattr(compaction, "BLOCKS_TOGETHER", 2)
        patch.setattr(merging, "SAMPLES_AT_ONCE", 8)
        patch.setattr(loose, "RUN_SAMPLES", 4)
        yield


def answers(source, first=-(10**6), last=10**6):
    """Everything there is, as (series, time) to what is known of the sample."""
    found = {}
    for part in source.select(EVERYTHING, T0 + first, T0 + last).parts:
        for i, labels in enumerate(part.labels):
            cells = (
                slice(*part.offsets[i : i + 2]) if isinstance(part, Ragged) else (i, slice(None))
            )
            times = part.timestamps[cells] if isinstance(part, Ragged) else part.timestamps
            assert (np.diff(times) > 0).all(), "times rise"
            own = (None if each is None else each[cells] for each in (part.histograms, part.starts))
            histograms, starts = own
            for j, at in enumerate(times.tolist()):
                bits = int(part.values[cells][j : j + 1].view(np.uint64)[0])
                histogram = None if histograms is None else histograms[j]
                start = 0 if starts is None else int(starts[j])
                if (histogram is not None or bits != ABSENT_BITS) and T0 + first < at <= T0 + last:
                    assert (labels, at - T0) not in found, "a sample occurs once"
                    found[labels, at - T0] = (histogram or bits, start)
    return found


def differences(before, after):
    """Say in what two answers differ."""
    return {
        key: (before.get(key), after.get(key))
        for key in {*before, *after}
        if before.get(key) != after.get(key)
    }


def histogram_of(number):
    return Histogram(schema=1, count=number, sum=number / 2, positive={number % 2: float(number)})


class Story:
    """A database and what happens to it."""

    def __init__(self, folder, *, keeps=(), retention=10**6):
        self.folder = folder
        self.options = {"block_span": 20, "retention": retention}
        self.keeps = keeps
        self.now = 0
        self.lanes = {}
        self.open()

    def open(self):
        clock = ManualClock(T0 * 1_000_000)
        self.database = Database(
            self.folder, StorageSettings(**self.options), clock, keeps=self.keeps
        )
        self.lanes = {}

    def is_old(self, key):
        """Say whether a sample may go, or give way to a repetition that may, because of its age."""
        labels, at = key
        keeps = [each.keep_ms for each in self.keeps if labels.get("i") == "2"]
        kept_ms = min([self.options["retention"], *keeps])
        return at < self.database.head.last_ms - T0 - kept_ms

    # What brings samples.

    def row(self, which, later, holes, special):
        self.now += later
        lane = self.lanes.get(which)
        if lane is None:
            lane = self.lanes[which] = self.database.lane(str(which))
            lane.extend([SERIES[i] for i in LANES[which]])
        width = len(LANES[which])
        values = np.arange(width) * 10.0 + self.now
        present = np.array([i not in holes for i in range(width)])
        histograms, starts = {}, None
        if special == "stale":
            values[0] = STALE
        elif special == "histogram":
            present[0], histograms = False, {0: histogram_of(self.now % 7 + 1)}
        elif special == "start":
            starts = np.full(width, T0 + self.now - 5)
        lane.append(Row(T0 + self.now, values, present, histograms, starts_ms=starts))

    def close_lane(self, which):
        if which in self.lanes:
            self.now += 1
            self.lanes.pop(which).close(T0 + self.now)

    def loose(self, which, offset, value, special):
        at = T0 + self.now + offset
        numbers = self.database.series([SERIES[i] for i in which])
        if special == "histogram":
            none = np.empty(0)
            told = [(int(number), at, histogram_of(value + 1)) for number in numbers]
            none_at, starts = none.astype(np.int64), np.full(len(told), at - 9)
            batch = Loose(numbers[:0], none_at, none, None, told, (), starts)
        else:
            count = len(which)
            starts = np.full(count, at - 7) if special == "start" else None
            values = np.full(count, STALE if special == "stale" else float(value))
            batch = Loose(numbers, np.full(count, at), values, starts)
        self.database.append(batch)
        self.now = max(self.now, self.now + offset)

    def jump(self, later):
        self.now += later

    # What nobody may notice.

    def seal(self):
        self.database.seal()

    def compact(self):
        self.database.seal()
        Compactor(self.database).run_all()

    def restart(self):
        self.database.close()
        self.open()

    def kill(self):
        self.open()

    def delete(self, which, first, last):
        self.database.delete((equal("i", str(which)),), T0 + self.now + first, T0 + self.now + last)


series_sets = st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True)
specials = st.sampled_from(["", "", "", "stale", "histogram", "start"])
bringing = st.one_of(
    st.tuples(
        st.just("row"),
        st.integers(0, 3),
        st.integers(0, 30),
        st.sets(st.integers(0, 2), max_size=2),
        specials,
    ),
    st.tuples(st.just("loose"), series_sets, st.integers(-20, 10), st.integers(0, 9), specials),
    st.tuples(st.just("close_lane"), st.integers(0, 3)),
)
BRINGING = ("row", "loose", "close_lane", "jump")
jumping = st.tuples(st.just("jump"), st.integers(50, 500))
deleting = st.tuples(
    st.just("delete"), st.integers(0, 5), st.integers(-80, -10), st.integers(-20, 5)
)
moving = st.tuples(st.sampled_from(["seal", "seal", "compact", "restart", "kill"]))
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def play(story, step):
    name, *details = step
    getattr(story, name)(*details)


def check(story, step):
    """Play a step, and compare what there is with what there was."""
    before = answers(story.database)
    play(story, step)
    if step[0] == "delete":
        _, which, first, last = step
        before = {
            (labels, at): sample
            for (labels, at), sample in before.items()
            if labels.get("i") != str(which) or not first <= at - story.now <= last
        }
    if step[0] not in BRINGING:
        gone = differences(before, answers(story.database))
        assert all(map(story.is_old, gone)), (step, gone)


@EXAMPLES
@given(st.lists(st.one_of(bringing, moving), max_size=40))
def test_moving_samples_changes_no_answer(tmp_path_factory, steps):
    story = Story(tmp_path_factory.mktemp("db"))
    for step in steps:
        check(story, step)
    story.database.close()


@EXAMPLES
@given(st.lists(st.one_of(bringing, moving, deleting), max_size=40))
def test_a_deletion_takes_what_was_there_and_nothing_that_comes_later(tmp_path_factory, steps):
    story = Story(tmp_path_factory.mktemp("db"))
    for step in steps:
        check(story, step)
    story.database.close()


@EXAMPLES
@given(st.lists(st.one_of(bringing, moving, deleting, jumping), max_size=40))
def test_retention_takes_nothing_that_is_kept(tmp_path_factory, steps):
    story = Story(tmp_path_factory.mktemp("db"), keeps=KEEPS, retention=KEEP_MS)
    for step in steps:
        check(story, step)
    story.database.close()
