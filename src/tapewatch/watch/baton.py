"""
The baton: groups are evaluated one after the other, unless one of them is slow.

Two threads that evaluate in this process only take the interpreter from each other: 2,000 rules
cost twice as much on two threads as on one. A group that holds the baton for longer than our
patience keeps it for itself, and the others go on with a new one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

PATIENCE_S: Final = 0.1


class Baton:
    """Whoever holds it evaluates; ``patience_s`` is how long the others wait."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self._lock = Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the baton, or overtake whoever is slow."""
        lock = self._lock
        if not lock.acquire(timeout=self.patience_s):
            lock = Lock()
            lock.acquire()
            self._lock = lock
        try:
            yield
        finally:
            lock.release()
