"""
Small things that outlive the process, by the part of alerting they belong to and a key.

Actions keep when they were pulled, escalation where it stands, peers what they have agreed on:
each thing is one JSON value that is written whole.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from tapewatch.alerting.book.book import Book

KEEP: Final = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"
DROP: Final = "DELETE FROM kept WHERE part = ? AND key = ?"


class Kept:
    """What one part keeps."""

    def __init__(self, book: Book, part: str) -> None:
        self._book = book
        self._part = part

    def load(self) -> Iterator[tuple[str, Any]]:
        """Yield what the last process kept, by its key."""
        question = "SELECT key, body FROM kept WHERE part = ?"
        for key, body in self._book.rows(question, (self._part,)):
            yield key, orjson.loads(body)

    def keep(self, key: str, value: Any) -> None:
        """Keep a value; it is on disk after the next commit."""
        self._book.write(KEEP, (self._part, key, orjson.dumps(value)))

    def drop(self, key: str) -> None:
        """Let go of a value."""
        self._book.write(DROP, (self._part, key))
