"""The tables of the book, and how an older file becomes a newer one."""

import sqlite3
from typing import Final

from tapewatch.alerting.errors import BookForeign

LAYOUT: Final = 1
APPLICATION: Final = 0x74617065
"""The word "tape", by which SQLite's file header says whose file it is."""

TABLES: Final = """
CREATE TABLE alerts (
    fingerprint TEXT PRIMARY KEY,
    labels BLOB NOT NULL,
    annotations BLOB NOT NULL,
    starts_ns INTEGER NOT NULL,
    ends_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    generator_url TEXT NOT NULL,
    over INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE groups (
    key TEXT PRIMARY KEY,
    route TEXT NOT NULL,
    labels BLOB NOT NULL,
    next_ns INTEGER NOT NULL,
    full_ns INTEGER NOT NULL,
    flushed_ns INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE notified (
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    integration TEXT NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (group_key, receiver, integration)
) WITHOUT ROWID;
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE attention (
    fingerprint TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    due_ns INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    notification BLOB NOT NULL
);
CREATE TABLE memories (
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    integration TEXT NOT NULL,
    episode INTEGER NOT NULL,
    memory BLOB NOT NULL,
    PRIMARY KEY (group_key, receiver, integration)
) WITHOUT ROWID;
CREATE TABLE history (
    place INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    alert TEXT NOT NULL,
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    integration TEXT NOT NULL,
    by TEXT NOT NULL,
    told TEXT NOT NULL,
    labels BLOB NOT NULL
);
CREATE INDEX history_at ON history (at_ns);
CREATE INDEX history_fingerprint ON history (fingerprint) WHERE fingerprint != '';
"""

LATER_TABLES: Final = """
CREATE TABLE IF NOT EXISTS kept (
    part TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (part, key)
) WITHOUT ROWID;
"""
"""What older files of this layout lack and do without."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file, and refuse a file of somebody else or of the future."""
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    if layout == LAYOUT:
        connection.executescript(LATER_TABLES)
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if layout or tables:
        raise BookForeign(layout, LAYOUT)
    connection.executescript(
        f"BEGIN; {TABLES} {LATER_TABLES} PRAGMA application_id = {APPLICATION};"
        f" PRAGMA user_version = {LAYOUT}; COMMIT;"
    )
