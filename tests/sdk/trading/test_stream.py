"""What a feed does for every message: both twins, on the same messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapewatch.sdk.region.cells import CounterHandle, GaugeHandle, HistogramHandle, Memory
from tapewatch.sdk.trading import stream, stream_pure
from tapewatch.sdk.trading.arrival import Arrival
from tapewatch.sdk.trading.sequence import POLICIES, Verdict

TWINS = [stream_pure.Stream, stream.Stream]
START = 1_700_000_000_000_000_000


class Bench:
    """A stream with all of its cells at hand, and a clock that is set by hand."""

    def __init__(self, twin, sequence):
        memory = Memory(1 << 16)
        self.now_ns = START
        self.messages = CounterHandle(memory, 4096)
        self.last, self.expected = GaugeHandle(memory, 4104), GaugeHandle(memory, 4112)
        self.delay = HistogramHandle(memory, 8192, -239, 320, True, 1e9)
        self.told = told = []

        class Telling(twin):
            """A stream that says to the test what is wrong."""

            def tell(self, verdict):
                told.append(verdict)

        self.stream = Telling(
            sequence=sequence,
            arrival=Arrival(0.9),
            messages=self.messages,
            last=self.last,
            expected=self.expected,
            delay=self.delay,
            now_ns=lambda: self.now_ns,
        )

    def seen(self):
        """Everything that two twins have to agree on."""
        return (
            self.told,
            self.messages.value,
            self.last.value,
            pytest.approx(self.expected.value, rel=1e-12),
            self.delay.count,
            self.stream.sequence.missing.ranges,
            self.stream.sequence.synced,
        )


numbers = st.integers(0, 40) | st.sampled_from([None, "5", 7.0, 1 << 70, -1, -(1 << 70)])
messages = st.tuples(numbers, numbers, st.integers(-1, 40), st.sampled_from([0, START, "now"]))
actions = st.lists(
    st.one_of(messages, st.just("anew"), st.integers(0, 30).map(lambda n: ("at", n))),
    max_size=60,
)


@given(st.sampled_from(sorted(POLICIES)), actions)
def test_the_twins_agree(policy, steps):
    pure, chosen = (Bench(twin, POLICIES[policy]()) for twin in TWINS)
    for place, step in enumerate(steps):
        verdicts = []
        for bench in (pure, chosen):
            bench.now_ns += 1_000_000 * (place % 7)
            if step == "anew":
                bench.stream.begin_anew()
            elif step[0] == "at":
                bench.stream.begin_at(step[1])
            else:
                verdicts.append(bench.stream.message(*step))
        assert verdicts[:1] == verdicts[1:]
    assert pure.seen() == chosen.seen()


@given(st.sampled_from(sorted(POLICIES)), st.lists(st.integers(1, 3), max_size=60))
def test_the_twins_agree_on_streams_that_mostly_follow(policy, steps):
    pure, chosen = (Bench(twin, POLICIES[policy]()) for twin in TWINS)
    last = 10
    for bench in (pure, chosen):
        bench.stream.begin_at(last)
    for step in steps:
        first = last + 1 if step < 3 else last + 2
        arguments = (first + step, first, first - 1)
        last = first + step
        assert pure.stream.message(*arguments) is chosen.stream.message(*arguments)
    assert pure.seen() == chosen.seen()


@pytest.mark.parametrize("twin", TWINS, ids=["pure", "chosen"])
def test_a_sequence_of_ones_own_is_asked_for_every_message(twin):
    class Even:
        """Only even numbers follow."""

        synced, missing = True, POLICIES["plus_one"]().missing

        def see(self, first, last, previous):
            return Verdict.LATE if last % 2 else Verdict.NEXT

    bench = Bench(twin, Even())
    assert [bench.stream.message(number) for number in (2, 3, 4)] == [
        Verdict.NEXT,
        Verdict.LATE,
        Verdict.NEXT,
    ]


@pytest.mark.parametrize("twin", TWINS, ids=["pure", "chosen"])
def test_the_pause_after_a_reconnect_is_not_learnt(twin):
    bench = Bench(twin, POLICIES["plus_one"]())
    for _ in range(50):
        bench.now_ns += 1_000_000
        bench.stream.alive()
    before = bench.expected.value
    bench.stream.begin_anew()
    bench.now_ns += 3_600_000_000_000
    bench.stream.alive()
    assert bench.expected.value == before
