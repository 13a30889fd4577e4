"""
How long a stream is usually silent.

A feed is stale when it is silent for longer than it ever is in the ordinary. Declared where the
venue promises an interval (a book every 100 ms, a heartbeat every second), learnt where not.
"""

from typing import Final

GAIN: Final = 0.02
GAIN_FIRST: Final = 0.5
GAIN_FADES: Final = 0.95
FLOOR_S: Final = 1e-6


class Arrival:
    """
    Learn the quantile of the time between messages, in constant memory.

    The estimate moves up by a share of itself when a pause was longer and down by a smaller share
    when it was shorter, so that it rests where ``quantile`` of the pauses are shorter. It starts
    with large steps and ends with small ones, which keep following the market's pace.
    """

    __slots__ = ("expected_s", "gain", "quantile")

    def __init__(self, quantile: float = 0.99) -> None:
        self.expected_s = 0.0
        self.quantile = quantile
        self.gain = GAIN_FIRST

    def see(self, pause_s: float) -> float:
        """Take in one pause and return the expected one."""
        expected = self.expected_s
        if expected <= 0.0:
            expected = pause_s
        elif pause_s > expected:
            # One long silence (a night, a reconnect) must not set the expectation by itself.
            expected += expected * self.gain * self.quantile
        else:
            expected -= expected * self.gain * (1.0 - self.quantile)
        self.gain = max(GAIN, self.gain * GAIN_FADES)
        self.expected_s = max(expected, FLOOR_S)
        return self.expected_s
