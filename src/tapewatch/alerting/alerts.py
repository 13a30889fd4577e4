"""
The alerts that are known: what was said of each, merged, until it is over and told.

An alert is known by the fingerprint of its labels. What is said anew is merged with what was said
before as Alertmanager does it: the earliest start counts, the younger annotations, and an end that
somebody gave counts more than one that follows from silence.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import orjson

from tapewatch.alerting.book.book import Book, packed
from tapewatch.alerting.urgency import urgency_of
from tapewatch.model.labels import Labels

if TYPE_CHECKING:
    from tapewatch.alerting.groups import Group
    from tapewatch.alerting.routing import Route

KEEP: Final = "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)"
KEEP_TIMES: Final = "INSERT OR REPLACE INTO alert_times VALUES (?, ?, ?, ?, ?, ?)"
DROP: Final = "DELETE FROM alerts WHERE place = ?"
DROP_TIMES: Final = "DELETE FROM alert_times WHERE place = ?"
KNOWN: Final = """
SELECT place, fingerprint, labels, annotations, starts_ns, ends_ns, updated_ns, timeout,
       generator_url, over
FROM alerts JOIN alert_times USING (place) ORDER BY place
"""
ALERT_NAME: Final = "alertname"


@dataclass(slots=True, eq=False)
class AlertState:
    """One alert, as it is known now."""

    fingerprint: str
    labels: Labels
    annotations: Labels
    starts_ns: int
    ends_ns: int
    updated_ns: int
    timeout: bool
    """Whether the end only follows from nothing being said."""
    generator_url: str
    over: bool = False
    """Whether its end was noted."""
    urgency: int = field(init=False)
    groups: "list[Group]" = field(default_factory=list)
    places: "list[tuple[Route, Labels]] | None" = None
    """The routes that take it, with the labels of its group there; None is not asked yet."""
    inhibits: bool = False
    """Whether it is on the source side of a rule."""
    silenced_by: tuple[str, ...] = ()
    silences_version: int = -1
    wakes_ns: int = 0
    """When the store looks at its end again; 0 is never."""

    place: int = 0
    """Where it stands in the book."""

    _labels_json: str = ""

    def __post_init__(self) -> None:
        self.urgency = urgency_of(self.labels)

    @property
    def labels_json(self) -> str:
        """The labels as the book has them."""
        if not self._labels_json:
            self._labels_json = packed(dict(self.labels))
        return self._labels_json

    @property
    def name(self) -> str:
        """The name of the alert's rule."""
        return self.labels.get(ALERT_NAME)

    def is_resolved(self, now_ns: int) -> bool:
        """Say whether the alert is over at a time."""
        return self.ends_ns <= now_ns

    def merge(self, starts_ns: int, ends_ns: int, now_ns: int, *, timeout: bool) -> None:
        """Take over the times that are said anew."""
        if self.starts_ns < ends_ns < self.ends_ns or self.starts_ns < starts_ns < self.ends_ns:
            starts_ns = min(starts_ns, self.starts_ns)
            ends_ns = self._end(ends_ns, now_ns)
        self.starts_ns, self.ends_ns = starts_ns, ends_ns
        self.updated_ns, self.timeout = now_ns, timeout

    def _end(self, said_ns: int, now_ns: int) -> int:
        later = self.ends_ns > said_ns
        if said_ns <= now_ns:
            return self.ends_ns if later and self.is_resolved(now_ns) else said_ns
        return self.ends_ns if later and not self.timeout else said_ns


class AlertStore:
    """All that are known, and the limits on how many may be."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[str, AlertState] = {}
        self._names: Counter[str] = Counter()
        self._ends: list[tuple[int, str]] = []
        self._places = count(1)
        self.alerts_max = 0
        self.per_name_max = 0

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[AlertState]:
        return iter(self._known.values())

    def get(self, fingerprint: str) -> AlertState | None:
        """Find an alert."""
        return self._known.get(fingerprint)

    def load(self, now_ns: int, grace_ns: int) -> None:
        """
        Take up what the last process knew.

        Nobody could say that an alert goes on while no process listened, so one whose end came
        meanwhile gets ``grace_ns`` more for its sender to speak again.
        """
        last = 0
        for row in self._book.rows(KNOWN):
            last, fingerprint, labels, annotations, starts, ends, updated, timeout, url, over = row
            state = AlertState(
                fingerprint,
                Labels.of(orjson.loads(labels)),
                Labels.of(orjson.loads(annotations)),
                starts,
                ends,
                updated,
                bool(timeout),
                url,
                bool(over),
                place=last,
            )
            if not over and ends <= now_ns:
                state.ends_ns = now_ns + grace_ns
            self._add(state)
        self._places = count(last + 1)

    def limit_of(self, said: AlertState) -> str:
        """Say which limit keeps a new alert out; the most urgent have a tenth of room more."""
        room = self.alerts_max + (self.alerts_max // 10 if said.urgency == 0 else 0)
        if self.alerts_max and len(self._known) >= room:
            return f"{len(self._known)} alerts are known, {self.alerts_max} are the limit"
        if self.per_name_max and self._names[said.name] >= self.per_name_max:
            return f"{self.per_name_max} alerts of one name are the limit"
        return ""

    def add(self, said: AlertState) -> None:
        """Know a new alert."""
        said.place = next(self._places)
        self._add(said)
        self.write(said)

    def write(self, state: AlertState) -> None:
        """Put an alert as it is now into the book, and look at its end when it comes."""
        words = packed(dict(state.annotations))
        row = (state.place, state.fingerprint, state.labels_json, words, state.generator_url)
        self._book.write(KEEP, row)
        self.write_times(state)

    def write_times(self, state: AlertState) -> None:
        """Put into the book what has changed where only times have."""
        times = (state.starts_ns, state.ends_ns, state.updated_ns)
        self._book.write(KEEP_TIMES, (state.place, *times, state.timeout, state.over))
        self._wake(state)

    def ended(self, now_ns: int) -> Iterator[AlertState]:
        """Yield the alerts whose end has come since it was last asked."""
        while self._ends and self._ends[0][0] <= now_ns:
            wakes_ns, fingerprint = heapq.heappop(self._ends)
            state = self._known.get(fingerprint)
            if state is None or state.wakes_ns != wakes_ns:
                continue
            state.wakes_ns = 0
            if not state.is_resolved(now_ns):
                self._wake(state)
            elif not state.over:
                yield state

    def wake_ns(self) -> int:
        """Give when the next end may come; 0 is never."""
        return self._ends[0][0] if self._ends else 0

    def collect(self, before_ns: int) -> list[AlertState]:
        """Forget the alerts that were over before a time and are in no group any more."""
        gone = [
            s for s in self._known.values() if s.over and not s.groups and s.is_resolved(before_ns)
        ]
        for state in gone:
            self._forget(state)
        return gone

    def shift(self, by_ns: int) -> None:
        """
        Move ends that have not come, because the clock was set and no time has passed.

        Those that a sender gave are leases too: it says a later one as long as the alert goes on.
        """
        for state in self._known.values():
            if not state.over:
                state.ends_ns += by_ns
                self.write_times(state)

    def _forget(self, state: AlertState) -> None:
        del self._known[state.fingerprint]
        self._names[state.name] -= 1
        if not self._names[state.name]:
            del self._names[state.name]
        self._book.write(DROP, (state.place,))
        self._book.write(DROP_TIMES, (state.place,))

    def _add(self, state: AlertState) -> None:
        self._known[state.fingerprint] = state
        self._names[state.name] += 1
        self._wake(state)

    def _wake(self, state: AlertState) -> None:
        # One waiting entry is enough: when it comes and the end has moved on, it waits anew.
        if not state.over and (not state.wakes_ns or state.ends_ns < state.wakes_ns):
            state.wakes_ns = state.ends_ns
            heapq.heappush(self._ends, (state.ends_ns, state.fingerprint))
