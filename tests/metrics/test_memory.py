"""A source in memory: strips by times, the same objects for the same question, reset hints."""

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.selection import ABSENT_BITS, Strip
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import equal, named

X = Labels.of(__name__="m", venue="X")
Y = Labels.of(__name__="m", venue="Y")


def test_series_with_the_same_times_share_a_strip():
    source = MemorySource()
    for labels, times in ((X, (0, 10)), (Y, (0, 10)), (Labels.of(__name__="m"), (5,))):
        for at in times:
            source.append(labels, at, float(at))
    parts = source.select([named("m")], 0, 100).parts
    assert sorted(len(part.labels) for part in parts) == [1, 2]


def test_the_same_question_gets_the_same_objects_until_a_sample_comes():
    source = MemorySource()
    source.append(X, 0, 1.0)
    first = source.select([named("m")], 0, 10)
    assert source.select([named("m")], 5, 20) is first
    source.append(X, 10, 2.0)
    assert source.select([named("m")], 0, 10) is not first


def test_matchers_choose_rows_of_a_strip():
    source = MemorySource()
    for labels in (X, Y):
        source.append(labels, 0, 1.0)
    (part,) = source.select([named("m"), equal("venue", "Y")], 0, 10).parts
    assert list(part.labels) == [Y]


def test_a_histogram_stands_beside_an_absent_float():
    source = MemorySource()
    source.append(X, 0, Histogram(count=1))
    source.append(X, 1, 2.0)
    (part,) = source.select([named("m")], 0, 10).parts
    assert isinstance(part, Strip)
    assert part.gaps
    assert part.values.view("u8")[0, 0] == ABSENT_BITS
    assert part.histograms is not None
    assert part.histograms[0, 0].count == 1
    assert part.histograms[0, 1] is None
