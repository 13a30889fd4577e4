"""
Records with versions: the same records make the same state, in whatever order they come.

A version is a time and the server that wrote; the later one wins, and of equal times the larger
name. A server never writes a version that is not after all it has seen, so a clock that is behind
loses nothing of what was said there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.kept import Kept


@dataclass(frozen=True, slots=True)
class Record:
    """What one server said of one thing."""

    kind: str
    key: str
    at_ns: int
    origin: str
    body: Any

    @property
    def name(self) -> str:
        """What the record is about."""
        return f"{self.kind}|{self.key}"

    def is_after(self, other: "Record | None") -> bool:
        """Say whether this record wins."""
        return other is None or (self.at_ns, self.origin) > (other.at_ns, other.origin)

    def as_dict(self) -> dict[str, Any]:
        """Write the record as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Self:
        """Read what ``as_dict`` wrote."""
        return cls(
            str(told["kind"]),
            str(told["key"]),
            int(told["at_ns"]),
            str(told["origin"]),
            told["body"],
        )


class Ledger:
    """The last record of everything, in the order in which this server came to know it."""

    def __init__(self, book: Book, origin: str) -> None:
        self.origin = origin
        self._kept = Kept(book, "peer record")
        self._records: dict[str, Record] = {}
        self._numbers: dict[str, int] = {}
        self.number = 0
        """How many records were taken so far, older ones included."""
        self._latest_ns = 0
        for _, told in self._kept.load():
            self._enter(Record.from_dict(told))

    def __len__(self) -> int:
        return len(self._records)

    def get(self, kind: str, key: str) -> Record | None:
        """Find the last record of a thing."""
        return self._records.get(f"{kind}|{key}")

    def write(self, kind: str, key: str, body: Any, now_ns: int) -> Record:
        """Say something here."""
        at_ns = max(now_ns, self._latest_ns + 1)
        record = Record(kind, key, at_ns, self.origin, body)
        self._keep(record)
        return record

    def take(self, record: Record) -> bool:
        """Take what another server said; says whether it is news."""
        if not record.is_after(self._records.get(record.name)):
            return False
        self._keep(record)
        return True

    def since(self, number: int, count: int) -> tuple[list[Record], int]:
        """Give records that were taken after a number, the oldest first, and the new number."""
        later = list(self._later(number, count))
        last = self._numbers[later[-1].name] if later else self.number
        return later, last

    def forget(self, before_ns: int, is_there: Callable[[Record], bool]) -> None:
        """Let go of what was said long ago of things that are not there any more."""
        old = [each for each in self._records.values() if each.at_ns < before_ns]
        for name in [each.name for each in old if not is_there(each)]:
            del self._records[name], self._numbers[name]
            self._kept.drop(name)

    def _later(self, number: int, count: int) -> Iterator[Record]:
        # The newest stand at the end, so what is new is found without looking at the rest.
        fresh = []
        for name in reversed(self._numbers):
            if self._numbers[name] <= number:
                break
            fresh.append(self._records[name])
        yield from fresh[::-1][:count]

    def _keep(self, record: Record) -> None:
        self._enter(record)
        self._kept.keep(record.name, record.as_dict())

    def _enter(self, record: Record) -> None:
        self.number += 1
        self._numbers.pop(record.name, None)
        self._numbers[record.name] = self.number
        self._records[record.name] = record
        self._latest_ns = max(self._latest_ns, record.at_ns)
