"""What a reader makes of a message, and what the inbox keeps of it."""

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["firing", "resolved", "acknowledged", "test"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as its reader understood it."""

    title: str
    text: str = ""
    state: State = "firing"
    color: str = ""
    """Six hexadecimal digits, where the service shows a colour."""

    key: str = ""
    """What a later message says in order to change this one; empty where nothing can be changed."""

    links: tuple[tuple[str, str], ...] = ()
    """Words and addresses."""

    alerts: tuple[str, ...] = ()
    """The names of the alerts, where the message says them apart from its words."""

    faults: tuple[str, ...] = ()
    """Where it breaks what its service documents."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that lies in the inbox."""

    number: int
    service: str
    receiver: str
    letter: Letter
    at_ns: int
    changed_ns: int
    revision: int
    """Grows over all messages with each arrival and change."""

    changes: int = 0
    faults: tuple[str, ...] = ()
    """The faults of every version of it."""

    size_bytes: int = 0
    raw: str = field(default="", repr=False)
    """What came, cut where it is long."""

    def as_json(self) -> dict[str, Any]:
        """Write it for programs, and for the page."""
        letter = self.letter
        return {
            "number": self.number,
            "revision": self.revision,
            "service": self.service,
            "receiver": self.receiver,
            "state": letter.state,
            "title": letter.title,
            "text": letter.text,
            "color": letter.color,
            "key": letter.key,
            "alerts": list(letter.alerts),
            "links": [{"text": text, "url": url} for text, url in letter.links],
            "at": self.at_ns / 1e9,
            "changed": self.changed_ns / 1e9,
            "changes": self.changes,
            "faults": list(self.faults),
            "size_bytes": self.size_bytes,
            "raw": self.raw,
        }
