"""
A simulator with one seed and its own clock: alerts, people, failing channels, restarts.

What must hold whatever happens: every alert that fires long enough and is neither silenced nor
inhibited reaches its channel in time, its end is told too, nothing arrives out of order, and
nothing arrives twice but for at most one attempt each crash has cut short.
"""

from contextlib import suppress
from random import Random

import pytest
from tests.alerting.desks import SECOND, Bench, alert

from tapewatch.alerting.channels.channel import Delivered, Pace, Refused, Retry
from tapewatch.alerting.delivery.dispatcher import FAILED, Dispatcher, Post
from tapewatch.alerting.errors import BadAlerts

CONFIG = """
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 5s
  group_interval: 30s
  repeat_interval: 12h
  routes:
    - {matchers: [fast="yes"], receiver: pager, group_wait: 0s, update: in_place}
receivers:
  - {name: chat, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
  - {name: pager, webhook_configs: [{url: "http://127.0.0.1:9/"}]}
inhibit_rules:
  - {source_matchers: [alertname=Cause], target_matchers: [alertname=Effect], equal: []}
"""
NAMES = ("Cause", "Effect", "Slow", "Stale")
OUTAGE_SECONDS = 40
"""The longest time for which a channel takes nothing."""

RESEND_SECONDS = 20
LATEST_SECONDS = 150
"""Group wait, an outage, the longest pause between attempts and a restart, all at once."""


class Channel:
    """Stands for a destination; what it answers is the simulation's."""

    kind = "webhook"
    pace = Pace(50, 50)

    def __init__(self, name):
        self.destination = name


class Simulation:
    """One run of a seed."""

    def __init__(self, folder, seed):
        self.random = Random(seed)
        self.bench = Bench(folder, CONFIG)
        self.firing = {}
        """The alerts that fire now, and since when."""
        self.ended = {}
        """The alerts that have ended, and when; their sender repeats that as Prometheus does."""
        self.known = {}
        """What the channels were told last of each alert: its status."""
        self.arrived = []
        self.cut_short = set()
        self.down_until_ns = 0
        self._under_way = []
        self._start()

    def _start(self):
        self.dispatcher = Dispatcher(self.bench.desk.outbox, Random(1), sink=self)
        posts = {
            (name, "webhook/0"): Post(name, "webhook/0", Channel(name))
            for name in ("chat", "pager")
        }
        self.dispatcher.use(posts, self.bench.now_ns)

    def accept(self, alerts, now_ns):
        """Take what the dispatcher says about channels, as the service does."""
        with suppress(BadAlerts):
            self.bench.desk.accept(alerts, now_ns)

    @property
    def now_ns(self):
        return self.bench.now_ns

    def run(self, steps):
        for _ in range(steps):
            self.random.choices(
                [self.fire, self.resolve, self.crash, self.outage, self.step_clock, self.idle],
                [6, 4, 0.6, 0.6, 0.3, 6],
            )[0]()
            self.pass_time(self.random.uniform(0.1, 20))
            self.check_in_time()
        self.calm_down()

    def fire(self):
        name, fast = self.random.choice(NAMES), self.random.choice(("yes", "no"))
        key = alert(name, n=str(self.random.randrange(3)), fast=fast).labels
        self.firing.setdefault(key, self.now_ns)
        self.ended.pop(key, None)
        self.resend()

    def resolve(self):
        if self.firing:
            key = self.random.choice(sorted(self.firing))
            since_ns = self.firing.pop(key)
            self.ended[key] = (since_ns, self.now_ns)
            self.resend()

    def resend(self):
        ends_ns = self.now_ns + 4 * RESEND_SECONDS * SECOND
        for key, since_ns in self.firing.items():
            self.bench.say(alert(key.get("alertname"), since_ns, ends_ns, **_rest(key)))
        for key, (since_ns, ended_ns) in self.ended.items():
            self.bench.say(alert(key.get("alertname"), since_ns, ended_ns, **_rest(key)))

    def crash(self):
        """Die between any two steps; what was under way may have arrived or not."""
        for parcel in self._under_way:
            self.cut_short.add(parcel.notification.id)
            if self.random.random() < 0.5:
                self.arrive(parcel)
        self._under_way = []
        self.bench.crash(commit=self.random.random() < 0.5)
        self._start()
        self.resend()

    def outage(self):
        self.down_until_ns = self.now_ns + self.random.randrange(OUTAGE_SECONDS) * SECOND

    def step_clock(self):
        by_ns = self.random.choice((-3600, -60, 60, 3600)) * SECOND
        self.bench.now_ns += by_ns
        self.bench.desk.clock_stepped(by_ns, self.bench.now_ns)
        self.firing = {key: since + by_ns for key, since in self.firing.items()}
        self.ended = {key: (a + by_ns, b + by_ns) for key, (a, b) in self.ended.items()}
        self.down_until_ns += by_ns
        # The dispatcher's buckets are refilled by whoever sets the clock: they begin anew.
        self._finish_all()
        self._start()

    def idle(self):
        pass

    def pass_time(self, seconds):
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.now_ns < end_ns:
            self.bench.wait(min(1.0, (end_ns - self.now_ns) / SECOND))
            if int(self.now_ns / SECOND) % RESEND_SECONDS == 0:
                self.resend()
            self.bench.desk.book.commit()
            self.deliver()

    def deliver(self):
        """End some attempts, and begin what is due."""
        self.random.shuffle(self._under_way)
        while self._under_way and self.random.random() < 0.7:
            self.finish(self._under_way.pop())
        self._under_way += self.dispatcher.start(self.now_ns)
        self.bench.desk.book.commit()

    def _finish_all(self):
        while self._under_way:
            self.finish(self._under_way.pop())

    def finish(self, parcel):
        outcome = self.answer()
        if isinstance(outcome, Delivered):
            self.arrive(parcel)
        self.dispatcher.settle(parcel, outcome, self.now_ns)

    def answer(self):
        if self.now_ns < self.down_until_ns:
            return self.random.choice((Retry(None, "500"), Retry(1.0, "429"), Retry(None, "slow")))
        return Refused("garbage") if self.random.random() < 0.01 else Delivered()

    def arrive(self, parcel):
        told = parcel.notification
        lane = (told.lane, told.episode)
        before = [n for n in self.arrived if (n.lane, n.episode) == lane]
        assert all(n.sequence <= told.sequence for n in before), "it arrives out of order"
        twice = [n for n in before if n.sequence == told.sequence]
        if twice:
            assert told.id in self.cut_short, "it arrives twice, and no crash has cut it short"
            self.cut_short.discard(told.id)
        self.arrived.append(told)
        for each in told.alerts:
            self.known[each.labels] = each.status

    def inhibited(self, key):
        return key.get("alertname") == "Effect" and any(
            other.get("alertname") == "Cause" for other in self.firing
        )

    def check_in_time(self):
        late_ns = self.now_ns - LATEST_SECONDS * SECOND
        for key, since_ns in self.firing.items():
            if key.get("alertname") == "Effect" or since_ns > late_ns:
                continue
            assert self.known.get(key) == "firing", f"{key} was not told in time"

    def calm_down(self):
        """Let everything recover, and compare what was told with what is."""
        self.down_until_ns = 0
        self.answer = lambda: Delivered()
        self.pass_time(LATEST_SECONDS)
        for key in self.firing:
            if not self.inhibited(key):
                assert self.known.get(key) == "firing", f"{key} fires and was not told"
        for key, status in self.known.items():
            if key not in self.firing and key.get("alertname") not in (FAILED, "Effect"):
                assert status == "resolved", f"{key} is over and was not told"
        assert not self._under_way, "everything has arrived"


def _rest(key):
    return {name: value for name, value in key if name != "alertname"}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_every_alert_reaches_its_channel(seed, tmp_path):
    Simulation(tmp_path, seed).run(40)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 2000, 100))
def test_whatever_happens_over_thousands_of_seeds(first, tmp_path):
    for seed in range(first, first + 100):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            Simulation(folder, seed).run(30)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
