"""Deletions, as readers see them: what was deleted is hidden until compaction takes it out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import ABSENT, LabelSets, Part, Ragged, Selection, Strip
from tapewatch.metrics.storage.manifest import Tombstone
from tapewatch.model.matchers import Matcher, MatchKind, match_all


def without_deleted(selection: Selection, stones: Sequence[Tombstone]) -> Selection:
    """Take deleted samples out of a selection."""
    parts: list[Part] = []
    for part in selection.parts:
        for stone in stones:
            part = _without(part, stone)
        parts.append(part)
    return Selection(tuple(parts))


def _without(part: Part, stone: Tombstone) -> Part:
    times = part.timestamps
    inside = (times >= stone.first_ms) & (times <= stone.last_ms)
    if not inside.any():
        return part
    matched = part.labels.derive(("deleted", stone), lambda: matched_rows(part.labels, stone))
    if not matched.any():
        return part
    if isinstance(part, Ragged):
        lengths = np.diff(part.offsets)
        cells = inside & np.repeat(matched, lengths)
    else:
        cells = matched[:, None] & inside[None, :]
    values = np.where(cells, ABSENT, part.values)
    histograms = part.histograms
    if histograms is not None:
        histograms = histograms.copy()
        histograms[cells] = None
    if isinstance(part, Ragged):
        return Ragged(part.labels, times, values, part.offsets, True, histograms, part.starts)
    return Strip(part.labels, times, values, True, histograms, part.starts)


def matched_rows(labels: LabelSets, stone: Tombstone) -> NDArray[np.bool_]:
    """Say which series a deletion names."""
    matchers = matchers_of(stone)
    return np.array([match_all(matchers, each) for each in labels], dtype=bool)


def matchers_of(stone: Tombstone) -> list[Matcher]:
    """Return the matchers of a tombstone."""
    return [Matcher(MatchKind(kind), name, value) for kind, name, value in stone.matchers]
