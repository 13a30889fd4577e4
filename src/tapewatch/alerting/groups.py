"""
Groups: the alerts of one route that have the group's labels in common, and when they speak.

A group is flushed ``group_wait`` after it began, at once where its first alert has waited longer
than that already, and then every ``group_interval``. In a route that updates in place, what changes
between is written into the same message, ``update_interval`` after the last one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.book.book import Book, packed
from tapewatch.alerting.routing import Route
from tapewatch.model.labels import Labels, quote

KEEP: Final = "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
DROP: Final = "DELETE FROM groups WHERE place = ?"
ORDERED_BY: Final = ("job", "instance")


@dataclass(slots=True, eq=False)
class Group:
    """One group of alerts."""

    route: Route
    labels: Labels
    next_ns: int
    """When it is flushed next."""
    full_ns: int
    """When everybody is asked again, and not only who can change a message in place."""
    flushed_ns: int = 0
    """When it was flushed last; 0 is never."""
    episode: int = 0
    """When its present episode began; 0 where nothing fires."""
    sequence: int = 0
    members: dict[str, AlertState] = field(default_factory=dict)
    withheld: bool = False
    """Whether alerts were kept back at the last flush."""
    acknowledged: bool = False
    """Whether somebody took it over since the last flush."""
    muted_by: tuple[str, ...] = ()
    place: int = 0
    """Where it stands in the book."""
    _key: str = ""
    _book_key: str = ""

    @property
    def id(self) -> tuple[str, Labels]:
        """What tells groups apart."""
        return (self.route.id, self.labels)

    @property
    def key(self) -> str:
        """The key that receivers see, as Alertmanager writes it."""
        if not self._key:
            pairs = ", ".join(f"{name}={quote(value)}" for name, value in self.labels)
            self._key = f"{self.route.key}:{{{pairs}}}"
        return self._key

    @property
    def book_key(self) -> str:
        """The key in the book."""
        if not self._book_key:
            self._book_key = group_hash(self.route.id, self.labels)
        return self._book_key

    @property
    def urgency(self) -> int:
        """That of its most urgent alert."""
        return min((state.urgency for state in self.members.values()), default=9)

    def add(self, state: AlertState, now_ns: int) -> None:
        """Take an alert in, or take note that something was said of it."""
        if state.fingerprint not in self.members:
            self.members[state.fingerprint] = state
            state.groups.append(self)
        if not self.flushed_ns and state.starts_ns + self.route.options.group_wait_ns < now_ns:
            self.next_ns = now_ns

    def remove(self, state: AlertState) -> None:
        """Let an alert go."""
        if self.members.pop(state.fingerprint, None) is not None:
            state.groups.remove(self)

    def touch(self, now_ns: int) -> bool:
        """Bring the next flush forward where changes are told in place; says whether it did."""
        options = self.route.options
        if not options.in_place or not self.flushed_ns:
            return False
        soon_ns = max(now_ns, self.flushed_ns + options.update_interval_ns)
        if soon_ns >= self.next_ns:
            return False
        self.next_ns = soon_ns
        return True

    def write(self, book: Book) -> None:
        """Put the group as it is now into the book."""
        book.write(
            KEEP,
            (
                self.place,
                self.book_key,
                self.route.id,
                packed(dict(self.labels)),
                self.next_ns,
                self.full_ns,
                self.flushed_ns,
                self.episode,
                self.sequence,
            ),
        )

    def drop(self, book: Book) -> None:
        """Take the group out of the book."""
        book.write(DROP, (self.place,))


def group_hash(route_id: str, labels: Labels) -> str:
    """Give a short name of a group."""
    return sha256(f"{route_id}\xff{labels!r}".encode()).hexdigest()[:24]


def in_order(states: Iterable[AlertState]) -> list[AlertState]:
    """Sort alerts as Alertmanager does: by job and instance, then by all labels."""
    return sorted(states, key=_place)


def _place(state: AlertState) -> tuple[object, ...]:
    values = [state.labels.get(name) for name in ORDERED_BY]
    # Alerts without a job come after those with one.
    return (*((not value, value) for value in values), len(state.labels), state.labels)
