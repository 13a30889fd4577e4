"""The tables of the book, and how an older file becomes a newer one."""

import sqlite3
from typing import Final

from tapewatch.alerting.errors import BookForeign

LAYOUT: Final = 3
APPLICATION: Final = 0x74617065
"""The word "tape", by which SQLite's file header says whose file it is."""

ALERTS: Final = """
CREATE TABLE alerts (
    place INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    labels BLOB NOT NULL,
    annotations BLOB NOT NULL,
    generator_url TEXT NOT NULL
);
CREATE TABLE alert_times (
    place INTEGER PRIMARY KEY,
    starts_ns INTEGER NOT NULL,
    ends_ns INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    over INTEGER NOT NULL
);
"""
"""Alerts in the order in which they came, so that many at once are written to a few pages; what is
said again is mostly another end, and writes the narrow table alone."""

MESSAGES: Final = """
CREATE TABLE groups (
    place INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    labels BLOB NOT NULL,
    next_ns INTEGER NOT NULL,
    full_ns INTEGER NOT NULL,
    flushed_ns INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    sequence INTEGER NOT NULL
);
CREATE TABLE notified (
    place INTEGER PRIMARY KEY,
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    integration TEXT NOT NULL,
    entry BLOB NOT NULL
);
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    due_ns INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    notification BLOB NOT NULL
);
"""
"""What is said of them, in the order of its beginning for the same reason."""

FINDING: Final = """
CREATE INDEX history_fingerprint ON history (substr(fingerprint, 1, 1));
"""
"""The first digit finds an alert in a sixteenth of the history; a whole fingerprint would have each
entry written to a page of its own."""

TABLES: Final = """
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE attention (
    fingerprint TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;
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


FROM_1: Final = f"""
ALTER TABLE alerts RENAME TO former;
{ALERTS}
INSERT INTO alerts SELECT row_number() OVER (), fingerprint, labels, annotations, generator_url
    FROM former;
INSERT INTO alert_times SELECT place, starts_ns, ends_ns, updated_ns, timeout, over
    FROM alerts JOIN former USING (fingerprint);
DROP TABLE former;
DROP INDEX history_fingerprint;
{FINDING}
"""  # noqa: S608  # constants only

FROM_2: Final = f"""
ALTER TABLE groups RENAME TO former_groups;
ALTER TABLE notified RENAME TO former_notified;
ALTER TABLE outbox RENAME TO former_outbox;
{MESSAGES}
INSERT INTO groups SELECT row_number() OVER (), * FROM former_groups;
INSERT INTO notified SELECT row_number() OVER (), * FROM former_notified;
INSERT INTO outbox SELECT * FROM former_outbox;
DROP TABLE former_groups;
DROP TABLE former_notified;
DROP TABLE former_outbox;
"""  # noqa: S608  # constants only

CHANGES: Final = {1: FROM_1 + FROM_2, 2: FROM_2}
"""How an older layout becomes the present one."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file, and refuse a file of somebody else or of the future."""
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if layout == LAYOUT:
        connection.executescript(LATER_TABLES)
    elif layout in CHANGES:
        _run(connection, LATER_TABLES + CHANGES[layout])
    elif layout or tables:
        raise BookForeign(layout, LAYOUT)
    else:
        _run(connection, ALERTS + MESSAGES + TABLES + FINDING + LATER_TABLES)


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Change the layout, whole or not at all."""
    connection.executescript(
        f"BEGIN; {script} PRAGMA application_id = {APPLICATION};"
        f" PRAGMA user_version = {LAYOUT}; COMMIT;"
    )
