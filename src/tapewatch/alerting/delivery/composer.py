"""From a notification to the message of one channel: filtered, told, and with its chart."""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final, Protocol

from tapewatch.alerting.channels.channel import Channel
from tapewatch.alerting.channels.context import Context, Picture
from tapewatch.alerting.channels.story import Steps, Story, tell
from tapewatch.alerting.notification import Notification
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.privacy.filter import Change, Filtered, PrivacyFilter
from tapewatch.alerting.templates import Data, Words
from tapewatch.model.labels import Labels
from tapewatch.watch.errors import TemplateFault

log = logging.getLogger(__name__)

PICTURE_SECONDS: Final = 1.0
"""A chart that takes longer is left out."""


class Painter(Protocol):
    """Draws the series behind a notification; may fail, and may give nothing."""

    async def paint(self, told: Notification, filtered: Notification) -> Picture | None:
        """Draw what ``told`` is about, with no more words than ``filtered`` has."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is handed, and what was changed on the way."""

    parcel: Parcel
    context: Context
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class Composer:
    """Writes messages."""

    filter: PrivacyFilter
    words: Words
    steps: Steps | None = None
    painter: Painter | None = None

    async def compose(self, parcel: Parcel, channel: Channel) -> Message:
        """Write the message of a parcel for a channel."""
        filtered = self.filter.apply(parcel.notification, channel.allowance)
        told = filtered.notification
        wanted = channel.takes_pictures
        picture = await self._picture(parcel.notification, told) if wanted else None
        data = Data.of(told, lambda: self._tell(parcel.notification, filtered))
        if any("{{" in value for _, value in told.route_labels):
            told = replace(told, route_labels=self._rendered(told.route_labels, data))
            data = Data.of(told, lambda: self._tell(parcel.notification, filtered))
        context = Context(data, self.words, picture)
        return Message(replace(parcel, notification=told), context, filtered.changes)

    def _rendered(self, labels: Labels, data: Data) -> Labels:
        """Render the labels of a route that are templates; one that fails stays as it is."""
        found = {}
        for name, value in labels:
            try:
                found[name] = self.words.text(value, data)
            except TemplateFault as fault:
                log.info("the label %s of the route cannot be rendered: %s", name, fault)
                found[name] = value
        return Labels.of(found)

    def _tell(self, told: Notification, filtered: Filtered) -> Story:
        steps = self.steps
        if steps is None:
            return tell(filtered.notification, hashed=filtered.hashed)
        # A runbook is found by the alert's own labels; its steps are cleaned like every text.
        first = next(iter(told.firing or told.alerts), None)
        found = [self.filter.text(step) for step in steps(first)] if first else []
        return tell(filtered.notification, lambda _alert: found, hashed=filtered.hashed)

    async def _picture(self, told: Notification, filtered: Notification) -> Picture | None:
        if self.painter is None:
            return None
        try:
            async with asyncio.timeout(PICTURE_SECONDS):
                return await self.painter.paint(told, filtered)
        except Exception as fault:  # noqa: BLE001  # a message never fails for its picture
            log.info("no chart for %s: %s", told.id, fault)
            return None
