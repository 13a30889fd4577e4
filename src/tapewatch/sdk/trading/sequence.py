"""
How venues number their messages, and what a number says about the ones before it.

Each policy holds where a stream stands and judges one message at a time. ``first`` and ``last``
are the numbers that a message covers (the same number where it covers one), ``previous`` is the
number that it says came before it.

| policy | venues | a message follows when |
|---|---|---|
| `plus_one` | Bybit books (`u`), Coinbase `sequence`, dense trade ids | `first` is one more |
| `U_u` | Binance spot books | it covers the number after the last one |
| `pu_chain` | Binance futures books | its `pu` is the last `u` |
| `prev_chain` | OKX `prevSeqId`, Deribit `prev_change_id` | its `previous` is the last number |
| `id_monotone` | trade ids with holes | it is larger |
| `checksum` | Kraken books | the book has the checksum that the message carries |
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Final, Protocol

from tapewatch.sdk.trading.missing import Missing


class Verdict(IntEnum):
    """What a message is to the ones before it."""

    NEXT = 0
    """It follows: use it."""
    GAP = 1
    """Messages before it are missing: ``missing_first`` to ``missing_last``."""
    DUPLICATE = 2
    """It has been seen: drop it."""
    LATE = 3
    """It belongs into an earlier gap, or came after its successors."""
    RESET = 4
    """The venue began to number anew: the state begins with this message."""
    COVERED = 5
    """The snapshot already holds it: drop it."""
    WAITING = 6
    """The stream needs a snapshot: keep the message until there is one."""
    REFUSED = 7
    """Its numbers are none."""


class Rule(IntEnum):
    """The ordinary test by which a message follows, for whoever looks before asking."""

    NONE = 0
    RANGES = 1
    """The range of the message covers the number after the last."""
    CHAIN_RISING = 2
    """It names the last number, and its own is larger."""
    CHAIN = 3
    """It names the last number, and its own is not smaller."""
    RISING = 4
    """Its first number is larger than the last."""


class Sequence(Protocol):
    """
    Where one stream stands.

    While ``following``, ``rule`` alone says whether a message follows ``last``, and whoever has
    tested that may move ``last`` without asking ``see``.
    """

    rule: Rule
    last: int
    missing: Missing
    missing_first: int
    missing_last: int

    @property
    def synced(self) -> bool:
        """Whether the state built from the stream can be trusted."""
        ...

    @property
    def following(self) -> bool:
        """Whether nothing but the rule decides the next message."""
        ...

    def see(self, first: int, last: int, previous: int) -> Verdict:
        """Judge one message and move on."""
        ...

    def snapshot(self, last: int) -> None:
        """Begin at a snapshot that holds everything up to ``last``."""
        ...

    def reset(self) -> None:
        """Forget the numbers, as after a new connection."""
        ...


class PlusOne:
    """
    Numbers rise by one, or by the range that a message covers.

    ``reset_at`` is the number with which the venue begins anew (Bybit's books send ``u=1`` after
    a restart). Without it a small number is a duplicate or late, never a restart.
    """

    rule = Rule.RANGES
    synced = True
    last: int
    following: bool

    def __init__(self, reset_at: int | None = None) -> None:
        self.reset_at = reset_at
        self.missing = Missing()
        self.reset()

    def see(self, first: int, last: int, previous: int) -> Verdict:  # noqa: ARG002 # One shape.
        expected = self.last + 1
        if first <= expected <= last or not self.following:
            return self._follow(last)
        if first > expected:
            return self._gap(expected, first - 1, last)
        return self._old(first, last)

    def snapshot(self, last: int) -> None:
        self.last, self.following = last, True

    def reset(self) -> None:
        self.missing_first = self.missing_last = 0
        self.last, self.following = 0, False

    def _follow(self, last: int) -> Verdict:
        self.last, self.following = last, True
        return Verdict.NEXT

    def _gap(self, missing_first: int, missing_last: int, last: int) -> Verdict:
        self.missing_first, self.missing_last = missing_first, missing_last
        self.missing.add(missing_first, missing_last)
        self.last = last
        return Verdict.GAP

    def _old(self, first: int, last: int) -> Verdict:
        if first == self.reset_at and last < self.last:
            self.last = last
            return Verdict.RESET
        return Verdict.LATE if self.missing.take(first, last) else Verdict.DUPLICATE


class _FromSnapshot:
    """What the policies share whose stream continues a snapshot fetched beside it."""

    rule = Rule.NONE
    last: int

    def __init__(self) -> None:
        self.missing = Missing()
        self.reset()

    @property
    def synced(self) -> bool:
        return self._synced

    @property
    def following(self) -> bool:
        return self._synced and not self._fresh

    def snapshot(self, last: int) -> None:
        self.last, self._synced, self._fresh = last, True, True

    def reset(self) -> None:
        self.missing_first = self.missing_last = 0
        self.last, self._synced, self._fresh = 0, False, False

    def _follow(self, last: int) -> Verdict:
        self.last, self._fresh = last, False
        return Verdict.NEXT

    def _gap(self, missing_first: int, missing_last: int) -> Verdict:
        # What follows a hole cannot be applied, so the stream waits for the next snapshot.
        self.missing_first, self.missing_last = missing_first, missing_last
        if missing_first <= missing_last:
            self.missing.add(missing_first, missing_last)
        self._synced = False
        return Verdict.GAP

    def _old(self) -> Verdict:
        return Verdict.COVERED if self._fresh else Verdict.DUPLICATE


class FirstLast(_FromSnapshot):
    """``U`` and ``u`` of Binance spot: the ranges of messages follow each other."""

    rule = Rule.RANGES

    def see(self, first: int, last: int, previous: int) -> Verdict:  # noqa: ARG002 # One shape.
        if not self._synced:
            return Verdict.WAITING
        expected = self.last + 1
        if first <= expected <= last:
            return self._follow(last)
        return self._gap(expected, first - 1) if first > expected else self._old()


class PreviousLast(_FromSnapshot):
    """``pu`` of Binance futures: ranges have holes, but each names the end of the one before."""

    rule = Rule.CHAIN_RISING

    def see(self, first: int, last: int, previous: int) -> Verdict:
        if not self._synced:
            return Verdict.WAITING
        if last < self.last or (last == self.last and not self._fresh):
            return self._old()
        if previous == self.last or (self._fresh and first <= self.last + 1):
            return self._follow(last)
        # A first message begins after its snapshot; later ones after the range they name.
        return self._gap(self.last + 1, first - 1 if self._fresh else previous)


class PreviousChain(_FromSnapshot):
    """
    Every message names the one before it; the stream brings its own snapshots (previous -1).

    A number that falls while the chain holds is the venue's maintenance: it numbers anew.
    """

    rule = Rule.CHAIN

    def see(self, first: int, last: int, previous: int) -> Verdict:  # noqa: ARG002 # One shape.
        if previous < 0:
            self.snapshot(last)
            return Verdict.NEXT
        if not self._synced:
            return Verdict.WAITING
        if previous == self.last:
            fell = last < self.last
            self._follow(last)
            return Verdict.RESET if fell else Verdict.NEXT
        if last <= self.last:
            return self._old()
        return self._gap(self.last + 1, previous)


class Monotone:
    """Ids rise, with holes that mean nothing."""

    rule = Rule.RISING
    synced = True
    last: int
    following: bool

    def __init__(self) -> None:
        self.missing = Missing()
        self.reset()

    def see(self, first: int, last: int, previous: int) -> Verdict:  # noqa: ARG002 # One shape.
        if first > self.last or not self.following:
            self.last, self.following = last, True
            return Verdict.NEXT
        return Verdict.DUPLICATE if first == self.last else Verdict.LATE

    def snapshot(self, last: int) -> None:
        self.last, self.following = last, True

    def reset(self) -> None:
        self.missing_first = self.missing_last = 0
        self.last, self.following = 0, False


class Checked(_FromSnapshot):
    """No numbers: ``first`` is the checksum of our book, ``last`` the one the venue sent."""

    def see(self, first: int, last: int, previous: int) -> Verdict:  # noqa: ARG002 # One shape.
        if not self._synced:
            return Verdict.WAITING
        return Verdict.NEXT if first == last else self._gap(1, 0)


POLICIES: Final[dict[str, Callable[[], Sequence]]] = {
    "plus_one": PlusOne,
    "U_u": FirstLast,
    "pu_chain": PreviousLast,
    "prev_chain": PreviousChain,
    "id_monotone": Monotone,
    "checksum": Checked,
}
