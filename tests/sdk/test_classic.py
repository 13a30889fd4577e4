import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import CUSTOM_SCHEMA, Histogram
from tapewatch.sdk.classic import ClassicHistogram, Summary
from tapewatch.sdk.errors import BadDeclaration
from tapewatch.sdk.region import cells, cells_pure
from tapewatch.sdk.region.layout import HEADER, Drop, Sections, classic_bytes, drop_offset
from tapewatch.sdk.region.reader import Reader, counts_up_to

SHAPE = Sections(4096, 4096, 1, 16, 16).header()
VALUES = SHAPE["values_offset"]
BOUNDS = (-1.0, 0.0, 0.5, 2.0)
VALUE = st.one_of(st.floats(), st.integers(), st.sampled_from(BOUNDS), st.none(), st.text())


def memory_of(twin):
    memory = twin.Memory(SHAPE["region_bytes"])
    memory.write(0, HEADER.pack(**SHAPE))
    return memory


@given(st.lists(VALUE, max_size=20))
def test_both_twins_count_what_the_definition_says(values):
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    kept = [number for number in numbers if abs(number) < float("inf")]
    lower = (float("-inf"), *BOUNDS)
    expected = [
        sum(low < number <= high for number in kept)
        for low, high in zip(lower, (*BOUNDS, float("inf")), strict=True)
    ]
    written = []
    for twin in {cells_pure, getattr(cells, "_twin", cells_pure)}:
        memory = memory_of(twin)
        handle = twin.ClassicHandle(memory, VALUES, BOUNDS)
        for value in values:
            handle.observe(value)
        assert handle.counts == expected
        written.append(memory.read(0, SHAPE["region_bytes"]))
    assert written[0] == written[-1]


def test_what_cannot_be_counted_is_dropped_and_counted(twin):
    memory = memory_of(twin)
    handle = twin.ClassicHandle(memory, VALUES, BOUNDS)
    for value in ("1", None, float("nan"), float("inf")):
        handle.observe(value)
    handle.observe(1.0, b"short")
    assert handle.counts == [0, 0, 0, 1, 0]
    counts = [memory.load(drop_offset(reason)) for reason in Drop][:2]
    assert (counts, memory.load(drop_offset(Drop.BAD_EXEMPLAR))) == ([2, 2], 1)


def test_it_is_read_with_its_own_bounds(registry):
    took = ClassicHistogram(
        "took_seconds", "T", bounds=(0.1, 1), labels=("venue",), registry=registry
    )
    sizes = Summary("size_bytes", "S", unit="bytes", registry=registry).bind()
    for value in (0.1, 0.5, 3):
        took.labels("x").observe(value)
        sizes.observe(value)
    with Reader(registry.status().path) as reader:
        seen = reader.snapshot()
    summary, classic = seen.series
    histogram = seen.histogram(classic)
    assert histogram == Histogram(
        schema=CUSTOM_SCHEMA,
        count=3,
        sum=pytest.approx(3.6),
        positive={0: 1, 1: 1, 2: 1},
        custom_bounds=(0.1, 1.0),
    )
    assert not histogram.faults()
    assert counts_up_to(histogram, (0.1, 1)) == [1, 2]
    told = seen.histogram(summary)
    assert (told.count, told.sum, told.custom_bounds) == (3, pytest.approx(3.6), ())


def test_bounds_are_checked_when_it_is_declared(registry):
    with pytest.raises(BadDeclaration, match=r"\(2.0, 1.0\): they must be finite and rise"):
        ClassicHistogram("took_seconds", "T", bounds=(2.0, 1.0), registry=registry)


def test_a_value_takes_its_sum_and_a_count_for_each_bucket():
    assert (classic_bytes(0), classic_bytes(14)) == (16, 128)


def test_series_over_the_limit_share_one(registry):
    took = ClassicHistogram(
        "t_seconds", "T", bounds=(1,), labels=("id",), series_max=1, registry=registry
    )
    for number in range(3):
        took.labels(str(number)).observe(0.5)
    with Reader(registry.status().path) as reader:
        seen = reader.snapshot()
    assert [seen.histogram(series).count for series in seen.series] == [1, 2]
