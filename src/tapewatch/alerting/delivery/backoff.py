"""
When a failed attempt is made again: later and later, and at random, so that few meet.

The wait is drawn from the whole range (full jitter); what the other side asks for is the least.
"""

from random import Random
from typing import Final

FIRST_SECONDS: Final = 0.5
LAST_SECONDS: Final = 60.0
ASKED_JITTER: Final = 0.1
"""Added to a time that was asked for, as a share of it, up to ``ASKED_JITTER_MAX_SECONDS``."""

ASKED_JITTER_MAX_SECONDS: Final = 0.25

_DOUBLINGS_MAX: Final = 16


def wait_seconds(attempt: int, asked_seconds: float | None, random: Random) -> float:
    """Give how long to wait after a failed attempt, which counts from 1."""
    if asked_seconds is not None:
        spread = min(asked_seconds * ASKED_JITTER, ASKED_JITTER_MAX_SECONDS)
        return asked_seconds + random.uniform(0.0, spread)
    doublings = min(attempt - 1, _DOUBLINGS_MAX)
    return random.uniform(0.0, min(FIRST_SECONDS * 2**doublings, LAST_SECONDS))
