"""What is known about each channel: whether messages arrive, since when not, and why."""

from dataclasses import dataclass, field
from enum import StrEnum


class Condition(StrEnum):
    """How a channel is."""

    UNPROVEN = "unproven"
    WORKING = "working"
    FAILING = "failing"
    REFUSING = "refusing"


@dataclass(slots=True)
class ChannelHealth:
    """One channel; times are 0 where it has not happened."""

    receiver: str
    integration: str
    kind: str
    destination: str
    condition: Condition = Condition.UNPROVEN
    words: str = ""
    delivered: int = 0
    failed: int = 0
    refused: int = 0
    failures_in_a_row: int = 0
    last_success_ns: int = 0
    last_failure_ns: int = 0
    last_test_ns: int = 0
    failing_since_ns: int = field(default=0)

    def succeed(self, words: str, now_ns: int) -> None:
        """Note a delivery."""
        self.condition, self.words = Condition.WORKING, words
        self.delivered += 1
        self.failures_in_a_row = self.failing_since_ns = 0
        self.last_success_ns = now_ns

    def fail(self, words: str, now_ns: int, *, refused: bool = False) -> None:
        """Note a failed attempt."""
        self.condition = Condition.REFUSING if refused else Condition.FAILING
        self.words = words
        self.failed += 1
        self.refused += refused
        self.failures_in_a_row += 1
        self.failing_since_ns = self.failing_since_ns or now_ns
        self.last_failure_ns = now_ns
