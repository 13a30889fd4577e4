"""
Reading the database: which series, where they lie, and their samples.

What was worked out for a selector (which series pass, which fragments hold them) is remembered
until series, files or lanes change, so a dashboard that asks again pays for reading alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import (
    ABSENT,
    NO_SETS,
    Hints,
    LabelSets,
    Part,
    Ragged,
    Selection,
    Strip,
)
from tapewatch.metrics.storage.gather import Fragment, Group, group_members, read_groups
from tapewatch.metrics.storage.head import LaneFragment, StripeFragment, match_columns
from tapewatch.metrics.storage.manifest import Tombstone
from tapewatch.metrics.storage.segment import Segment
from tapewatch.metrics.storage.series import Table, TableLabels, new_table
from tapewatch.model.matchers import Matcher, MatchKind, match_all
from tapewatch.store.errors import FileDamaged

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

PLANS_MAX: Final = 512

Integers = NDArray[np.int64]
Matchers = tuple[Matcher, ...]


class Plan(NamedTuple):
    """Which series pass a selector, and where they lie."""

    generation: int
    labels: LabelSets
    fragments: list[Fragment]
    groups: list[Group]


class Found(NamedTuple):
    """The series of several tables as one set: each source's rows, and which member each is."""

    labels: LabelSets
    sources: list[tuple[Integers, Integers]]


class Reader:
    """Answers for one database; several threads may ask at once."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._plans: dict[tuple[Matchers, tuple[int, ...]], Plan] = {}

    def select(self, matchers: Matchers, start_ms: int, end_ms: int, hints: Hints) -> Selection:
        """Find samples in ``(start_ms, end_ms]``."""
        del hints  # Every block here has one resolution; summaries are chosen by their own reader.
        while True:
            try:
                return self._select(matchers, start_ms, end_ms)
            except FileDamaged as fault:
                self._database.set_aside(fault)

    def _select(self, matchers: Matchers, start_ms: int, end_ms: int) -> Selection:
        with self._database.head.lock:
            plan = self._plan(matchers, start_ms, end_ms)
            # Lanes are looked at under the lock, so that a seal meanwhile takes nothing away.
            fragments = [
                each.now() if isinstance(each, LaneFragment) else each for each in plan.fragments
            ]
        selection = read_groups(plan.labels, fragments, plan.groups, start_ms + 1, end_ms)
        stones = self._database.manifest.tombstones
        return without_deleted(selection, stones) if stones else selection

    def find(self, matchers: Matchers, start_ms: int, end_ms: int) -> LabelSets:
        """Find the series that may have samples in the range."""
        with self._database.head.lock:
            plan = self._plan(matchers, start_ms, end_ms)
            touched = np.zeros(len(plan.labels), dtype=bool)
            for each in plan.fragments:
                fragment = each.now() if isinstance(each, LaneFragment) else each
                if fragment.first_ms <= end_ms and fragment.last_ms >= start_ms:
                    touched[fragment.members] = True
        if touched.all():
            return plan.labels
        return plan.labels.take(np.flatnonzero(touched))

    def _plan(self, matchers: Matchers, start_ms: int, end_ms: int) -> Plan:
        blocks = [
            block
            for block in self._database.blocks
            if block.header.first_ms <= end_ms and block.header.last_ms > start_ms
        ]
        key = matchers, tuple(block.number for block in blocks)
        generation = self._database.head.generation
        plan = self._plans.get(key)
        if plan is None or plan.generation != generation:
            plan = self._make_plan(generation, matchers, blocks)
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            if not self._database.head.loose.count:
                self._plans[key] = plan
        return plan

    def _make_plan(self, generation: int, matchers: Matchers, blocks: list[Segment]) -> Plan:
        head = self._database.head
        tables = [head.table, *(block.finder.table for block in blocks)]
        rows = [head.finder.rows(matchers), *(block.finder.rows(matchers) for block in blocks)]
        found = unite(tables, rows)
        fragments: list[Fragment] = []
        for block, (own_rows, members) in zip(blocks, found.sources[1:], strict=True):
            fragments.extend(block_fragments(block, own_rows, members))
        fragments.extend(head.fragments(*found.sources[0]))
        return Plan(
            generation, found.labels, fragments, group_members(fragments, len(found.labels))
        )


def unite(tables: Sequence[Table], rows: Sequence[Integers]) -> Found:
    """Make one set of the series in several tables; the same labels are the same series."""
    filled = [i for i, each in enumerate(rows) if len(each)]
    nothing = np.empty(0, dtype=np.int64)
    if not filled:
        return Found(NO_SETS, [(nothing, nothing)] * len(tables))
    if len(filled) == 1:
        only = filled[0]
        members = np.arange(len(rows[only]))
        sources = [(nothing, nothing)] * len(tables)
        sources[only] = rows[only], members
        return Found(TableLabels(tables[only], rows[only]), sources)
    hashes = [table.hashes()[each] for table, each in zip(tables, rows, strict=True)]
    distinct, first = np.unique(np.concatenate(hashes), return_index=True)
    owner = np.repeat(np.arange(len(rows)), [len(each) for each in rows])[first]
    place = np.concatenate(rows)[first]
    sources = []
    for own_rows, own_hashes in zip(rows, hashes, strict=True):
        member = np.searchsorted(distinct, own_hashes)
        order = np.argsort(member)
        sources.append((own_rows[order], member[order].astype(np.int64)))
    return Found(_labels_of(tables, owner, place), sources)


def _labels_of(tables: Sequence[Table], owner: Integers, place: Integers) -> LabelSets:
    if len(np.unique(owner)) == 1:
        return TableLabels(tables[int(owner[0])], place)
    merged = new_table()
    rows = [
        merged.add(tables[source].labels(row))
        for source, row in zip(owner.tolist(), place.tolist(), strict=True)
    ]
    return TableLabels(merged, np.array(rows, dtype=np.int64))


def block_fragments(block: Segment, rows: Integers, members: Integers) -> Iterator[Fragment]:
    """Yield the stripes of a block that hold some of its ``rows``."""
    if not len(rows):
        return
    by_row = np.argsort(rows)
    for stripe in range(block.stripe_count):
        inside, places = match_columns(block.columns(stripe), rows[by_row])
        if len(inside):
            chosen = by_row[inside]
            order = np.argsort(chosen)
            yield StripeFragment(members[chosen[order]], places[order], block, stripe)


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
    matched = part.labels.derive(("deleted", stone), lambda: _matched(part.labels, stone))
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


def _matched(labels: LabelSets, stone: Tombstone) -> NDArray[np.bool_]:
    matchers = matchers_of(stone)
    return np.array([match_all(matchers, each) for each in labels], dtype=bool)


def matchers_of(stone: Tombstone) -> list[Matcher]:
    """Return the matchers of a tombstone."""
    return [Matcher(MatchKind(kind), name, value) for kind, name, value in stone.matchers]
