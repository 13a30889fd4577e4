"""
The life of the alerts of one rule: pending, firing, resolved.

To the letter of Prometheus: an alert that the expression answers is pending until it has lasted,
then it fires; one that the expression answers no more is forgotten while it is pending, goes on for
``keep_firing_for`` while it fires, and is remembered for a while when it is resolved, so that its
end can be told again. Time is handed in, and only its differences count.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tapewatch.model.labels import Labels

RESOLVED_KEPT_NS: Final = 15 * 60 * 1_000_000_000
"""How long the end of an alert is told."""


class State(StrEnum):
    """Where an alert is in its life."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert as one evaluation saw it."""

    labels: Labels
    annotations: Labels
    value: float


@dataclass(slots=True)
class Active:
    """One alert; times of zero have not come."""

    labels: Labels
    annotations: Labels
    value: float
    active_at_ns: int
    state: State = State.PENDING
    fired_at_ns: int = 0
    resolved_at_ns: int = 0
    keep_firing_since_ns: int = 0
    last_sent_ns: int = 0
    valid_until_ns: int = 0

    def wants_sending(self, now_ns: int, resend_ns: int) -> bool:
        """Say whether the alert is to be told now: its beginning, its end, or once more."""
        if self.state is State.PENDING:
            return False
        never = not self.last_sent_ns
        ended = self.resolved_at_ns > self.last_sent_ns
        return never or ended or self.last_sent_ns + resend_ns < now_ns


class AlertStates:
    """All alerts of one rule."""

    def __init__(self, hold_ns: int, keep_firing_ns: int = 0) -> None:
        self.hold_ns = hold_ns
        self.keep_firing_ns = keep_firing_ns
        self._active: dict[Labels, Active] = {}

    def __len__(self) -> int:
        return len(self._active)

    def __iter__(self) -> Iterator[Active]:
        return iter(self._active.values())

    @property
    def state(self) -> State:
        """The state of the alert that is furthest."""
        states = {each.state for each in self._active.values()}
        return next(
            (state for state in (State.FIRING, State.PENDING) if state in states), State.INACTIVE
        )

    def see(self, seen: Iterable[Seen], now_ns: int) -> int:
        """Take in what an evaluation saw; returns how many alerts are pending or firing."""
        now = {each.labels: each for each in seen}
        for labels, each in now.items():
            self._meet(labels, each, now_ns)
        count = 0
        for labels, alert in list(self._active.items()):
            count += self._move(labels, alert, now_ns, still=labels in now)
        return count

    def forget(self) -> None:
        """Forget every alert, because there are too many of them."""
        self._active.clear()

    def inherit(self, former: "AlertStates") -> None:
        """Take over the alerts of the same rule before a reload."""
        self._active = {each.labels: each for each in former}

    def to_send(self, now_ns: int, *, resend_ns: int, valid_ns: int) -> Sequence[Active]:
        """Return the alerts that are to be told now, and note that they were."""
        chosen = [each for each in self._active.values() if each.wants_sending(now_ns, resend_ns)]
        for alert in chosen:
            alert.last_sent_ns = now_ns
            alert.valid_until_ns = now_ns + valid_ns
        return chosen

    def _meet(self, labels: Labels, seen: Seen, now_ns: int) -> None:
        known = self._active.get(labels)
        if known is not None and known.state is not State.INACTIVE:
            known.value, known.annotations = seen.value, seen.annotations
        else:
            self._active[labels] = Active(labels, seen.annotations, seen.value, now_ns)

    def _move(self, labels: Labels, alert: Active, now_ns: int, *, still: bool) -> bool:
        """Bring an alert to its state at ``now_ns``; says whether it is pending or firing."""
        if still:
            alert.keep_firing_since_ns = 0
        elif not self._goes_on(alert, now_ns):
            self._end(labels, alert, now_ns)
            return False
        if alert.state is State.PENDING and now_ns - alert.active_at_ns >= self.hold_ns:
            alert.state, alert.fired_at_ns = State.FIRING, now_ns
        return True

    def _goes_on(self, alert: Active, now_ns: int) -> bool:
        if alert.state is not State.FIRING or not self.keep_firing_ns:
            return False
        if not alert.keep_firing_since_ns:
            alert.keep_firing_since_ns = now_ns
        return now_ns - alert.keep_firing_since_ns < self.keep_firing_ns

    def _end(self, labels: Labels, alert: Active, now_ns: int) -> None:
        told = alert.resolved_at_ns and now_ns - alert.resolved_at_ns > RESOLVED_KEPT_NS
        if alert.state is State.PENDING or told:
            del self._active[labels]
        if alert.state is not State.INACTIVE:
            alert.state, alert.resolved_at_ns = State.INACTIVE, now_ns
