"""
An index that keeps the hashes of its keys in place of the keys.

It stands where a dictionary from texts or label sets to small numbers would hold hundreds of bytes
for each; here an entry takes about 20. Two keys with the same 64-bit hash are taken for one: among
a million keys that has a chance of one in 37 million, and Python's hashes of text are seeded, so
nobody can bring it about.
"""

from collections.abc import Hashable
from typing import Protocol

from tapewatch.model.compiled import twin


class HashIndex(Protocol):
    """What the compiled index and its twin both do."""

    def __len__(self) -> int: ...
    def get(self, key: Hashable) -> int:
        """Return the number of a key, or -1."""
        ...

    def put(self, key: Hashable, number: int) -> None:
        """Lead ``key`` to ``number``, which is 0 or more, from now on."""
        ...

    def drop(self, numbers: set[int]) -> None:
        """Forget every key that leads to one of ``numbers``."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


_twin = twin("tapewatch.model.hash_index")


def new_index() -> HashIndex:
    """Make an empty index."""
    index: HashIndex = _twin.HashIndex()
    return index
