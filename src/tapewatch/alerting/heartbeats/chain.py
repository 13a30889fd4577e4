"""Whether everything between a sample and a message works."""

from collections.abc import Callable, Sequence
from typing import Final

from tapewatch.alerting.delivery.health import ChannelHealth, Condition
from tapewatch.alerting.desk import Desk

STUCK_NS: Final = 300 * 1_000_000_000
"""A message that waits for longer shows that the outbox does not move."""
ASLEEP_NS: Final = 120 * 1_000_000_000
_FAILING: Final = (Condition.FAILING, Condition.REFUSING)

Rules = Callable[[int], str]
"""Says what keeps rules from being evaluated, empty where nothing does."""


class Chain:
    """The way of an alert, looked at from its end."""

    def __init__(
        self, desk: Desk, health: Callable[[], Sequence[ChannelHealth]], rules: Rules | None = None
    ) -> None:
        self._desk = desk
        self._health = health
        self._rules = rules
        self.ticked_ns = 0
        """When the desk was told the time last."""

    def fault(self, now_ns: int) -> str:
        """Say what is broken, the first thing first; empty where everything works."""
        return (
            (self._rules(now_ns) if self._rules is not None else "")
            or self._desk_fault(now_ns)
            or self._outbox_fault(now_ns)
            or self._channel_fault()
        )

    def _desk_fault(self, now_ns: int) -> str:
        if self._desk.book.last_error is not None:
            return f"the book cannot be written: {self._desk.book.last_error}"
        if self.ticked_ns and now_ns - self.ticked_ns > ASLEEP_NS:
            return f"nothing was decided for {(now_ns - self.ticked_ns) // 1_000_000_000} s"
        return ""

    def _outbox_fault(self, now_ns: int) -> str:
        late = [each for each in self._desk.outbox.waiting_since() if now_ns - each > STUCK_NS]
        if not late:
            return ""
        oldest = (now_ns - min(late)) // 1_000_000_000
        return f"{len(late)} messages do not leave, the oldest for {oldest} s"

    def _channel_fault(self) -> str:
        health = self._health()
        if health and all(each.condition in _FAILING for each in health):
            return f"every channel fails, {health[0].receiver} with: {health[0].words}"
        return ""
