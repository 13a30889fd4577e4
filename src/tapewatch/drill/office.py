"""
The alerting of a drill: the desk, the dispatcher and the channels of a server, moved by hand.

A server drives them by timers of its own. On a clock that jumps, whoever moves the clock has to
know when everything that was due is done, so the same parts are driven here one step after another.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path
from random import Random

import yaml

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.steps import steps_of
from tapewatch.alerting.channels.surroundings import Surroundings
from tapewatch.alerting.configuration import Integration, read_alertmanager_text
from tapewatch.alerting.delivery.composer import Composer
from tapewatch.alerting.delivery.dispatcher import Dispatcher, Post
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.notification import AlertView
from tapewatch.alerting.outbox import Parcel
from tapewatch.alerting.plan import Plan
from tapewatch.alerting.privacy.filter import PrivacyFilter
from tapewatch.alerting.redirect import ACTION, to_inbox
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.routing import routing
from tapewatch.model.clock import Clock
from tapewatch.watch.alert import Alert
from tapewatch.watch.calendars.calendar import calendar

TURNS_MAX = 20
"""What follows from a delivery (a fall-back, an alert about a channel) is soon at its end."""


class Office:
    """Takes alerts, and has told people when it returns."""

    def __init__(
        self, catalog: Catalog, inbox: str, folder: Path, clock: Clock, random: Random
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        text = yaml.safe_dump(routing(catalog, secrets="secrets"), sort_keys=False)
        config = to_inbox(read_alertmanager_text(text), inbox)
        words = config.words()
        plan = Plan(config, calendar, external_url=catalog.platform.link("").rstrip("/"))
        now_ns = clock.now_ns()
        self.desk = Desk(
            Book(folder / "book.sqlite"), plan, now_ns=now_ns, new_id=lambda: str(uuid.uuid4())
        )
        self._composer = Composer(PrivacyFilter(b"a drill's key"), words, self._steps)
        self._dispatcher = Dispatcher(self.desk.outbox, random, sink=self)
        surroundings = Surroundings(clock=clock, words=words, external_url=plan.external_url)
        self._posts = [
            _post(each, surroundings)
            for integrations in config.integrations.values()
            for each in integrations
            # Actions are not for people, and a drill does none.
            if each.key != ACTION
        ]
        self._dispatcher.use({each.route: each for each in self._posts}, now_ns)

    def accept(self, alerts: Sequence[Alert], now_ns: int) -> None:
        """Take alerts."""
        self.desk.accept(alerts, now_ns)

    async def work(self) -> None:
        """Decide and deliver everything that is due now."""
        now_ns = self._clock.now_ns()
        for _ in range(TURNS_MAX):
            self.desk.tick(now_ns)
            begun = self._dispatcher.start(now_ns)
            self.desk.book.commit()
            if not begun:
                return
            for parcel in begun:
                await self._deliver(parcel, now_ns)

    def close(self) -> None:
        """Give everything back."""
        for each in self._posts:
            each.channel.close()
        self.desk.book.close()

    async def _deliver(self, parcel: Parcel, now_ns: int) -> None:
        told = parcel.notification
        post = self._dispatcher.post((told.receiver, told.integration))
        if post is None:
            # An action: there is nobody to tell.
            self.desk.outbox.delivered(parcel, {}, "", now_ns)
            return
        message = await self._composer.compose(parcel, post.channel)
        outcome = await post.channel.send(message.parcel, message.context)
        self._dispatcher.settle(parcel, outcome, now_ns)

    def _steps(self, alert: AlertView) -> Sequence[str]:
        runbook = self._catalog.runbooks.get(alert.annotations.get("runbook"))
        return steps_of(runbook.first_steps) if runbook else ()


def _post(integration: Integration, surroundings: Surroundings) -> Post:
    channel = KINDS[integration.key].make(integration.settings, surroundings)
    return Post(integration.receiver, integration.name, channel)
