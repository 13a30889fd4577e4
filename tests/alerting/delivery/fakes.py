"""A desk's outbox with channels that do as they are told."""

from dataclasses import dataclass, field, replace
from random import Random

from tests.alerting.saying import STARTS, notification

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import History
from tapewatch.alerting.channels.channel import Delivered, Pace
from tapewatch.alerting.delivery.dispatcher import Dispatcher, Post
from tapewatch.alerting.outbox import Outbox
from tapewatch.alerting.privacy.filter import Allowance

SECOND = 1_000_000_000


@dataclass
class FakeChannel:
    """Gives the outcomes it was handed, the last for ever; ``sent`` holds what it was given."""

    kind: str = "fake"
    destination: str = "fake one"
    pace: Pace = field(default_factory=lambda: Pace(1000.0, 1000))
    outcomes: list = field(default_factory=lambda: [Delivered({"id": "1"})])
    sent: list = field(default_factory=list)
    tested: int = 0
    allowance: Allowance = field(default_factory=Allowance)
    takes_pictures: bool = True

    async def send(self, parcel, message):
        self.sent.append((parcel, message))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        outcome = outcome() if callable(outcome) else outcome
        return await outcome if hasattr(outcome, "__await__") else outcome

    async def test(self):
        self.tested += 1
        return self.outcomes[0]

    def close(self):
        pass


@dataclass
class FakeSink:
    """Keeps the alerts it was told."""

    alerts: list = field(default_factory=list)

    def accept(self, alerts, now_ns):
        self.alerts += alerts


def post(receiver="desk", integration="x/0", channel=None, **more):
    return Post(receiver, integration, channel or FakeChannel(), **more)


class Office:
    """A book, an outbox and a dispatcher, and a time that stands still."""

    def __init__(self, folder, *posts, fallback="", seed=1):
        self.book = Book(folder / "book.sqlite")
        self.outbox = Outbox(self.book, History(self.book))
        self.now_ns = STARTS
        self.outbox.load(self.now_ns)
        self.sink = FakeSink()
        self.dispatcher = Dispatcher(self.outbox, Random(seed), self.sink, fallback)
        self.posts = {each.route: each for each in posts or (post(),)}
        self.dispatcher.use(self.posts, self.now_ns)

    def put(self, name="n1", **changes):
        told = notification(id=name, group_key=name, created_ns=self.now_ns)
        self.outbox.put(replace(told, **changes))

    def start(self):
        return self.dispatcher.start(self.now_ns)

    def names(self):
        return [parcel.notification.id for parcel in self.start()]

    def settle(self, parcel, outcome):
        self.dispatcher.settle(parcel, outcome, self.now_ns)

    def wait(self, seconds):
        self.now_ns += round(seconds * SECOND)

    def wait_seconds(self):
        return (self.dispatcher.wake_at_ns(self.now_ns) - self.now_ns) / SECOND
