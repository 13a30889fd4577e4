import asyncio
import math
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.model.histograms import bucket_index
from tapewatch.sdk.region import cells, cells_pure
from tapewatch.sdk.region.layout import (
    EXEMPLAR,
    HEADER,
    Drop,
    Sections,
    drop_offset,
    histogram_bytes,
)
from tapewatch.sdk.region.ring import read_events

SECTIONS = Sections(4096, 8192, 1, 16, 16)
SHAPE = SECTIONS.header()
VALUES = SHAPE["values_offset"]
LOW, COUNT = -79, 160
EVERYTHING = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 2**-10, 2**10, 2**10.125, 5e-324, 1e308]),
)


def memory_of(twin):
    memory = twin.Memory(SHAPE["region_bytes"])
    memory.write(0, HEADER.pack(**SHAPE))
    return memory


def dropped(memory):
    counts = {reason: memory.load(drop_offset(reason)) for reason in Drop}
    return {reason: count for reason, count in counts.items() if count}


def histogram_of(twin, memory, *, signed=True):
    return twin.HistogramHandle(memory, VALUES + 1024, LOW, COUNT, signed, 1e3)


@pytest.mark.skipif(not cells.GUARDED, reason="the cells are not compiled here")
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["inc", "g_set", "g_inc", "g_dec", "s_set", "observe", "positive"]),
            EVERYTHING,
        ),
        max_size=30,
    )
)
def test_both_twins_write_the_same_bytes(calls):
    written = []
    for twin in (cells_pure, cells._twin):
        memory = memory_of(twin)
        counter, gauge = (
            twin.CounterHandle(memory, VALUES),
            twin.GaugeHandle(memory, VALUES + 8),
        )
        state = twin.StateHandle(memory, VALUES + 16, ("", "a", "b"))
        unsigned = twin.HistogramHandle(memory, VALUES + 4096, LOW, COUNT, False, 1.0)
        methods = {
            "inc": counter.inc,
            "g_set": gauge.set,
            "g_inc": gauge.inc,
            "g_dec": gauge.dec,
            "s_set": state.set,
            "observe": histogram_of(twin, memory).observe,
            "positive": unsigned.observe,
        }
        for name, value in calls:
            methods[name](value)
        written.append(memory.read(0, SHAPE["region_bytes"]))
    assert written[0] == written[1]


@pytest.mark.skipif(not cells.GUARDED, reason="the cells are not compiled here")
@given(st.lists(st.tuples(st.integers(-1, 2**33), st.lists(EVERYTHING, max_size=8)), max_size=12))
def test_both_twins_write_the_same_events(events):
    read = []
    for twin in (cells_pure, cells._twin):
        memory = memory_of(twin)
        ring = twin.Ring(memory)
        for number, arguments in events:
            ring.push(number, *arguments)
        slots = memory.read(SHAPE["ring_offset"], SHAPE["ring_slots"] * 64)
        told = read_events(ring.position, slots)
        read.append([repr(event._replace(monotonic_ns=0)) for event in told.events])
        read.append((told.next_position, told.missed_slots, dropped(memory)))
    assert read[:2] == read[2:]


@given(st.floats(min_value=2.0**-9, max_value=2.0**9.9))
def test_a_value_is_counted_in_the_bucket_that_prometheus_would_take(value):
    for twin in {cells_pure, getattr(cells, "_twin", cells_pure)}:
        memory = memory_of(twin)
        histogram_of(twin, memory).observe(value)
        place = VALUES + 1024 + 64 + 8 * (bucket_index(value, 3) - LOW)
        assert memory.load(place) == 1


def test_every_bound_belongs_to_the_bucket_below_it(twin):
    memory = memory_of(twin)
    handle = histogram_of(twin, memory)
    for step in range(-72, 72):
        bound = 2.0 ** (step / 8)
        for value in (bound, math.nextafter(bound, 9e9), math.nextafter(bound, 0)):
            handle.observe(value)
            place = VALUES + 1024 + 64 + 8 * (bucket_index(value, 3) - LOW)
            assert memory.load(place) > 0
            memory.store(place, 0)


def test_values_beyond_the_buckets_are_counted_beside_them(twin):
    memory = memory_of(twin)
    handle = histogram_of(twin, memory)
    for value in (0, 2.0**-10, -(2.0**-11), 1e9, -1e9, 1e9):
        handle.observe(value)
    beside = [memory.load(VALUES + 1024 + at) for at in (24, 32, 40)]
    assert beside == [3, 2, 1]
    assert (handle.count, handle.sum) == (6, pytest.approx(1e9 + 2.0**-11))


class Spiteful:
    def __float__(self):
        raise RuntimeError("no")

    def __le__(self, other):
        raise RuntimeError("no")

    __ge__ = __lt__ = __gt__ = __hash__ = __le__
    __eq__ = lambda self, other: self.__le__(other)


@pytest.mark.parametrize("value", [None, "7", b"7", Spiteful(), [], object()])
def test_what_is_no_number_is_dropped_and_counted(twin, value):
    memory = memory_of(twin)
    gauge = twin.GaugeHandle(memory, VALUES)
    for method in (
        twin.CounterHandle(memory, VALUES).inc,
        gauge.set,
        gauge.inc,
        gauge.dec,
        histogram_of(twin, memory).observe,
        histogram_of(twin, memory).since,
    ):
        method(value)
    twin.StateHandle(memory, VALUES, ("on", "off")).set(value)
    assert dropped(memory) == {Drop.NOT_A_NUMBER: 6, Drop.UNKNOWN_STATE: 1}


def test_a_counter_drops_what_would_make_it_fall_or_never_end(twin):
    memory = memory_of(twin)
    counter = twin.CounterHandle(memory, VALUES)
    for amount in (-1, -math.inf, math.inf, math.nan):
        counter.inc(amount)
    assert counter.value == 0
    assert dropped(memory) == {Drop.NEGATIVE: 2, Drop.NOT_FINITE: 2}


def test_a_histogram_without_a_side_below_zero_drops_what_falls_there(twin):
    memory = memory_of(twin)
    handle = histogram_of(twin, memory, signed=False)
    for value in (-1.0, math.nan, math.inf, 3.0):
        handle.observe(value)
    assert handle.count == 1
    assert dropped(memory) == {Drop.NEGATIVE: 1, Drop.NOT_FINITE: 2}


def test_a_block_is_timed_also_when_it_fails(twin):
    memory = memory_of(twin)
    handle = histogram_of(twin, memory)
    with handle.time():
        pass
    with pytest.raises(KeyError), handle.time():
        raise KeyError
    assert handle.count == 2
    assert 0 < handle.sum < 1e6


def test_functions_and_coroutine_functions_are_timed(twin):
    handle = histogram_of(twin, memory_of(twin))

    @handle.time()
    def double(value):
        """Doubles."""
        return 2 * value

    @handle.time()
    async def wait():
        await asyncio.sleep(0)
        return "done"

    assert (double(4), asyncio.run(wait())) == (8, "done")
    assert (double.__doc__, handle.count) == ("Doubles.", 2)


def test_time_is_counted_in_the_unit_of_the_histogram(twin):
    handle = histogram_of(twin, memory_of(twin))
    handle.since(twin.clock_ns() - 500_000)
    assert 500 <= handle.sum < 5_000_000


def test_an_exemplar_is_kept_beside_its_histogram(twin):
    memory = memory_of(twin)
    handle = histogram_of(twin, memory)
    handle.observe(3.0, b"t" * 16 + b"s" * 8)
    slots = memory.read(SHAPE["exemplars_offset"], 16 * EXEMPLAR.size)
    kept = [EXEMPLAR.unpack(slots, at) for at in range(0, len(slots), EXEMPLAR.size)]
    (kept,) = [each for each in kept if each["sequence"]]
    assert (kept["value_offset"], kept["value"]) == (VALUES + 1024, 3.0)
    assert (kept["trace_id"], kept["span_id"]) == (b"t" * 16, b"s" * 8)
    for wrong in (b"short", "t" * 16, 7):
        handle.observe(3.0, wrong)
    assert dropped(memory) == {Drop.BAD_EXEMPLAR: 3}


def test_a_long_event_takes_several_slots_and_a_longer_one_is_cut(twin):
    memory = memory_of(twin)
    ring = twin.Ring(memory)
    ring.push(7, "x" * 100, 5, None, "y" * 200, 2.5)
    ring.push(8)
    slots = memory.read(SHAPE["ring_offset"], SHAPE["ring_slots"] * 64)
    long, short = read_events(ring.position, slots).events
    assert long.arguments[:3] == ("x" * 100, 5, None)
    assert long.arguments[3].endswith("y…")
    assert long.arguments[4] is None  # There was no room left.
    assert (short.position, short.arguments) == (4, ())


def test_the_oldest_events_are_overwritten_and_counted(twin):
    memory = memory_of(twin)
    ring = twin.Ring(memory)
    for number in range(50):
        ring.push(1, number)
    slots = memory.read(SHAPE["ring_offset"], SHAPE["ring_slots"] * 64)
    told = read_events(ring.position, slots, 10)
    assert [event.arguments for event in told.events] == [(number,) for number in range(34, 50)]
    assert (told.next_position, told.missed_slots) == (50, 24)


def test_an_event_amid_being_written_is_left_for_the_next_reading(twin):
    memory = memory_of(twin)
    ring = twin.Ring(memory)
    ring.push(1)
    ring.push(2)
    memory.store(SHAPE["ring_offset"] + 64, 1 * 4 + 0)
    slots = memory.read(SHAPE["ring_offset"], SHAPE["ring_slots"] * 64)
    told = read_events(2, slots)
    assert ([event.format for event in told.events], told.next_position) == ([1], 1)


def test_handles_go_on_when_the_memory_behind_them_changes(twin, tmp_path):
    memory = memory_of(twin)
    counter = twin.CounterHandle(memory, VALUES)
    counter.inc(5)
    path = tmp_path / "region"
    path.write_bytes(memory.read(0, memory.size))
    with path.open("r+b") as file:
        memory.replace(file.fileno())
    counter.inc()
    assert path.read_bytes()[VALUES : VALUES + 8] == bytes.fromhex("0000000000001840")
    memory.detach()
    counter.inc()
    assert counter.value == 7
    memory.detach(keep=False)
    assert counter.value == 0
    assert path.read_bytes()[VALUES : VALUES + 8] == bytes.fromhex("0000000000001840")


def test_threads_lose_no_increment(twin):
    memory = memory_of(twin)
    counter, handle = twin.CounterHandle(memory, VALUES), histogram_of(twin, memory)

    def work():
        for _ in range(5_000):
            counter.inc()
            handle.observe(3.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (counter.value, handle.count, handle.sum) == (20_000, 20_000, 60_000)


def test_a_look_up_finds_children_and_asks_for_the_others(twin):
    class Family(twin.Bindable):
        def find(self, values):
            return f"made {values!r}"

    family = Family()
    family.children = {("a", "b"): 1, (): 0}
    new_text = "".join(["a"])
    assert [family.labels("a", "b"), family.labels(new_text, "b"), family.labels()] == [1, 1, 0]
    assert family.labels("a", "b") == 1
    assert family.labels("z") == "made ('z',)"
    assert family.labels([]) == "made ([],)"
    family.children = {("a", "b"): 2}
    assert family.labels("a", "b") == 2


def test_quantiles_of_heavy_tails_are_off_by_a_bucket_at_most(twin):
    draw = random.Random(11)
    values = sorted(draw.paretovariate(1.1) for _ in range(20_000))
    memory = memory_of(twin)
    handle = histogram_of(twin, memory, signed=False)
    for value in values:
        handle.observe(value)
    for quantile in (0.5, 0.9, 0.95, 0.99):
        exact = values[int(quantile * len(values))]
        assert estimate(memory, quantile * len(values)) == pytest.approx(exact, rel=0.05)


def estimate(memory, rank):
    seen = 0
    for place in range(COUNT):
        count = memory.load(VALUES + 1024 + 64 + 8 * place)
        if seen + count >= rank:
            return 2.0 ** ((LOW + place - 1 + (rank - seen) / count) / 8)
        seen += count
    return math.inf


def test_the_size_of_a_histogram_is_its_head_and_its_buckets():
    assert histogram_bytes(320, signed=False) == 64 + 320 * 8
    assert histogram_bytes(320, signed=True) == 64 + 2 * 320 * 8


def test_a_hash_that_raises_reaches_nobody(twin):
    class Hostile:
        def __hash__(self):
            raise RuntimeError("no")

    class Found(twin.Bindable):
        def find(self, values):
            return "found"

    memory = memory_of(twin)
    state = twin.StateHandle(memory, VALUES, ("a", "b"))
    state.set(Hostile())
    assert dropped(memory) == {Drop.UNKNOWN_STATE: 1}
    bindable = Found()
    bindable.children = {}
    assert bindable.labels(Hostile()) == "found"
