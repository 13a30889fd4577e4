"""
Which parcel goes next, and what follows from how it went.

A destination is given messages no faster than its pace, and none while it asked to be left alone;
the most urgent go first, and a few places are kept free for them. A refusal, or an attempt that
failed too often, hands the words to the fall-back receiver and raises an alert of its own, which
ends with the next delivery. Everything here is decided by the time and the outcomes handed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from tapewatch.alerting.channels.channel import Channel, Delivered, Outcome, Pace, Refused, Retry
from tapewatch.alerting.delivery.backoff import wait_seconds
from tapewatch.alerting.delivery.health import ChannelHealth
from tapewatch.alerting.delivery.pace import NS, Destinations
from tapewatch.alerting.notification import Notification
from tapewatch.alerting.outbox import Outbox, Parcel, Route
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert, AlertSink

FAILED: Final = "NotificationFailed"
"""The name of the alert about a channel that does not take messages."""

FAILED_LASTS_NS: Final = 3600 * NS
HAND_OVER_ATTEMPTS: Final = 5
"""After so many failed attempts the fall-back is told too, while attempts go on."""

AT_ONCE_MAX: Final = 256
AT_ONCE_EACH_MAX: Final = 64
KEPT_FOR_URGENT: Final = 32
BUSY_NS: Final = NS // 20
AT_ONCE_ASKED: Final = 16
"""How many parcels are looked at together; a destination rarely takes more at a time."""


@dataclass(frozen=True, slots=True)
class Post:
    """One integration of a receiver, ready to be used."""

    receiver: str
    integration: str
    channel: Channel
    fallback: str = ""
    """The receiver that takes over; where it is empty the dispatcher's own."""

    test_interval_ns: int = 0

    @property
    def route(self) -> Route:
        """How the outbox knows it."""
        return (self.receiver, self.integration)


@dataclass(slots=True)
class Dispatcher:
    """Decides, and never waits."""

    outbox: Outbox
    random: Random
    sink: AlertSink | None = None
    fallback: str = ""
    at_once_max: int = AT_ONCE_MAX
    _posts: dict[Route, Post] = field(default_factory=dict)
    _health: dict[Route, ChannelHealth] = field(default_factory=dict)
    _under_way: dict[str, Route] = field(default_factory=dict)
    _destinations: Destinations = field(default_factory=lambda: Destinations(AT_ONCE_EACH_MAX))
    _raised: dict[Route, Alert] = field(default_factory=dict)

    def use(self, posts: Mapping[Route, Post], now_ns: int) -> None:
        """Take the channels of a configuration; what is known about those that stay is kept."""
        self._posts = dict(posts)
        known, self._health = self._health, {}
        for route, post in posts.items():
            channel = post.channel
            fresh = ChannelHealth(*route, channel.kind, channel.destination, last_test_ns=now_ns)
            kept = known.get(route)
            same = kept is not None and kept.destination == fresh.destination
            self._health[route] = kept if kept is not None and same else fresh

    def post(self, route: Route) -> Post | None:
        """Give a channel by its receiver and integration."""
        return self._posts.get(route)

    def health(self) -> tuple[ChannelHealth, ...]:
        """Give what is known about every channel."""
        return tuple(self._health.values())

    def start(self, now_ns: int) -> list[Parcel]:
        """Begin what may be sent now; each is to be sent once that is on disk."""
        begun: list[Parcel] = []
        blocked = self._blocked(now_ns)
        while room := self._room():
            known = len(blocked)
            found = self.outbox.due(now_ns, min(room, AT_ONCE_ASKED), without=blocked)
            fresh = [self._begin(each, blocked, now_ns) for each in found]
            begun += [each for each in fresh if each is not None]
            if not any(fresh) and len(blocked) == known:
                break
        return begun

    def settle(self, parcel: Parcel, outcome: Outcome, now_ns: int) -> None:
        """Note how an attempt went, and decide what follows."""
        route = self._under_way.pop(parcel.notification.id)
        post = self._posts.get(route)
        self._destinations.release(_name_of(post, route))
        if isinstance(outcome, Delivered):
            self.outbox.delivered(parcel, outcome.memory, outcome.detail, now_ns)
        elif isinstance(outcome, Retry):
            self._retry(parcel, outcome, post, now_ns)
        else:
            self.outbox.refused(parcel, outcome.detail, now_ns)
            self._hand_over(parcel.notification, post, now_ns)
        self._note(route, outcome, parcel, now_ns)

    def tested(self, route: Route, outcome: Outcome, now_ns: int) -> None:
        """Note how a test of a channel went."""
        if route in self._health:
            self._health[route].last_test_ns = now_ns
            self._note(route, outcome, None, now_ns)

    def clock_stepped(self, by_ns: int) -> None:
        """Go on as before when the wall clock is set: no destination waits for the old time."""
        self._destinations.clock_stepped(by_ns)
        for health in self._health.values():
            health.last_test_ns += by_ns

    def tests_due(self, now_ns: int) -> Iterator[Post]:
        """Yield the channels whose test is due."""
        for route, post in self._posts.items():
            if post.test_interval_ns and now_ns >= self._test_at_ns(route, post):
                yield post

    def wake_at_ns(self, now_ns: int) -> int:
        """Give when there is something to do again, if nothing happens before."""
        blocked = self._blocked(now_ns)
        soonest = self.outbox.next_due_ns(without=blocked)
        if self._room() <= KEPT_FOR_URGENT:
            # The end of an attempt wakes us; what is urgent and waits for its time is looked for.
            soonest = max(soonest, now_ns + BUSY_NS)
        for route in blocked:
            post = self._posts.get(route)
            if post is not None and not self._destinations.is_full(post.channel.destination):
                soonest = min(soonest, self._free_at_ns(post, now_ns))
        for route, post in self._posts.items():
            if post.test_interval_ns:
                soonest = min(soonest, self._test_at_ns(route, post))
        return max(soonest, now_ns)

    @property
    def under_way(self) -> int:
        """How many attempts have not ended."""
        return len(self._under_way)

    def _room(self) -> int:
        return max(self.at_once_max - len(self._under_way), 0)

    def _blocked(self, now_ns: int) -> set[Route]:
        return {route for route in self._posts if self._is_blocked(route, now_ns)}

    def _is_blocked(self, route: Route, now_ns: int) -> bool:
        post = self._posts.get(route)
        if post is None:
            return False  # What has no channel any more is begun, and refused.
        full = self._destinations.is_full(post.channel.destination)
        return full or self._free_at_ns(post, now_ns) > now_ns

    def _free_at_ns(self, post: Post, now_ns: int) -> int:
        return self._destinations.free_at_ns(post.channel.destination, post.channel.pace, now_ns)

    def _begin(self, parcel: Parcel, blocked: set[Route], now_ns: int) -> Parcel | None:
        told = parcel.notification
        route = (told.receiver, told.integration)
        if route in blocked or (told.urgency > 0 and self._room() <= KEPT_FOR_URGENT):
            return None
        if self._is_blocked(route, now_ns):
            blocked.add(route)
            return None
        begun = self.outbox.begin(parcel, now_ns)
        if begun is not None:
            post = self._posts.get(route)
            pace = post.channel.pace if post else _UNPACED
            self._destinations.take(_name_of(post, route), pace, now_ns)
            self._under_way[told.id] = route
        return begun

    def _retry(self, parcel: Parcel, outcome: Retry, post: Post | None, now_ns: int) -> None:
        seconds = wait_seconds(parcel.attempt, outcome.after_seconds, self.random)
        due_ns = now_ns + round(seconds * NS)
        if outcome.after_seconds is not None and post is not None:
            self._destinations.bar(post.channel.destination, due_ns)
        self.outbox.put_off(parcel, due_ns, outcome.detail, now_ns)
        if parcel.attempt == HAND_OVER_ATTEMPTS:
            self._hand_over(parcel.notification, post, now_ns)

    def _hand_over(self, told: Notification, post: Post | None, now_ns: int) -> None:
        receiver = (post.fallback if post else "") or self.fallback
        for route, other in self._posts.items():
            # The name of a notification holds the way that it has taken, so it goes in no circle.
            taken = f">{other.receiver}/{other.integration}" in told.id
            own = route == (told.receiver, told.integration)
            if other.receiver == receiver and not own and not taken:
                copy = told.to(other.receiver, other.integration)
                self.outbox.put(replace(copy, created_ns=now_ns))

    def _note(self, route: Route, outcome: Outcome, parcel: Parcel | None, now_ns: int) -> None:
        health = self._health.get(route)
        if health is None:
            return
        if isinstance(outcome, Delivered):
            health.succeed(outcome.detail, now_ns)
            self._withdraw(route, now_ns)
            return
        refused = isinstance(outcome, Refused)
        health.fail(outcome.detail, now_ns, refused=refused)
        final = refused or parcel is None or health.failures_in_a_row >= HAND_OVER_ATTEMPTS
        if final and not (parcel is not None and _is_about_failure(parcel.notification)):
            self._raise(route, health, now_ns)

    def _raise(self, route: Route, health: ChannelHealth, now_ns: int) -> None:
        alert = Alert(
            labels=Labels.of(
                alertname=FAILED,
                severity="critical",
                receiver=health.receiver,
                integration=health.integration,
                kind=health.kind,
            ),
            annotations=Labels.of(
                summary=f"{health.destination} does not take notifications: {health.words}",
                action="Read what it answers, mend the channel, and test it: "
                f"tapewatch alerts test {health.receiver}/{health.integration}",
            ),
            starts_at_ns=health.failing_since_ns,
            ends_at_ns=now_ns + FAILED_LASTS_NS,
        )
        self._raised[route] = alert
        self._say(alert, now_ns)

    def _withdraw(self, route: Route, now_ns: int) -> None:
        alert = self._raised.pop(route, None)
        if alert is not None:
            self._say(Alert(alert.labels, alert.annotations, alert.starts_at_ns, now_ns), now_ns)

    def _say(self, alert: Alert, now_ns: int) -> None:
        if self.sink is not None:
            self.sink.accept([alert], now_ns)

    def _test_at_ns(self, route: Route, post: Post) -> int:
        return self._health[route].last_test_ns + post.test_interval_ns


_UNPACED: Final = Pace(1_000_000.0, 1_000_000)


def _name_of(post: Post | None, route: Route) -> str:
    return post.channel.destination if post else "/".join(route)


def _is_about_failure(told: Notification) -> bool:
    return told.common_labels.get("alertname") == FAILED
