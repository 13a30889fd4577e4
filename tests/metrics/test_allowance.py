"""A query asks for room before it takes it, and a query of death ends within its budget."""

import numpy as np
import pytest

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.errors import QueryTooLarge
from tapewatch.metrics.promql.settings import Budget, Settings
from tapewatch.metrics.selection import LabelSets, Strip
from tapewatch.model.labels import Labels

MiB = 1024 * 1024
HOUR_MS = 3_600_000
EVERYTHING = '{__name__=~".+"}'


@pytest.fixture(scope="module")
def source():
    source = MemorySource()
    labels = LabelSets([Labels.of(__name__="m", i=str(i)) for i in range(200)])
    times = np.arange(0, HOUR_MS, 10_000, dtype=np.int64)
    source.add_strip(Strip(labels, times, np.ones((200, len(times)))))
    return source


@pytest.mark.parametrize(
    "query",
    [
        f"{EVERYTHING}[365d:1s]",
        f"sum_over_time({EVERYTHING}[365d:1s])",
        f"max_over_time(rate({EVERYTHING}[5m])[365d:1s])",
        "sum_over_time(vector(1)[200y:1ms])",
    ],
)
def test_a_subquery_of_death_is_refused_before_memory_is_taken(source, query):
    engine = Engine(Settings(memory_bytes_max=64 * MiB))
    with pytest.raises(QueryTooLarge, match=r"or more, where [\d,]+ are allowed") as caught:
        engine.instant(source, query, HOUR_MS)
    assert caught.value.samples > caught.value.samples_max


def test_the_answer_of_a_range_query_needs_room_too(source):
    small = Budget(memory_bytes_max=MiB)
    with pytest.raises(QueryTooLarge):
        Engine().range(source, EVERYTHING, 0, HOUR_MS, 1000, budget=small)
