"""A desk with a clock of the test's own."""

from itertools import count

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.configuration import read_alertmanager_text
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.plan import Limits, Plan
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert
from tapewatch.watch.calendars.calendar import calendar

SECOND = 1_000_000_000
BEGIN = 1_767_600_000 * SECOND
"""Monday, 5 January 2026, 08:00 UTC."""

SIMPLE = """
route: {receiver: desk, group_by: [alertname], group_wait: 10s, group_interval: 1m}
receivers:
  - name: desk
    webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""


def plan_of(text, **limits):
    return Plan(read_alertmanager_text(text), calendar, limits=Limits(**limits))


class Bench:
    """A desk, its book and its time; ``crash`` forgets everything but the book."""

    def __init__(self, folder, text=SIMPLE, **limits):
        self.path = folder / "book.sqlite"
        self.text, self.limits = text, limits
        self.now_ns = BEGIN
        self._ids = count(1)
        self.desk = self._open()

    def _open(self):
        return Desk(
            Book(self.path),
            plan_of(self.text, **self.limits),
            now_ns=self.now_ns,
            new_id=lambda: f"00000000-0000-0000-0000-{next(self._ids):012d}",
        )

    def crash(self, *, commit=True):
        """Lose the process; what was not committed is lost with it."""
        if commit:
            self.desk.book.commit()
        self.desk.book._gathered.clear()
        self.desk.book.close()
        self.desk = self._open()

    def reload(self, text):
        self.text = text
        self.desk.reload(plan_of(text, **self.limits), self.now_ns)

    def say(self, *alerts):
        self.desk.accept(alerts, self.now_ns)
        self.desk.tick(self.now_ns)

    def wait(self, seconds):
        """Let time pass, waking the desk whenever it wants."""
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.desk.wake_at_ns() <= end_ns:
            self.now_ns = max(self.now_ns, self.desk.wake_at_ns())
            self.desk.tick(self.now_ns)
        self.now_ns = end_ns
        self.desk.tick(end_ns)

    def sent(self, outcome="delivered"):
        """Deliver what is due; gives the notifications."""
        told = []
        for parcel in self.desk.outbox.due(self.now_ns):
            begun = self.desk.outbox.begin(parcel, self.now_ns)
            self.desk.book.commit()
            if outcome == "delivered":
                self.desk.outbox.delivered(begun, {"ts": "1"}, "ok", self.now_ns)
            else:
                self.desk.outbox.refused(begun, "no", self.now_ns)
            told.append(begun.notification)
        self.desk.book.commit()
        return told


def alert(name, starts=0, ends=0, /, **labels):
    return Alert(Labels.of(alertname=name, **labels), Labels.of(summary=name), starts, ends)


def names(notification):
    firing = sorted(each.labels.get("alertname") for each in notification.firing)
    return firing, sorted(each.labels.get("alertname") for each in notification.resolved)
