"""The readable twin of ``series_fast.pyx``."""

import sys
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tapewatch.model.labels import Labels


class SeriesTable:
    """A table of label sets on dictionaries and lists."""

    def __init__(self) -> None:
        self._symbols: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}
        self._rows: list[Labels] = []
        self._pairs: list[tuple[tuple[int, int], ...]] = []
        self._hashes: list[int] = []
        self._by_hash: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, labels: Labels) -> int:
        number = labels.stable_hash()
        row = self._by_hash.get(number)
        if row is not None:
            return row if self._rows[row] == labels else -1
        self._pairs.append(tuple((self._intern(name), self._intern(text)) for name, text in labels))
        self._rows.append(labels)
        self._hashes.append(number)
        self._by_hash[number] = len(self._rows) - 1
        return len(self._rows) - 1

    def find(self, labels: Labels) -> int:
        row = self._by_hash.get(labels.stable_hash(), -1)
        return row if row >= 0 and self._rows[row] == labels else -1

    def labels(self, row: int) -> Labels:
        return self._rows[row]

    def symbol(self, number: int) -> str:
        return self._symbols[number]

    def symbol_of(self, text: str) -> int:
        return self._numbers.get(text, -1)

    def column(self, rows: NDArray[np.int64], name: str) -> NDArray[np.uint32]:
        wanted = self._numbers.get(name, -1)
        values = (self._value(int(row), wanted) for row in rows)
        return np.fromiter(values, dtype=np.uint32, count=len(rows))

    def hashes(self) -> NDArray[np.uint64]:
        return np.array(self._hashes, dtype=np.uint64)

    def label_names(self, rows: NDArray[np.int64]) -> list[str]:
        return sorted({name for row in rows.tolist() for name, _ in self._rows[row]})

    def size_bytes(self) -> int:
        return sum(map(sys.getsizeof, self._rows)) + sum(map(sys.getsizeof, self._symbols))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        texts = [text.encode("utf-8", "surrogatepass") for text in self._symbols]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.uint64)
        flat = [number for pairs in self._pairs for pair in pairs for number in pair]
        lengths = np.cumsum([0, *map(len, self._pairs)], dtype=np.uint64)
        return {
            "symbol_text": np.frombuffer(b"".join(texts), dtype=np.uint8),
            "symbol_ends": ends,
            "pairs": np.array(flat, dtype=np.uint32),
            "pair_ends": lengths,
            "hashes": self.hashes(),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> "SeriesTable":
        table = cls()
        text = arrays["symbol_text"].tobytes()
        ends = arrays["symbol_ends"].tolist()
        symbols = [
            text[begin:end].decode("utf-8", "surrogatepass") for begin, end in pairwise(ends)
        ]
        flat = arrays["pairs"].tolist()
        lengths = arrays["pair_ends"].tolist()
        for begin, end in pairwise(lengths):
            numbers = flat[2 * begin : 2 * end]
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            table.add(Labels((symbols[name], symbols[value]) for name, value in pairs))
        return table

    def _intern(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._symbols)
            self._symbols.append(text)
        return number

    def _value(self, row: int, wanted: int) -> int:
        return next((value for name, value in self._pairs[row] if name == wanted), 0)
