"""
What channels have in common: one attempt that never raises, and a test message.

A channel writes ``attempt`` as if everything went well; whatever ends an attempt early is raised as
``Ended`` with its outcome, and ``send`` returns it.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Retry
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.destinations import allowance_of
from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.alerting.channels.story import tell
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.channels.trial import trial
from tapewatch.alerting.errors import AlertingError
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.privacy.filter import Allowance
from tapewatch.alerting.templates import Data
from tapewatch.document.types import Secret

Settings = TypeVar("Settings", bound=ChannelSettings)


class Ended(AlertingError):
    """An attempt ends here; the outcome says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        return self.outcome.detail


class BaseChannel(ABC, Generic[Settings]):
    """A channel that is told by its settings; each kind says how an attempt is made."""

    kind: ClassVar[str]
    usual_pace: ClassVar[Pace] = Pace(10.0, 20)
    inside: ClassVar[bool] = False
    """Whether messages of this kind stay in the house."""

    pictures: ClassVar[bool] = False
    """Whether the service takes images with a message."""

    closes: ClassVar[bool] = False
    """Whether a test opens something that a second message has to close."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self.settings = settings
        self.surroundings = surroundings
        self.clock = surroundings.clock

    @cached_property
    def destination(self) -> str:
        """Where it leads, without secrets."""
        return self.kind

    @cached_property
    def pace(self) -> Pace:
        """How fast the destination takes messages."""
        own = self.settings.tapewatch
        usual = self.usual_pace
        return Pace(own.per_second or usual.per_second, own.burst or usual.burst)

    @cached_property
    def allowance(self) -> Allowance:
        """What messages may tell."""
        return allowance_of(self.settings, inside=self.inside)

    @property
    def takes_pictures(self) -> bool:
        """Whether a chart can go along."""
        return self.pictures and self.settings.tapewatch.chart

    @property
    def timeout_seconds(self) -> float:
        """How long one attempt may take."""
        own: int = getattr(self.settings, "timeout", 0)
        return (own or self.settings.tapewatch.timeout) / 1000

    async def send(self, parcel: Parcel, message: Context) -> Outcome:
        """Make one attempt."""
        try:
            outcome = await self.attempt(parcel, message)
        except Ended as ended:
            return ended.outcome
        except OSError as fault:
            return Retry(None, fault.strerror or str(fault))
        if message.faults and isinstance(outcome, Delivered):
            words = f"{outcome.detail}; said plainly, since {message.faults[0]}"
            return replace(outcome, detail=words)
        return outcome

    @abstractmethod
    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Make one attempt; may raise ``Ended``."""

    async def test(self) -> Outcome:
        """Send a message that says it is a test, and close what it opened."""
        parcel = trial(self.kind, self.clock.now_ns(), self.surroundings.external_url)
        outcome = await self.send(parcel, self.context(parcel))
        if not (self.closes and isinstance(outcome, Delivered)):
            return outcome
        parcel = trial(
            self.kind,
            self.clock.now_ns(),
            self.surroundings.external_url,
            resolved=True,
            memory=outcome.memory,
        )
        return await self.send(parcel, self.context(parcel))

    def context(self, parcel: Parcel) -> Context:
        """Write the message for a notification that has passed the filter."""
        data = Data.of(parcel.notification, lambda: tell(parcel.notification))
        return Context(data, self.surroundings.words)

    def close(self) -> None:
        """Let go of connections; most channels keep none."""


def reveal(secret: Secret | None, file: Path | None) -> str:
    """Return a secret from the settings or from its file, which is read again each time."""
    if file is None:
        return secret.reveal() if secret else ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not UTF-8"
        raise Ended(Retry(None, f"{file} cannot be read: {reason}")) from None
