"""The life of orders: both twins, on the same marks."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.region.cells import CounterHandle, GaugeHandle, HistogramHandle, Memory
from tapewatch.sdk.trading import orders, orders_pure
from tapewatch.sdk.trading.stages import (
    ACK,
    CANCEL,
    FILL,
    PARTIAL,
    REJECT,
    RISK,
    SENT,
    SIGNAL,
    STAGE_COUNT,
    MarkFault,
    Stage,
    transition,
)

TWINS = [orders_pure.Orders, orders.Orders]
HISTOGRAM_BYTES = 64 + 8 * 320


class Bench:
    """Orders with all of their cells at hand."""

    def __init__(self, twin, open_max=100, ended_max=4, timeline=None):
        self.memory = Memory(1 << 19)
        self._next = count(4096, HISTOGRAM_BYTES)
        self.made = []
        self.marks = [self.counter() for _ in Stage]
        self.faults = [self.counter() for _ in MarkFault]
        self.open_orders, self.oldest = self.gauge(), self.gauge()
        self.tick_to_trade, self.life = self.histogram(), self.histogram()
        self.steps = [None] * STAGE_COUNT**2
        self.steps[transition(SENT, ACK)] = self.sent_to_ack = self.histogram()
        self.orders = twin(
            transitions=self.steps,
            find=self.find,
            marks=self.marks,
            faults=self.faults,
            open_orders=self.open_orders,
            oldest=self.oldest,
            tick_to_trade=self.tick_to_trade,
            life=self.life,
            realtime_offset_ns=0,
            open_max=open_max,
            ended_max=ended_max,
            timeline=timeline,
        )

    def counter(self):
        return CounterHandle(self.memory, next(self._next))

    def gauge(self):
        return GaugeHandle(self.memory, next(self._next))

    def histogram(self):
        return HistogramHandle(self.memory, next(self._next), -239, 320, False, 1e9)

    def find(self, before, after):
        self.made.append((before, after, self.histogram()))
        return self.made[-1][2]

    def fault(self, fault):
        return self.faults[fault].value

    def told(self):
        """Everything that two twins have to agree on."""
        return (
            [cell.value for cell in (*self.marks, *self.faults, self.open_orders)],
            [(before, after, cell.count) for before, after, cell in self.made],
            (self.sent_to_ack.count, self.tick_to_trade.count, self.life.count),
        )


@pytest.fixture(params=TWINS, ids=["pure", "chosen"])
def bench(request):
    return Bench(request.param)


def test_an_ordinary_life_is_counted_step_by_step(bench):
    watched = bench.orders
    assert watched.signal("a1", tick_ns=1)
    assert all(watched.mark("a1", stage) for stage in (RISK, SENT, ACK, PARTIAL, PARTIAL, FILL))
    assert bench.sent_to_ack.count == 1
    assert bench.tick_to_trade.count == 1
    assert bench.life.count == 1
    assert [(before, after) for before, after, _ in bench.made] == [
        (SIGNAL, RISK),
        (RISK, SENT),
        (ACK, PARTIAL),
        (PARTIAL, PARTIAL),
        (PARTIAL, FILL),
    ]
    assert [cell.value for cell in bench.marks] == [1, 1, 1, 1, 2, 1, 0, 0, 0]
    assert bench.open_orders.value == 0
    assert sum(cell.value for cell in bench.faults) == 0


@pytest.mark.parametrize("twin", TWINS, ids=["pure", "chosen"])
def test_a_timeline_is_told_every_step_and_no_fault(twin):
    steps = []
    watched = Bench(twin, timeline=lambda order_id, stage: steps.append((order_id, stage))).orders
    watched.signal("a1")
    for stage in (SENT, SENT, FILL, ACK):
        watched.mark("a1", stage)
    assert steps == [("a1", SIGNAL), ("a1", SENT), ("a1", FILL)]


def test_stages_may_be_left_out(bench):
    bench.orders.signal("a1")
    assert bench.orders.mark("a1", REJECT)
    assert bench.orders.open_count == 0


def test_going_back_is_counted_and_changes_nothing(bench):
    bench.orders.signal("a1")
    bench.orders.mark("a1", ACK)
    assert not bench.orders.mark("a1", SENT)
    assert not bench.orders.mark("a1", ACK)
    assert bench.fault(MarkFault.OUT_OF_ORDER) == 2
    assert bench.orders.stage_of("a1") == ACK


def test_a_mark_of_an_order_nobody_signalled_is_unknown(bench):
    assert not bench.orders.mark("nobody", ACK)
    assert bench.fault(MarkFault.UNKNOWN) == 1
    assert bench.orders.stage_of("nobody") == -1


def test_an_acknowledgement_behind_its_fill_is_after_the_end(bench):
    bench.orders.signal("a1")
    bench.orders.mark("a1", FILL)
    assert not bench.orders.mark("a1", ACK)
    assert bench.fault(MarkFault.AFTER_END) == 1


def test_ended_orders_are_forgotten_in_time(bench):
    for number in range(6):
        bench.orders.signal(number)
        bench.orders.mark(number, CANCEL)
    assert [bench.orders.stage_of(number) for number in range(6)] == [-1, -1, *[CANCEL] * 4]


def test_an_id_may_be_used_again_after_its_end(bench):
    bench.orders.signal("a1")
    assert not bench.orders.signal("a1")
    assert bench.fault(MarkFault.TWICE) == 1
    bench.orders.mark("a1", CANCEL)
    assert bench.orders.signal("a1")
    for number in range(6):
        bench.orders.signal(number)
        bench.orders.mark(number, CANCEL)
    assert bench.orders.mark("a1", ACK)


def test_no_more_orders_are_watched_than_allowed():
    for twin in TWINS:
        bench = Bench(twin, open_max=2)
        assert [bench.orders.signal(name) for name in "abc"] == [True, True, False]
        assert bench.fault(MarkFault.FULL) == 1
        bench.orders.mark("a", CANCEL)
        assert bench.orders.signal("c")


@pytest.mark.parametrize("order_id", [[], {}, {1: 2}])
def test_an_id_that_cannot_be_a_key_is_counted(bench, order_id):
    assert not bench.orders.signal(order_id)
    assert not bench.orders.mark(order_id, ACK)
    assert bench.fault(MarkFault.UNREADABLE) == 2


@pytest.mark.parametrize("stage", [-1, 9, None, "ack", 1 << 80])
def test_a_stage_that_is_none_is_counted(bench, stage):
    bench.orders.signal("a1")
    assert not bench.orders.mark("a1", stage)
    assert bench.fault(MarkFault.UNREADABLE) == 1


def test_a_tick_that_is_no_time_is_counted(bench):
    assert not bench.orders.signal("a1", "now")
    assert bench.fault(MarkFault.UNREADABLE) == 1
    assert bench.orders.open_count == 0


def test_the_oldest_open_order_is_always_told(bench):
    assert bench.oldest.value == 0
    bench.orders.signal("a")
    first = bench.oldest.value
    assert first > 0
    bench.orders.signal("b")
    bench.orders.signal("c")
    bench.orders.mark("b", FILL)
    assert bench.oldest.value == first
    bench.orders.mark("a", FILL)
    assert bench.oldest.value > first
    bench.orders.mark("c", FILL)
    assert bench.oldest.value == 0


def test_orders_that_should_have_ended_are_listed_the_oldest_first(bench):
    for name in "abcd":
        bench.orders.signal(name)
    bench.orders.mark("b", FILL)
    bench.orders.mark("c", SENT)
    listed = [(name, stage) for name, stage, age_ns in bench.orders.older_than(0, 2)]
    assert listed == [("a", SIGNAL), ("c", SENT)]
    assert bench.orders.count_older_than(0) == 3
    assert bench.orders.count_older_than(10**15) == 0
    assert bench.orders.older_than(10**15, 2) == []


actions = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([None, *range(-1, STAGE_COUNT + 1)])),
    max_size=150,
)


@given(actions)
def test_the_twins_agree(steps):
    pure, chosen = (Bench(twin, open_max=4, ended_max=3) for twin in TWINS)
    for order_id, stage in steps:
        answers = [
            bench.orders.signal(order_id) if stage is None else bench.orders.mark(order_id, stage)
            for bench in (pure, chosen)
        ]
        assert answers[0] == answers[1]
        assert pure.orders.stage_of(order_id) == chosen.orders.stage_of(order_id)
        assert pure.orders.open_count == chosen.orders.open_count
    assert pure.told() == chosen.told()
