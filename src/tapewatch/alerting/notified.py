"""
The notified log: what each integration of a receiver was last told of a group.

It decides whether there is something new to say, by Alertmanager's rules. An entry is made when a
notification goes into the outbox, not when it has arrived, because the outbox keeps it until then;
where the channel refuses it for good, the entry goes back to what was last delivered, and the next
flush of the group tries again.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from tapewatch.alerting.book.book import Book, packed
from tapewatch.alerting.notification import Lane

KEEP: Final = "INSERT OR REPLACE INTO notified VALUES (?, ?, ?, ?, ?)"
DROP: Final = "DELETE FROM notified WHERE place = ?"


class Reason(StrEnum):
    """Why a notification is sent."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts in group"
    ALL_RESOLVED = "all alerts resolved"
    NEW_RESOLVED = "new resolved alerts"
    REPEAT = "repeat interval elapsed"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Told:
    """What an integration was told of a group, and when."""

    firing: frozenset[str]
    resolved: frozenset[str]
    at_ns: int
    episode: int = 0
    sequence: int = 0
    folded: bool = False
    """Whether the message of a storm says it, and none of the group's own."""
    before: "Told | None" = None
    """What was delivered last, as long as this is not."""

    def as_dict(self) -> dict[str, Any]:
        """Write the entry as plain values."""
        return {
            "firing": sorted(self.firing),
            "resolved": sorted(self.resolved),
            "at_ns": self.at_ns,
            "episode": self.episode,
            "sequence": self.sequence,
            "folded": self.folded,
            "before": self.before.as_dict() if self.before else None,
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Told":
        """Read what ``as_dict`` wrote."""
        sets = {name: frozenset(told[name]) for name in ("firing", "resolved")}
        before = cls.from_dict(told["before"]) if told["before"] else None
        return cls(**{**told, **sets, "before": before})


def reason_to_tell(
    told: Told | None,
    firing: AbstractSet[str],
    resolved: AbstractSet[str],
    *,
    send_resolved: bool,
    repeat_before_ns: int,
) -> Reason | None:
    """
    Say why there is something to tell, or None.

    ``repeat_before_ns`` is the time before which the last telling is old enough to repeat it.
    """
    if told is None:
        return Reason.FIRST if firing else None
    if not firing <= told.firing:
        return Reason.NEW_ALERTS if told.firing else Reason.FIRST
    if not firing:
        # Told even where ends are not sent, so that the log forgets the alerts that fired.
        return Reason.ALL_RESOLVED if told.firing else None
    if send_resolved and not resolved <= told.resolved:
        return Reason.NEW_RESOLVED
    return Reason.REPEAT if told.at_ns < repeat_before_ns else None


class NotifiedLog:
    """The entries of all groups and integrations."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._entries: dict[Lane, Told] = {}
        self._places: dict[Lane, int] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._entries)

    def load(self) -> None:
        """Take up what the last process told."""
        for place, *names, entry in self._book.rows("SELECT * FROM notified ORDER BY place"):
            lane = Lane(*names)
            self._entries[lane] = Told.from_dict(orjson.loads(entry))
            self._places[lane] = self._last = place

    def get(self, lane: Lane) -> Told | None:
        """Find what was told."""
        return self._entries.get(lane)

    def tell(self, lane: Lane, told: Told) -> None:
        """Note that something goes out, remembering what was delivered before it."""
        former = self._entries.get(lane)
        before = former.before or former if former is not None else None
        self._keep(lane, replace(told, before=replace(before, before=None) if before else None))

    def clear(self, lane: Lane, told: Told) -> None:
        """Note something that is not sent, such as an end where ends are not wanted."""
        self._keep(lane, told)

    def adopt(self, lane: Lane, told: Told) -> None:
        """Take what another server has told."""
        self._keep(lane, told)

    def fold(self, lane: Lane) -> None:
        """Note that the message of a storm says it."""
        told = self._entries.get(lane)
        assert told is not None, "only what was decided is folded"
        self._keep(lane, replace(told, folded=True, before=None))

    def delivered(self, lane: Lane, episode: int, sequence: int) -> None:
        """Note that it has arrived."""
        told = self._entries.get(lane)
        if told is not None and (told.episode, told.sequence) == (episode, sequence):
            self._keep(lane, replace(told, before=None))

    def refused(self, lane: Lane, episode: int, sequence: int) -> None:
        """Go back to what was delivered last; the next flush tries again."""
        told = self._entries.get(lane)
        if told is None or (told.episode, told.sequence) != (episode, sequence):
            return
        if told.before is not None:
            self._keep(lane, told.before)
        else:
            self._drop(lane)

    def collect(self, before_ns: int, busy: AbstractSet[str]) -> None:
        """Forget what was told long ago of groups that are not there any more."""
        old = [
            lane
            for lane, told in self._entries.items()
            if told.at_ns < before_ns and lane.group_key not in busy
        ]
        for lane in old:
            self._drop(lane)

    def _keep(self, lane: Lane, told: Told) -> None:
        self._entries[lane] = told
        place = self._places.get(lane)
        if place is None:
            place = self._places[lane] = self._last = self._last + 1
        names = (lane.group_key, lane.receiver, lane.integration)
        self._book.write(KEEP, (place, *names, packed(told.as_dict())))

    def _drop(self, lane: Lane) -> None:
        del self._entries[lane]
        self._book.write(DROP, (self._places.pop(lane),))
