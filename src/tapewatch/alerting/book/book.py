"""
The book's file: changes are gathered in memory and written in batches.

``write`` costs an append to a list; ``commit`` writes everything gathered so far as one
transaction and returns when it is on disk. Beside a running state machine the two halves of it are
called: ``take`` between turns, then ``put`` on a thread. A batch that cannot be written stays and
is tried again with the next one, so memory and file never part.

The thread has to win the interpreter back after each statement, from a loop that is busy in a
storm, so rows that are added or replaced go many to a statement.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson

from tapewatch.alerting.book.late import Change, compacted
from tapewatch.alerting.book.schema import prepare
from tapewatch.alerting.errors import BookUnusable

BUSY_SECONDS: Final = 10.0
ROWS_AT_ONCE: Final = (64, 8)
_TABLE: Final = re.compile(r"^(?:INSERT.* INTO|DELETE FROM|UPDATE) (\w+)")
LATE_MAX: Final = 100_000
"""Of more changes that cannot be written, only those are kept that still count."""


class Book:
    """What of alerting outlives the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_error: str | None = None
        self.commits = 0
        self._gathered: list[Change] = []
        self._late: list[Change] = []
        self._late_max = LATE_MAX
        self._writing = Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            prepare(self._connection)
        except sqlite3.Error as fault:
            raise BookUnusable(str(fault)) from None

    @property
    def pending(self) -> int:
        """How many changes are not on disk yet."""
        return len(self._gathered) + len(self._late)

    def write(self, statement: str, row: Sequence[Any]) -> None:
        """Gather one change; it is on disk after the next commit."""
        self._gathered.append((statement, row))

    def commit(self) -> None:
        """Write what was gathered so far, whole or not at all; raises ``BookUnusable``."""
        self.put(self.take())

    def take(self) -> list[Change]:
        """Take what was gathered so far, to ``put`` it."""
        batch, self._gathered = self._gathered, []
        return batch

    def put(self, batch: list[Change]) -> None:
        """Write a batch, behind those that could not be written; raises ``BookUnusable``."""
        with self._writing:
            self._late += batch
            if not self._late:
                return
            try:
                self._write(self._late)
            except sqlite3.Error as fault:
                self.last_error = str(fault)
                self._keep_small()
                raise BookUnusable(str(fault)) from None
            self._late = []
            self.commits += 1
            self.last_error = None

    def rows(self, question: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Read rows as they are on disk, on a connection of their own."""
        try:
            connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.Error as fault:
            raise BookUnusable(str(fault)) from None
        try:
            yield from connection.execute(question, values)
        except sqlite3.Error as fault:
            raise BookUnusable(str(fault)) from None
        finally:
            connection.close()

    def close(self) -> None:
        """Write what is left and give the file back."""
        try:
            self.commit()
        finally:
            self._connection.close()

    def _keep_small(self) -> None:
        if len(self._late) > self._late_max:
            self._late = compacted([(_table_of(each[0]), each) for each in self._late])
            self._late_max = max(LATE_MAX, 2 * len(self._late))

    def _write(self, batch: Iterable[Change]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in _runs(batch):
                self._write_run(statement, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _write_run(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        at = 0
        if statement.startswith("INSERT"):
            for size in ROWS_AT_ONCE:
                several = _several(statement, size)
                while len(rows) - at >= size:
                    together = chain.from_iterable(rows[at : at + size])
                    self._connection.execute(several, tuple(together))
                    at += size
        self._connection.executemany(statement, rows[at:])


def _runs(batch: Iterable[Change]) -> list[tuple[str, list[Sequence[Any]]]]:
    """Put the rows of each statement together; order counts inside a table only."""
    found: list[tuple[str, list[Sequence[Any]]]] = []
    current: dict[str, list[Sequence[Any]]] = {}
    last: dict[str, str] = {}
    for statement, row in batch:
        rows = current.get(statement)
        if rows is None:
            table = _table_of(statement)
            current.pop(last.get(table, ""), None)
            last[table] = statement
            rows = current[statement] = []
            found.append((statement, rows))
        rows.append(row)
    return found


def packed(value: object) -> str:
    """Write a value as the JSON of a row; a text, because orjson's bytes take 1 KiB each."""
    return orjson.dumps(value).decode()


@cache
def _several(statement: str, count: int) -> str:
    """Let a statement add so many rows at once."""
    head, values, row = statement.partition(" VALUES ")
    assert row.startswith("("), f"{statement} has no row to repeat"
    return head + values + ", ".join([row] * count)


@cache
def _table_of(statement: str) -> str:
    match = _TABLE.search(statement)
    assert match is not None, f"{statement} changes no table"
    return match[1]
