"""The readable twin of ``hash_index_fast.pyx``."""

from collections.abc import Hashable


class HashIndex:
    """An index on a dictionary."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def get(self, key: Hashable) -> int:
        return self._numbers.get(hash(key), -1)

    def put(self, key: Hashable, number: int) -> None:
        self._numbers[hash(key)] = number

    def drop(self, numbers: set[int]) -> None:
        kept = ((key, number) for key, number in self._numbers.items() if number not in numbers)
        self._numbers = dict(kept)

    def clear(self) -> None:
        self._numbers = {}
