"""
The history: every transition of an alert and every attempt to tell somebody, in order.

It is the audit trail: rows are only ever added, and leave when they are older than the keep time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from tapewatch.alerting.book.book import Book, packed
from tapewatch.model.durations import format_time_ns
from tapewatch.model.labels import EMPTY, Labels
from tapewatch.model.matchers import Matcher, match_all

COLUMNS: Final = (
    "at_ns, kind, fingerprint, alert, group_key, receiver, integration, by, told, labels"
)
INSERT: Final = f"INSERT INTO history ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # constants only


class Happening(StrEnum):
    """What can happen to an alert, a group, a silence, an action or a schedule."""

    FIRED = "fired"
    RESOLVED = "resolved"
    LIMITED = "limited"
    ACKNOWLEDGED = "acknowledged"
    RELEASED = "released"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    SILENCE_MADE = "silence made"
    SILENCE_CHANGED = "silence changed"
    SILENCE_ENDED = "silence ended"
    DECIDED = "decided"
    WITHHELD = "withheld"
    COALESCED = "coalesced"
    FOLDED = "folded"
    DELIVERED = "delivered"
    PUT_OFF = "put off"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    RELOADED = "reloaded"
    ESCALATED = "escalated"
    ESCALATION_ENDED = "escalation ended"
    ACTION_LEFT = "action left"
    ACTION_DRY = "action dry run"
    ACTION_WAITS = "action waits"
    ACTION_APPROVED = "action approved"
    ACTION_DECLINED = "action declined"
    ACTION_EXPIRED = "action expired"
    ACTION_ARMED = "action armed"
    ACTION_DISARMED = "action disarmed"
    ACTION_BEGUN = "action begun"
    ACTION_DONE = "action done"
    ACTION_FAILED = "action failed"
    COVER_MADE = "cover made"
    COVER_ENDED = "cover ended"
    TOLD_BY_PEER = "told by peer"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at_ns: int
    kind: str
    fingerprint: str = ""
    alert: str = ""
    group_key: str = ""
    receiver: str = ""
    integration: str = ""
    by: str = ""
    told: str = ""
    labels: Labels = EMPTY

    def as_dict(self) -> dict[str, Any]:
        """Write the entry as people and programs read it."""
        return {
            "at": format_time_ns(self.at_ns),
            "kind": self.kind,
            "fingerprint": self.fingerprint,
            "alert": self.alert,
            "labels": dict(self.labels),
            "group_key": self.group_key,
            "receiver": self.receiver,
            "integration": self.integration,
            "by": self.by,
            "told": self.told,
        }


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; everything that is given must hold."""

    since_ns: int = 0
    until_ns: int = 2**63 - 1
    kinds: Sequence[str] = ()
    fingerprint: str = ""
    group_key: str = ""
    receiver: str = ""
    matchers: Sequence[Matcher] = ()
    text: str = ""
    limit: int = 1000
    newest_first: bool = True


class History:
    """Adds to the trail and searches it."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def note(self, entry: Entry) -> None:
        """Add what happened to the batch that is being gathered."""
        labels = packed(dict(entry.labels))
        row = (entry.at_ns, entry.kind, entry.fingerprint, entry.alert, entry.group_key)
        rest = (entry.receiver, entry.integration, entry.by, entry.told, labels)
        self._book.write(INSERT, row + rest)

    def note_alert(
        self, at_ns: int, kind: str, fingerprint: str, alert: str, by: str, told: str, labels: str
    ) -> None:
        """Add what happened to one alert, whose labels are JSON already."""
        row = (at_ns, kind, fingerprint, alert, "", "", "", by, told, labels)
        self._book.write(INSERT, row)

    def search(self, search: Search) -> Iterator[Entry]:
        """Yield what was found, at most ``limit`` entries."""
        left = search.limit
        for row in self._book.rows(*question_of(search)):
            if left <= 0:
                return
            *fields, labels = row
            entry = replace(Entry(*fields), labels=Labels.of(orjson.loads(labels)))
            if match_all(search.matchers, entry.labels):
                left -= 1
                yield entry

    def forget(self, before_ns: int) -> None:
        """Let go of what is too old."""
        self._book.write("DELETE FROM history WHERE at_ns < ?", (before_ns,))


def question_of(search: Search) -> tuple[str, list[Any]]:
    """Write a search as SQL and its values."""
    conditions = ["at_ns BETWEEN ? AND ?"]
    values: list[Any] = [search.since_ns, search.until_ns]
    if search.fingerprint:
        conditions.append("substr(fingerprint, 1, 1) = ? AND fingerprint = ?")
        values.extend([search.fingerprint[:1], search.fingerprint])
    for name in ("group_key", "receiver"):
        if getattr(search, name):
            conditions.append(f"{name} = ?")
            values.append(getattr(search, name))
    if search.kinds:
        conditions.append(f"kind IN ({', '.join('?' * len(search.kinds))})")
        values.extend(search.kinds)
    if search.text:
        conditions.append("(instr(alert, ?) OR instr(told, ?) OR instr(by, ?) OR instr(labels, ?))")
        values.extend([search.text] * 4)
    order = "DESC" if search.newest_first else "ASC"
    where = " AND ".join(conditions)
    return f"SELECT {COLUMNS} FROM history WHERE {where} ORDER BY place {order}", values  # noqa: S608  # values are bound, the rest is constant
