"""
What leaves this part: alerts, and who takes them.

An alert is known by its labels alone. The same alert is said again and again while it lasts; who
takes it merges what is said by its fingerprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tapewatch.model.labels import EMPTY, Labels

ALERT_NAME: Final = "alertname"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it is said at one time; an end of zero is not said, and left to the taker."""

    labels: Labels
    annotations: Labels = EMPTY
    starts_at_ns: int = 0
    ends_at_ns: int = 0
    generator_url: str = ""

    @property
    def name(self) -> str:
        """The name of the rule, or whatever the sender calls it."""
        return self.labels.get(ALERT_NAME)

    @property
    def fingerprint(self) -> str:
        """The 16 hexadecimal digits under which Alertmanager knows the alert."""
        return self.labels.fingerprint()

    def is_resolved(self, now_ns: int) -> bool:
        """Say whether the alert has ended by ``now_ns``."""
        return 0 < self.ends_at_ns <= now_ns


class AlertSink(Protocol):
    """Whoever takes alerts: the alerting core, or a sender to another server."""

    def accept(self, alerts: Sequence[Alert], now_ns: int) -> None:
        """Take alerts; what is accepted is not lost any more."""
        ...
