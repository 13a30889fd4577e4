"""The readable twin of ``stream_fast.pyx``: what a feed does for every message."""

from collections.abc import Callable
from time import time_ns
from typing import Final

from tapewatch.sdk.region.cells import CounterHandle, GaugeHandle, HistogramHandle
from tapewatch.sdk.trading.arrival import Arrival
from tapewatch.sdk.trading.sequence import Sequence, Verdict

_NS: Final = 1e-9


class Stream:
    """
    Takes in messages: counts them, keeps their time, and judges their numbers.

    ``arrival`` learns the expected interval, None where it is declared. Every verdict but NEXT
    goes to ``tell``.
    """

    def __init__(
        self,
        *,
        sequence: Sequence,
        arrival: Arrival | None,
        messages: CounterHandle,
        last: GaugeHandle,
        expected: GaugeHandle,
        delay: HistogramHandle,
        now_ns: Callable[[], int] | None,
    ) -> None:
        self.sequence = sequence
        self._arrival = arrival
        self._messages = messages
        self._last_at = last
        self._expected = expected
        self._delay = delay
        self._now_ns = now_ns or time_ns
        self._at_ns = 0

    def message(
        self, last: int, first: int | None = None, previous: int = 0, event_ns: int = 0
    ) -> Verdict:
        """
        Take in one message and say what it is to the ones before it.

        ``last`` is its number (or the last of the range it covers, from ``first``), ``previous``
        the number that it names as its predecessor, ``event_ns`` the venue's own time of it.
        """
        now_ns = self.alive()
        try:
            if event_ns:
                self._delay.observe((now_ns - event_ns) * _NS)
            verdict = self.sequence.see(last if first is None else first, last, previous)
        except Exception:  # noqa: BLE001 # Whatever a number raises must not reach the trading path.
            verdict = Verdict.REFUSED
        if verdict is not Verdict.NEXT:
            self.tell(verdict)
        return verdict

    def alive(self) -> int:
        """Note that something came, a heartbeat for example; give the time of it."""
        now_ns = self._now_ns()
        self._messages.inc()
        self._last_at.set(now_ns * _NS)
        if self._arrival is not None and self._at_ns:
            self._expected.set(self._arrival.see((now_ns - self._at_ns) * _NS))
        self._at_ns = now_ns
        return now_ns

    def begin_at(self, last: int) -> None:
        """Begin at a snapshot that holds everything up to ``last``."""
        self.sequence.snapshot(last)

    def begin_anew(self) -> None:
        """Forget the numbers and the time of the last message."""
        self.sequence.reset()
        self._at_ns = 0

    def tell(self, verdict: Verdict) -> None:
        """Say what is wrong with a message; a feed does."""
