"""
Deletions, as readers see them: what was deleted is hidden until compaction takes it out.

A deletion holds for the files that were there. What comes after it, even for the same series and
the same time, stays: so wrong samples can be deleted and the right ones written in their place.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import NO_SETS, LabelSets
from tapewatch.metrics.storage.manifest import Tombstone
from tapewatch.metrics.storage.piece import Piece, erased
from tapewatch.model.matchers import Matcher, MatchKind, match_all


class Deletions:
    """The deletions that some files may not know of yet, over the series of one plan."""

    def __init__(self, stones: Sequence[Tombstone], labels: LabelSets) -> None:
        self._stones = tuple(stones)
        self._labels = labels

    def hide(self, piece: Piece, file: int, members: NDArray[np.int64]) -> Piece:
        """Take what was deleted out of a piece of the file with that number."""
        for stone in self._stones:
            if file < stone.before_file:
                named = self._named(stone)[members]
                piece = erased(piece, named, stone.first_ms, stone.last_ms)
        return piece

    def _named(self, stone: Tombstone) -> NDArray[np.bool_]:
        labels = self._labels
        return labels.derive(("deleted", stone), lambda: matched_rows(labels, stone))


NO_DELETIONS: Final = Deletions((), NO_SETS)


def matched_rows(labels: LabelSets, stone: Tombstone) -> NDArray[np.bool_]:
    """Say which series a deletion names."""
    matchers = matchers_of(stone)
    return np.array([match_all(matchers, each) for each in labels], dtype=bool)


def matchers_of(stone: Tombstone) -> list[Matcher]:
    """Return the matchers of a tombstone."""
    return [Matcher(MatchKind(kind), name, value) for kind, name, value in stone.matchers]
