# cython: binding=False
"""
The compiled twin of ``stream_pure.py``, which says what each method means.

A message that follows is judged here, by the rule of its sequence. Every other one is judged by the
sequence itself, which is told before where the stream stands and asked afterwards.
"""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_REALTIME, clock_gettime, timespec

from tapewatch.sdk.region.cells_fast cimport CounterHandle, GaugeHandle, HistogramHandle
from tapewatch.sdk.trading import arrival as arrivals
from tapewatch.sdk.trading.sequence import Verdict

cdef enum:
    RANGES = 1
    CHAIN_RISING = 2
    CHAIN = 3
    RISING = 4

cdef double GAIN = arrivals.GAIN
cdef double GAIN_FADES = arrivals.GAIN_FADES
cdef double FLOOR_S = arrivals.FLOOR_S
cdef object NOTHING = 0
cdef object NEXT = Verdict.NEXT
cdef object REFUSED = Verdict.REFUSED


cdef class Stream:
    """Takes in messages: counts them, keeps their time, and judges their numbers."""

    cdef readonly object sequence
    cdef int rule
    cdef bint following
    cdef int64_t last
    cdef int64_t at_ns
    cdef object arrival
    cdef object now_ns
    cdef CounterHandle messages
    cdef GaugeHandle last_at
    cdef GaugeHandle expected
    cdef HistogramHandle delay
    cdef double expected_s
    cdef double gain
    cdef double up

    def __init__(
        self,
        *,
        sequence,
        arrival,
        CounterHandle messages not None,
        GaugeHandle last not None,
        GaugeHandle expected not None,
        HistogramHandle delay not None,
        now_ns,
    ):
        self.sequence = sequence
        self.rule = getattr(sequence, "rule", 0)
        self.arrival = arrival
        self.now_ns = now_ns
        self.messages = messages
        self.last_at = last
        self.expected = expected
        self.delay = delay
        if arrival is not None:
            self.expected_s = arrival.expected_s
            self.gain = arrival.gain
            self.up = arrival.quantile
        self.ask()

    def message(self, last, first=None, previous=0, event_ns=NOTHING):
        """Take in one message and say what it is to the ones before it."""
        cdef int64_t number, begin, before
        cdef int64_t now = self.beat()
        if event_ns is not NOTHING and not self.delayed(now, event_ns):
            self.tell(REFUSED)
            return REFUSED
        try:
            number = last
            begin = number if first is None else first
            before = previous
        except Exception:
            return self.judge(last, first, previous)
        if not self.following or not self.follows(begin, number, before):
            return self.judge(last, first, previous)
        self.last = number
        return NEXT

    cdef bint delayed(self, int64_t now, event_ns) noexcept:
        cdef double event
        try:
            event = event_ns
        except Exception:
            return False
        if event:
            self.delay.record((<double>now - event) * 1e-9)
        return True

    cdef inline bint follows(self, int64_t first, int64_t last, int64_t previous) noexcept:
        if self.rule == RANGES:
            return first <= self.last + 1 <= last
        if self.rule == CHAIN_RISING:
            return previous == self.last and last > self.last
        if self.rule == CHAIN:
            return previous == self.last and last >= self.last and previous >= 0
        if self.rule == RISING:
            return first > self.last
        return False

    cdef object judge(self, last, first, previous):
        try:
            if self.following:
                self.sequence.last = self.last
            verdict = self.sequence.see(last if first is None else first, last, previous)
        except Exception:
            verdict = REFUSED
        self.ask()
        if verdict is not NEXT:
            self.tell(verdict)
        return verdict

    cdef void ask(self) noexcept:
        self.following = False
        if not self.rule:
            return
        try:
            self.last = self.sequence.last
            self.following = self.sequence.following
        except Exception:
            # A number too large for a word: the sequence itself goes on judging.
            return

    cdef int64_t beat(self) noexcept:
        cdef int64_t now = self.time()
        self.messages.add(1.0)
        self.last_at.cell[0] = <double>now * 1e-9
        if self.arrival is not None and self.at_ns:
            self.learn(<double>(now - self.at_ns) * 1e-9)
            self.expected.cell[0] = self.expected_s
        self.at_ns = now
        return now

    cdef int64_t time(self) noexcept:
        cdef timespec now
        if self.now_ns is not None:
            try:
                return self.now_ns()
            except Exception:
                return self.at_ns
        clock_gettime(CLOCK_REALTIME, &now)
        return <int64_t>now.tv_sec * 1000000000 + now.tv_nsec

    cdef void learn(self, double pause_s) noexcept:
        cdef double expected = self.expected_s
        if expected <= 0.0:
            expected = pause_s
        elif pause_s > expected:
            expected += expected * self.gain * self.up
        else:
            expected -= expected * self.gain * (1.0 - self.up)
        self.gain = max(GAIN, self.gain * GAIN_FADES)
        self.expected_s = max(expected, FLOOR_S)

    def alive(self):
        """Note that something came, a heartbeat for example; give the time of it."""
        return self.beat()

    def begin_at(self, last):
        """Begin at a snapshot that holds everything up to ``last``."""
        self.sequence.snapshot(last)
        self.ask()

    def begin_anew(self):
        """Forget the numbers and the time of the last message."""
        self.sequence.reset()
        self.at_ns = 0
        self.ask()

    def tell(self, verdict):
        """Say what is wrong with a message; a feed does."""
