"""
Attention: who has taken an alert over, whom it is given to, and what people said about it.

Taking over (acknowledging) ends with the alert: when it fires again, somebody has to look again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from tapewatch.alerting.book.book import Book

KEEP: Final = "INSERT OR REPLACE INTO attention VALUES (?, ?)"
DROP: Final = "DELETE FROM attention WHERE fingerprint = ?"
COMMENTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about an alert."""

    at_ns: int
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Attention:
    """What people have done about one alert."""

    acknowledged_by: str = ""
    acknowledged_ns: int = 0
    until_ns: int = 0
    """When the acknowledgement ends; 0 is with the alert."""
    assignee: str = ""
    comments: tuple[Comment, ...] = ()

    def is_acknowledged(self, now_ns: int) -> bool:
        """Say whether somebody has taken it over."""
        return bool(self.acknowledged_by) and (not self.until_ns or now_ns < self.until_ns)

    def as_dict(self) -> dict[str, Any]:
        """Write it as plain values."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "comments"}
        return told | {"comments": [(c.at_ns, c.by, c.text) for c in self.comments]}

    @classmethod
    def from_json(cls, text: bytes) -> "Attention":
        """Read what the book has."""
        told = orjson.loads(text)
        return cls.from_dict(told)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Attention":
        """Read what ``as_dict`` wrote."""
        return cls(**{**told, "comments": tuple(Comment(*each) for each in told["comments"])})


NOBODY: Final = Attention()


class AttentionStore:
    """What people have done about all alerts, by fingerprint."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[str, Attention] = {}
        self.changed: list[Callable[[str, Attention], None]] = []

    def load(self) -> None:
        """Take up what the last process knew."""
        for fingerprint, body in self._book.rows("SELECT * FROM attention"):
            self._known[fingerprint] = Attention.from_json(body)

    def __iter__(self) -> Iterator[tuple[str, Attention]]:
        return iter(self._known.items())

    def of(self, fingerprint: str) -> Attention:
        """Give what is known of an alert."""
        return self._known.get(fingerprint, NOBODY)

    def acknowledged_by(self, fingerprint: str, now_ns: int) -> str:
        """Give who has taken an alert over, empty where nobody has."""
        if not self._known:
            return ""
        attention = self.of(fingerprint)
        return attention.acknowledged_by if attention.is_acknowledged(now_ns) else ""

    def acknowledge(self, fingerprint: str, by: str, until_ns: int, now_ns: int) -> None:
        """Note who takes an alert over."""
        former = self.of(fingerprint)
        self._keep(
            fingerprint,
            replace(former, acknowledged_by=by, acknowledged_ns=now_ns, until_ns=until_ns),
        )

    def release(self, fingerprint: str) -> None:
        """Note that nobody has an alert any more."""
        former = self.of(fingerprint)
        self._keep(fingerprint, replace(former, acknowledged_by="", acknowledged_ns=0, until_ns=0))

    def assign(self, fingerprint: str, assignee: str) -> None:
        """Note whom an alert is given to."""
        self._keep(fingerprint, replace(self.of(fingerprint), assignee=assignee))

    def comment(self, fingerprint: str, comment: Comment) -> None:
        """Note what somebody said; the history keeps what is more than fits here."""
        former = self.of(fingerprint)
        comments = (*former.comments, comment)[-COMMENTS_MAX:]
        self._keep(fingerprint, replace(former, comments=comments))

    def adopt(self, fingerprint: str, attention: Attention) -> None:
        """Take what is known elsewhere."""
        self._keep(fingerprint, attention)

    def resolved(self, fingerprint: str) -> None:
        """Let go of the acknowledgement, because the alert is over."""
        if self._known and self.of(fingerprint).acknowledged_by:
            self.release(fingerprint)

    def forget(self, fingerprint: str) -> None:
        """Let go of everything, because the alert is forgotten."""
        if self._known.pop(fingerprint, None) is not None:
            self._book.write(DROP, (fingerprint,))

    def _keep(self, fingerprint: str, attention: Attention) -> None:
        self._known[fingerprint] = attention
        self._book.write(KEEP, (fingerprint, orjson.dumps(attention.as_dict())))
        for each in self.changed:
            each(fingerprint, attention)
