import asyncio
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pytest
from tests.alerting.saying import STARTS, alert, notification

from tapewatch.alerting.charts.engine import EngineSource
from tapewatch.alerting.charts.painter import Series, SeriesPainter, lines_of, subject_of, window_of
from tapewatch.alerting.privacy.filter import Allowance, PrivacyFilter
from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.settings import Budget
from tapewatch.model.labels import Labels

SECOND = 1_000_000_000
FILTER = PrivacyFilter(b"key")


class Source:
    def __init__(self, *labels):
        self.labels = labels
        self.asked = []

    async def series(self, expression, start_ns, end_ns, step_ns):
        self.asked.append((expression, start_ns, end_ns, step_ns))
        times = np.arange(start_ns, end_ns, step_ns)
        return [Series(Labels.of(each), times, np.ones(len(times))) for each in self.labels]


def looking_at(expression):
    url = f"http://tw.example:7600/graph?g0.expr={quote(expression)}&g0.tab=1"
    return replace(alert(), generator_url=url)


@pytest.mark.parametrize(
    ("expression", "asked", "threshold"),
    [
        ("feed_age > 5", "feed_age", 5.0),
        ("5 < feed_age", "feed_age", 5.0),
        ("(rate(errors[5m]) >= -0.5)", "rate(errors[5m])", -0.5),
        ("feed_age > 5 and on (venue) session == 1", "feed_age", 5.0),
        ("a > b", "a", None),
        ("absent(up)", "absent(up)", None),
    ],
)
def test_a_rule_is_parted_from_its_threshold(expression, asked, threshold):
    subject = subject_of(looking_at(expression))
    assert (subject.expression, subject.threshold) == (asked, threshold)


@pytest.mark.parametrize("expression", ["", "sum(", "{{ x }}"])
def test_what_is_no_query_is_not_asked(expression):
    assert subject_of(looking_at(expression)) is None


def test_the_window_shows_what_came_before():
    told = notification(created_ns=STARTS + 3600 * SECOND)
    start_ns, end_ns = window_of(told, told.alerts[0])
    assert start_ns == STARTS - 1800 * SECOND
    assert end_ns == told.created_ns


def paint(source, told, allowance=None):
    filtered = FILTER.apply(told, allowance or Allowance()).notification
    return asyncio.run(SeriesPainter(source).paint(told, filtered))


def test_a_notification_is_painted_with_words_for_those_who_do_not_see():
    source = Source({"__name__": "feed_age", "venue": "X", "symbol": "BTC"})
    picture = paint(source, notification(looking_at("feed_age > 5")))
    assert picture.png.startswith(b"\x89PNG")
    assert picture.words == "FeedStale · X, now 1, threshold 5"


def test_series_of_others_are_not_drawn():
    source = Source({"venue": "Y"})
    assert paint(source, notification(looking_at("feed_age > 5"))) is None


def test_an_alert_that_knows_less_than_its_series_is_painted_all_the_same():
    source = Source({"venue": "X", "instance": "a:1"}, {"venue": "Y", "instance": "a:1"})
    assert paint(source, notification(looking_at("feed_age > 5"))) is not None


def test_a_label_that_must_not_leave_is_not_drawn_either():
    told = notification(alert(labels={"account": "DU123456"}))
    filtered = FILTER.apply(told, Allowance()).notification
    found = [Series(Labels.of(account="DU123456"), np.array([STARTS]), np.ones(1))]
    [drawn] = lines_of(found, told, filtered)
    assert drawn.name.startswith("acct-")


def test_channels_of_one_receiver_share_a_picture():
    source = Source({"venue": "X"})
    told = notification(looking_at("feed_age > 5"))
    painter = SeriesPainter(source)

    async def both():
        return await painter.paint(told, told), await painter.paint(told, told)

    one, two = asyncio.run(both())
    assert one is two


def test_a_gap_in_the_answer_stays_a_gap():
    memory = MemorySource()
    labels = Labels.of(__name__="feed_age", venue="X")
    for second in [*range(0, 100, 10), *range(1000, 1100, 10)]:
        memory.append(labels, second * 1000, float(second))

    class Queries:
        def budget(self, timeout_ms):
            return Budget(timeout_s=timeout_ms / 1000)

        async def run(self, work, budget):
            return work(budget)

    metrics = SimpleNamespace(engine=Engine(), database=memory, queries=Queries())
    [found] = asyncio.run(EngineSource(metrics).series("feed_age", 0, 1100 * SECOND, 10 * SECOND))
    assert np.isnan(found.values[60])
    assert found.values[0] == 0
    assert found.values[-2] == 1090
    assert found.times_ns[-1] == 1100 * SECOND


def test_in_a_storm_the_engine_is_left_in_peace():
    class Slow(Source):
        async def series(self, *asked):
            self.asked.append(asked)
            await asyncio.sleep(0.05)
            return []

    source = Slow()
    told = notification(looking_at("feed_age > 5"))
    painter = SeriesPainter(source)

    async def storm():
        await asyncio.gather(*(painter.paint(told, told) for _ in range(100)))

    asyncio.run(storm())
    assert len(source.asked) == 4
