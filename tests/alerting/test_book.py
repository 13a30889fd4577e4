import sqlite3

import pytest

from tapewatch.alerting.alerts import AlertStore
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.late import HISTORY_KEPT, compacted
from tapewatch.alerting.errors import BookForeign, BookUnusable

WRITE = "INSERT OR REPLACE INTO silences VALUES (?, ?)"
DELETE = "DELETE FROM silences WHERE id = ?"


def rows(book):
    return sorted(row[0] for row in book.rows("SELECT id FROM silences"))


def test_a_batch_is_on_disk_whole_or_not_at_all(tmp_path):
    book = Book(tmp_path / "book")
    book.write(WRITE, ("a", b""))
    assert rows(book) == []
    book.commit()
    assert rows(book) == ["a"]
    book.write(WRITE, ("b", b""))
    book.write(WRITE, ("c", object()))
    with pytest.raises(BookUnusable, match="not supported"):
        book.commit()
    assert rows(book) == ["a"]


def test_changes_of_one_table_keep_their_order(tmp_path):
    book = Book(tmp_path / "book")
    for name in ("a", "b"):
        book.write(WRITE, (name, b""))
        book.write(DELETE, (name,))
    book.write(WRITE, ("b", b""))
    book.commit()
    assert rows(book) == ["b"]


def test_a_batch_that_could_not_be_written_is_written_with_the_next(tmp_path):
    book = Book(tmp_path / "book")
    other = sqlite3.connect(tmp_path / "book", isolation_level=None)
    book._connection.execute("PRAGMA busy_timeout = 1")
    other.execute("BEGIN IMMEDIATE")
    book.write(WRITE, ("a", b""))
    with pytest.raises(BookUnusable, match="locked"):
        book.commit()
    assert (book.pending, book.last_error) == (1, "database is locked")
    other.execute("ROLLBACK")
    other.close()
    book.write(WRITE, ("b", b""))
    book.commit()
    assert (rows(book), book.pending, book.last_error) == (["a", "b"], 0, None)


def test_what_cannot_be_written_for_long_is_kept_small_and_whole():
    mark = "UPDATE outbox SET due_ns = ?, attempt = ? WHERE place = ?"
    put, out = "INSERT OR REPLACE INTO outbox VALUES (?, ?)", "DELETE FROM outbox WHERE place = ?"
    several = [
        ("silences", (WRITE, ("a", b"1"))),
        ("outbox", (put, (1, "x"))),
        ("outbox", (mark, (5, 1, 1))),
        ("outbox", (put, (2, "y"))),
        ("outbox", (mark, (6, 1, 2))),
        ("history", ("INSERT INTO history VALUES (?)", (1,))),
        ("silences", (WRITE, ("a", b"2"))),
        ("outbox", (out, (1,))),
    ]
    assert [row for _, row in compacted(several)] == [
        (2, "y"),
        (6, 1, 2),
        (1,),
        ("a", b"2"),
        (1,),
    ]
    assert len(compacted(several[5:6] * (HISTORY_KEPT + 9))) == HISTORY_KEPT


def test_the_file_of_somebody_else_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "book") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(BookForeign, match="has layout 99, this version knows 3"):
        Book(tmp_path / "book")


def test_a_run_of_rows_is_written_whole_and_in_its_order(tmp_path):
    book = Book(tmp_path / "book")
    for number in range(200):
        book.write(WRITE, (str(number % 150), str(number).encode()))
    book.commit()
    kept = dict(book.rows("SELECT id, body FROM silences"))
    assert len(kept) == 150
    assert (kept["0"], kept["49"], kept["50"]) == (b"150", b"199", b"50")


FIRST_LAYOUT = """
CREATE TABLE alerts (
    fingerprint TEXT PRIMARY KEY, labels BLOB, annotations BLOB, starts_ns INTEGER,
    ends_ns INTEGER, updated_ns INTEGER, timeout INTEGER, generator_url TEXT, over INTEGER
) WITHOUT ROWID;
CREATE TABLE groups (
    key TEXT PRIMARY KEY, route TEXT, labels BLOB, next_ns INTEGER, full_ns INTEGER,
    flushed_ns INTEGER, episode INTEGER, sequence INTEGER
) WITHOUT ROWID;
CREATE TABLE notified (
    group_key TEXT, receiver TEXT, integration TEXT, entry BLOB,
    PRIMARY KEY (group_key, receiver, integration)
) WITHOUT ROWID;
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY, id TEXT UNIQUE, due_ns INTEGER, attempt INTEGER, notification BLOB
);
INSERT INTO groups VALUES ('k', 'r', '{}', 1, 2, 3, 4, 5);
INSERT INTO notified VALUES ('g', 'desk', 'slack/0', '{}');
INSERT INTO outbox VALUES (7, 'id', 1, 0, '{}');
CREATE TABLE history (place INTEGER PRIMARY KEY, fingerprint TEXT);
CREATE INDEX history_fingerprint ON history (fingerprint) WHERE fingerprint != '';
INSERT INTO alerts VALUES ('f1', '{"alertname":"A"}', '{}', 1, 5, 2, 0, 'http://a', 0);
INSERT INTO alerts VALUES ('f0', '{"alertname":"B"}', '{}', 3, 4, 3, 1, '', 1);
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_layout_is_taken_over(tmp_path):
    with sqlite3.connect(tmp_path / "book") as connection:
        connection.executescript(FIRST_LAYOUT)
    connection.close()
    book = Book(tmp_path / "book")
    assert list(book.rows("SELECT * FROM groups")) == [(1, "k", "r", "{}", 1, 2, 3, 4, 5)]
    assert list(book.rows("SELECT * FROM notified")) == [(1, "g", "desk", "slack/0", "{}")]
    assert list(book.rows("SELECT place, id FROM outbox")) == [(7, "id")]
    store = AlertStore(book)
    store.load(2, 0)
    told = {each.fingerprint: (each.name, each.ends_ns, each.timeout, each.over) for each in store}
    assert told == {"f1": ("A", 5, False, False), "f0": ("B", 4, True, True)}
