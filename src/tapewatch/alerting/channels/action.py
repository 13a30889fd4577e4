"""
The action: what an alert sets off instead of telling somebody.

It is a channel, so that what holds for messages holds here: routes, silences, inhibition, an order,
and a parcel on disk before anything is done. Repetitions and ends of an alert pull nothing.
"""

from functools import cached_property
from typing import Final

from tapewatch.alerting.actions.pull import Pull
from tapewatch.alerting.channels.base import BaseChannel
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace, Refused
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.settings.action import ActionChannelSettings
from tapewatch.alerting.notified import Reason
from tapewatch.alerting.outbox import Parcel

PULLING: Final = frozenset({str(Reason.FIRST), str(Reason.NEW_ALERTS)})


class ActionChannel(BaseChannel[ActionChannelSettings]):
    """Pulls one action."""

    kind = "action"
    usual_pace = Pace(10.0, 20)
    inside = True

    @cached_property
    def destination(self) -> str:
        """The action."""
        return f"action {self.settings.action}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Pull the action, where something new fires."""
        told = parcel.notification
        if told.reason not in PULLING or not told.firing:
            return Delivered(detail=f"pulls nothing: {told.reason}")
        if self.surroundings.puller is None:
            return Refused("actions are pulled by a running server alone")
        pull = Pull(
            action=self.settings.action,
            key=parcel.idempotency_key,
            by=f"alert {told.common_labels.get('alertname') or told.group_key}",
            why=message.story.summary or message.story.title,
            at_ns=self.clock.now_ns(),
            labels=told.common_labels,
        )
        return await self.surroundings.puller.pull(pull)

    async def test(self) -> Outcome:
        """Pull nothing: a test of a message must never stop anybody's trading."""
        return Delivered(detail="an action is not tried by a test; see tapewatch alerts act")
