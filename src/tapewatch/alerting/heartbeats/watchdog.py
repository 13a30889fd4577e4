"""
The alert that always fires, for those who page when it stops.

Where a rule makes the same alert (the base pack ``watcher`` has one), that one is enough.
"""

from typing import Final

from tapewatch.alerting.desk import Desk
from tapewatch.alerting.heartbeats.heartbeat import WATCHDOG
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert

EVERY_NS: Final = 60 * 1_000_000_000
LASTS_NS: Final = 3 * EVERY_NS
LABELS: Final = Labels.of(alertname=WATCHDOG, severity="none")


class Watchdog:
    """Says the alert again and again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due_ns = 0
        self.on = False

    def tick(self, now_ns: int) -> None:
        """Say it, if it is time and nobody else does."""
        if not self.on or now_ns < self._due_ns:
            return
        self._due_ns = now_ns + EVERY_NS
        if not self._is_said(now_ns):
            words = Labels.of(summary="Alerting works: this alert always fires")
            self._desk.accept([Alert(LABELS, words, ends_at_ns=now_ns + LASTS_NS)], now_ns)

    def wake_at_ns(self) -> int:
        """Give when it is said again; 0 is never."""
        return max(self._due_ns, 1) if self.on else 0

    def _is_said(self, now_ns: int) -> bool:
        firing = self._desk.firing(now_ns)
        return any(each.name == WATCHDOG and each.labels != LABELS for each in firing)
