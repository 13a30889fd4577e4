"""
Two servers on simulated clocks: partitions, crashes and clocks that differ, by one seed.

Both are told of every alert. What must hold: every alert and its end reach the channel in time,
whoever dies, and nothing is told twice but what a crash or a partition explains: what one server
had sent and the other could not know.
"""

from itertools import count
from random import Random

import orjson
import pytest
from tests.alerting.desks import BEGIN, SECOND, alert, plan_of

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.errors import BadAlerts
from tapewatch.alerting.peers.peers import Peers

CONFIG = """
route: {receiver: chat, group_by: [alertname], group_wait: 3s, group_interval: 30s,
        repeat_interval: 12h}
receivers: [{name: chat, webhook_configs: [{url: "http://127.0.0.1:9/"}]}]
"""
WAIT_SECONDS = 5
STEP_SECONDS = 0.5
OUTAGE_SECONDS = 45
RESEND_SECONDS = 15
LATEST_SECONDS = 3 + 30 + WAIT_SECONDS + OUTAGE_SECONDS + RESEND_SECONDS
"""Group wait and interval, the hold, both servers away for a while, and the sender's pause."""
EXCUSED_SECONDS = 60
"""How long after a crash or a partition something may still be said twice because of it."""


class Server:
    """One of the two, with a clock that may be wrong."""

    def __init__(self, folder, name, other, skew_seconds):
        self.name, self.other = name, other
        self.path = folder / f"{name}.sqlite"
        self.skew_ns = round(skew_seconds * SECOND)
        self.dead_until_ns = 0
        self.under_way = []
        self._starts = count(1)
        self._ids = count(1)

    def open(self, now_ns):
        self.desk = Desk(
            Book(self.path),
            plan_of(CONFIG),
            now_ns=now_ns + self.skew_ns,
            new_id=lambda: f"{self.name}-{next(self._ids)}",
        )
        self.peers = Peers(
            self.desk,
            self.name,
            f"{self.name}-process-{next(self._starts)}",
            urls=(self.other,),
            wait_ns=WAIT_SECONDS * SECOND,
            now_ns=now_ns + self.skew_ns,
        )

    def close(self):
        self.desk.book.close()


class Simulation:
    """One run of a seed."""

    def __init__(self, folder, seed, *, skew_seconds=0.0):
        self.random = Random(seed)
        self.now_ns = BEGIN
        self.servers = [Server(folder, "a", "b", 0.0), Server(folder, "b", "a", skew_seconds)]
        for server in self.servers:
            server.open(self.now_ns)
        self.parted_until_ns = self.last_fault_ns = 0
        self.said_ns = self.now_ns
        self.firing, self.ended, self.known = {}, {}, {}
        self.twice = []
        self.told = {}
        """How often each beginning and each end of an alert was told."""
        self.arrived_ns = {}
        self._sequence = count(1)

    def run(self, steps, *, faults=True):
        for _ in range(steps):
            acts = [self.fire, self.resolve, self.crash, self.part, self.idle]
            self.random.choices(acts, [5, 3, 0.5 * faults, 0.5 * faults, 6])[0]()
            self.pass_time(self.random.uniform(1, 20))
            self.check_in_time()
        self.parted_until_ns = 0
        self.pass_time(LATEST_SECONDS)
        for name in self.firing:
            assert self.known.get(name) == "firing", f"{name} fires and was not told"
        for name, status in self.known.items():
            if name not in self.firing:
                assert status == "resolved", f"{name} is over and was not told"
        for server in self.servers:
            server.close()

    def alive(self):
        return [each for each in self.servers if each.dead_until_ns <= self.now_ns]

    def fire(self):
        name = f"Alert{next(self._sequence)}"
        self.firing[name] = self.now_ns
        self.say()

    def resolve(self):
        if self.firing:
            name = self.random.choice(sorted(self.firing))
            self.ended[name] = (self.firing.pop(name), self.now_ns)
            self.say()

    def say(self):
        """Tell both servers of everything, as a sender does again and again."""
        self.said_ns = self.now_ns
        ends_ns = self.now_ns + 8 * RESEND_SECONDS * SECOND
        alerts = [alert(name, since, ends_ns) for name, since in self.firing.items()]
        alerts += [alert(name, since, ended) for name, (since, ended) in self.ended.items()]
        for server in self.alive():
            try:
                server.desk.accept(alerts, self.now_ns + server.skew_ns)
            except BadAlerts:
                raise AssertionError from None

    def idle(self):
        pass

    def crash(self):
        """Die between any two steps, and come back after a while."""
        server = self.random.choice(self.servers)
        if server not in self.alive() or len(self.alive()) < 2:
            return
        self.last_fault_ns = self.now_ns
        for parcel in server.under_way:
            if self.random.random() < 0.5:
                self.arrive(parcel.notification)
        server.under_way = []
        server.desk.book._gathered.clear()
        server.close()
        server.dead_until_ns = self.now_ns + self.random.randrange(OUTAGE_SECONDS) * SECOND
        server.reopen = True

    def part(self):
        self.parted_until_ns = self.now_ns + self.random.randrange(OUTAGE_SECONDS) * SECOND

    def pass_time(self, seconds):
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.now_ns < end_ns:
            self.now_ns += round(STEP_SECONDS * SECOND)
            if self.now_ns - self.said_ns >= RESEND_SECONDS * SECOND:
                self.say()
            if self.parted_until_ns > self.now_ns:
                self.last_fault_ns = self.now_ns
            for server in self.alive():
                self.turn(server)
            self.exchange()

    def turn(self, server):
        now_ns = self.now_ns + server.skew_ns
        if getattr(server, "reopen", False):
            server.reopen = False
            server.open(self.now_ns)
            self.last_fault_ns = self.now_ns
        server.desk.tick(now_ns)
        server.peers.tick(now_ns)
        server.desk.book.commit()
        for parcel in server.under_way:
            self.arrive(parcel.notification)
            server.desk.outbox.delivered(parcel, {"ts": "1"}, "ok", now_ns)
        server.under_way = []
        for parcel in server.desk.outbox.due(now_ns):
            begun = server.desk.outbox.begin(parcel, now_ns)
            if begun is not None:
                server.under_way.append(begun)
        server.desk.book.commit()

    def exchange(self):
        """Carry what is new both ways, or lose it, or lose the answer."""
        if len(self.alive()) < 2 or self.parted_until_ns > self.now_ns:
            return
        for one, other in (self.servers, self.servers[::-1]):
            (neighbour,) = one.peers.neighbours
            message, number = one.peers.outgoing(neighbour)
            told = orjson.loads(orjson.dumps(message))
            answer = other.peers.receive(told, self.now_ns + other.skew_ns)
            other.desk.book.commit()
            if self.random.random() < 0.95:
                told = orjson.loads(orjson.dumps(answer))
                one.peers.answered(neighbour, number, told, self.now_ns + one.skew_ns)

    def arrive(self, told):
        for view in told.alerts:
            name = view.labels.get("alertname")
            key = (name, view.status)
            self.told[key] = self.told.get(key, 0) + 1
            excused = self.now_ns - self.last_fault_ns < EXCUSED_SECONDS * SECOND
            # What both send before they can hear of each other is within the bound, too.
            crossed = self.now_ns - self.arrived_ns.get(key, 0) <= 2 * STEP_SECONDS * SECOND
            if self.told[key] > 1 and not (excused or crossed):
                self.twice.append((key, told.reason))
            self.arrived_ns[key] = self.now_ns
            self.known[name] = view.status

    def check_in_time(self):
        assert not self.twice, "told twice, and nothing explains it"
        late_ns = self.now_ns - LATEST_SECONDS * SECOND
        for name, since_ns in self.firing.items():
            assert since_ns > late_ns or self.known.get(name) == "firing", f"{name} is late"


@pytest.mark.parametrize("seed", range(10))
def test_no_page_is_lost_and_none_is_doubled_without_a_reason(seed, tmp_path):
    Simulation(tmp_path, seed).run(25)


@pytest.mark.parametrize("skew_seconds", [-20.0, -2.0, 2.0, 20.0])
def test_clocks_that_differ_change_nothing_of_that(skew_seconds, tmp_path):
    Simulation(tmp_path, 1, skew_seconds=skew_seconds).run(25)


@pytest.mark.parametrize("seed", range(3))
def test_in_quiet_times_everything_is_told_once(seed, tmp_path):
    made = Simulation(tmp_path, seed)
    made.run(30, faults=False)
    assert set(made.told.values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_no_page_is_lost_over_many_seeds(first, tmp_path):
    for seed in range(first, first + 50):
        folder = tmp_path / str(seed)
        folder.mkdir()
        skew = Random(seed).choice((0.0, -20.0, 4.0, 20.0))
        try:
            Simulation(folder, seed, skew_seconds=skew).run(25)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault


def test_whose_turn_it_is_is_known_as_soon_as_the_other_is_heard(tmp_path):
    # Between two ticks one that comes first held its messages on, and both sent at once.
    first, second = Server(tmp_path, "a", "b", 0.0), Server(tmp_path, "b", "a", 0.0)
    for server in (first, second):
        server.open(BEGIN)
    assert first.desk.outbox.hold_ns == WAIT_SECONDS * SECOND
    for server, other in ((first, second), (second, first)):
        (neighbour,) = server.peers.neighbours
        message, number = server.peers.outgoing(neighbour)
        answer = other.peers.receive(message, BEGIN)
        server.peers.answered(neighbour, number, answer, BEGIN)
    assert (first.desk.outbox.hold_ns, second.desk.outbox.hold_ns) == (0, WAIT_SECONDS * SECOND)
    for server in (first, second):
        server.close()
