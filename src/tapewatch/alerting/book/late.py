"""
Changes that cannot be written, kept small: a full disk must not become a full memory.

Of a row that is replaced or removed later, only the last change counts. History has no such rows;
of it the newest are kept.
"""

from collections.abc import Sequence
from typing import Any, Final

Change = tuple[str, Sequence[Any]]

KEY_WIDTHS: Final = {
    "alerts": 1,
    "alert_times": 1,
    "groups": 1,
    "silences": 1,
    "attention": 1,
    "outbox": 1,
    "kept": 2,
    "notified": 1,
    "memories": 3,
}
"""How many columns, the first ones, tell the rows of a table apart."""

HISTORY_KEPT: Final = 50_000


def compacted(changes: Sequence[tuple[str, Change]]) -> list[Change]:
    """Keep what counts of changes, each with its table."""
    seen: set[tuple[str, tuple[Any, ...]]] = set()
    left: list[Change] = []
    history = 0
    for table, change in reversed(changes):
        statement, row = change
        if table not in KEY_WIDTHS:
            history += 1
            if history > HISTORY_KEPT:
                continue
        elif (name := (table, _key(table, statement, row))) in seen:
            continue
        elif not statement.startswith("UPDATE"):
            seen.add(name)
        left.append(change)
    return left[::-1]


def _key(table: str, statement: str, row: Sequence[Any]) -> tuple[Any, ...]:
    # What an update changes is named last.
    width = KEY_WIDTHS[table]
    return tuple(row[-width:] if statement.startswith("UPDATE") else row[:width])
