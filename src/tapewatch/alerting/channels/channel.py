"""
What a channel is, and how one delivery can end.

A channel makes one attempt and never raises for what the other side does. It says ``Delivered``
with what it wants to remember of the message (its id, its thread), ``Retry`` where trying again may
help, or ``Refused`` where it will not; the words in ``detail`` are shown to people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.privacy.filter import Allowance


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken the message."""

    memory: Mapping[str, str] = field(default_factory=dict)
    """What the next notification of the episode needs to change this message."""
    detail: str = "delivered"


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not work now; ``after_seconds`` is what the other side asked for, if it did."""

    after_seconds: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not work, however often it is tried."""

    detail: str


Outcome: TypeAlias = Delivered | Retry | Refused


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a destination takes messages: a bucket of ``burst``, filled at a rate."""

    per_second: float
    burst: int = 1

    @property
    def seconds_each(self) -> float:
        """How long one message takes to be earned."""
        return 1.0 / self.per_second


class Channel(Protocol):
    """One integration of a receiver."""

    @property
    def kind(self) -> str:
        """Which sort of channel it is, such as ``slack``."""
        ...

    @property
    def destination(self) -> str:
        """Where it leads, without secrets; channels of one destination share its pace."""
        ...

    @property
    def pace(self) -> Pace:
        """How fast the destination takes messages."""
        ...

    @property
    def allowance(self) -> Allowance:
        """What messages may tell."""
        ...

    @property
    def takes_pictures(self) -> bool:
        """Whether a chart can go along."""
        ...

    async def send(self, parcel: Parcel, message: Context) -> Outcome:
        """Make one attempt."""
        ...

    async def test(self) -> Outcome:
        """Send a message that says it is a test."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
