"""The queries that run at this moment, and the slowest of the last hour."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Final

from tapewatch.model.clock import Clock
from tapewatch.model.errors import TapewatchError

KEPT_MAX: Final = 100
KEPT_NS: Final = 3_600_000_000_000
TEXT_MAX: Final = 2_000
"""How many characters of a query are kept."""


@dataclass(slots=True)
class AskedQuery:
    """One query, from when it was asked; what it cost is known at its end."""

    text: str
    kind: str
    began_ns: int
    steps: int = 1
    seconds: float = 0.0
    samples_read: int = 0
    samples_peak: int = 0
    outcome: str = "running"


class SlowQueries:
    """Keeps the slowest, so that the one that hurts can be found after it has ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[int, AskedQuery] = {}
        self._numbers = count()
        self._kept: list[AskedQuery] = []

    @contextmanager
    def noting(self, text: str, kind: str, steps: int) -> Iterator[AskedQuery]:
        """Note one query while it runs."""
        number, began_ns = next(self._numbers), self._clock.monotonic_ns()
        asked = AskedQuery(text[:TEXT_MAX], kind, self._clock.now_ns(), steps)
        self._running[number] = asked
        try:
            yield asked
            asked.outcome = "success"
        except TapewatchError as fault:
            asked.outcome = str(fault)
            raise
        except BaseException:
            asked.outcome = "canceled"
            raise
        finally:
            asked.seconds = (self._clock.monotonic_ns() - began_ns) / 1e9
            del self._running[number]
            self._keep(asked)

    def running(self) -> list[AskedQuery]:
        """Return what runs, the longest first."""
        return sorted(self._running.values(), key=lambda each: each.began_ns)

    def slowest(self, limit: int) -> list[AskedQuery]:
        """Return the slowest, once for each text."""
        first: dict[tuple[str, str], AskedQuery] = {}
        for each in sorted(self._recent(), key=lambda each: -each.seconds):
            first.setdefault((each.text, each.kind), each)
        return list(first.values())[:limit]

    def _keep(self, asked: AskedQuery) -> None:
        self._kept.append(asked)
        if len(self._kept) > 2 * KEPT_MAX:
            self._kept = sorted(self._recent(), key=lambda each: -each.seconds)[:KEPT_MAX]

    def _recent(self) -> Iterator[AskedQuery]:
        since_ns = self._clock.now_ns() - KEPT_NS
        return (each for each in self._kept if each.began_ns >= since_ns)
