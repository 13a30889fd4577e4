import sqlite3

import pytest

from tapewatch.alerting.book.book import Book
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


def test_the_file_of_somebody_else_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "book") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(BookForeign, match="has layout 99, this version knows 1"):
        Book(tmp_path / "book")
