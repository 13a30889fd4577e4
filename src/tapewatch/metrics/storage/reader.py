"""
Reading the database: which series, where they lie, and their samples.

What was worked out for a selector (which series pass, which fragments hold them) is remembered
until series, files or lanes change, so a dashboard that asks again pays for reading alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.metrics.selection import NO_SETS, Allowance, Hints, LabelSets, Selection
from tapewatch.metrics.storage.deleting import Deletions
from tapewatch.metrics.storage.gather import Fragment, Group, group_members, read_groups
from tapewatch.metrics.storage.head import LaneFragment, LiveLoose, StripeFragment, match_columns
from tapewatch.metrics.storage.segment import Segment
from tapewatch.metrics.storage.series import Table, TableLabels, new_table
from tapewatch.metrics.storage.summaries import (
    Choice,
    Chooser,
    Reading,
    SummaryFile,
    summary_fragments,
)
from tapewatch.model.matchers import Matcher
from tapewatch.store.errors import FileDamaged

if TYPE_CHECKING:
    from tapewatch.metrics.storage.database import Database

PLANS_MAX: Final = 8192
SECTION_MS: Final = 300_000
"""Queries whose times fall into the same five minutes share a plan."""

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


class Section(NamedTuple):
    """A block from ``first_ms`` to ``last_ms``: series that ended before cost a query nothing."""

    block: Segment
    first_ms: int
    last_ms: int

    def stripes(self) -> list[int]:
        """Return the stripes that may have samples in the section."""
        found: list[int] = self.block.stripes_between(self.first_ms, self.last_ms).tolist()
        return found

    def rows(self, matchers: Matchers) -> Integers:
        """Return the rows that pass the matchers and lie in one of the stripes."""
        rows, stripes = self.block.finder.rows(matchers), self.stripes()
        if len(stripes) == self.block.stripe_count:
            return rows
        inside = np.zeros(len(self.block.finder.table), dtype=bool)
        for stripe in stripes:
            inside[self.block.columns(stripe)] = True
        return rows[inside[rows]]


def section_of(block: Segment, start_ms: int, end_ms: int) -> Section:
    """Return the part of a block that a query reads, rounded so that the next reads the same."""
    first_ms = start_ms // SECTION_MS * SECTION_MS
    last_ms = -(-end_ms // SECTION_MS) * SECTION_MS
    header = block.header
    return Section(block, max(first_ms, header.first_ms), min(last_ms, header.last_ms))


class Reader:
    """Answers for one database; several threads may ask at once."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._plans: dict[tuple[Matchers, tuple[object, ...]], Plan] = {}
        self._generation = -1
        self._chooser = Chooser(database)

    def select(self, matchers: Matchers, start_ms: int, end_ms: int, hints: Hints) -> Selection:
        """Find samples in ``(start_ms, end_ms]``, or summaries where these answer better."""
        while True:
            try:
                choice = self._chooser.choose(matchers, start_ms, end_ms, hints)
                if choice is None:
                    return self._select(matchers, start_ms, end_ms, hints.allowance)
                return self._summarised(matchers, choice, hints.allowance)
            except FileDamaged as fault:
                self._database.set_aside(fault)

    def _select(
        self, matchers: Matchers, start_ms: int, end_ms: int, allowance: Allowance
    ) -> Selection:
        plan = self._plan_now(matchers, start_ms, end_ms)
        return read_groups(
            plan.labels, plan.fragments, plan.groups, start_ms + 1, end_ms, allowance
        )

    def _plan_now(
        self, matchers: Matchers, start_ms: int, end_ms: int, files: Sequence[SummaryFile] = ()
    ) -> Plan:
        with self._database.head.lock:
            plan = self._plan(matchers, start_ms, end_ms, files)
            # What grows is looked at under the lock, so that a seal meanwhile takes nothing away.
            fragments = [
                each.now() if isinstance(each, LaneFragment | LiveLoose) else each
                for each in plan.fragments
            ]
        return plan._replace(fragments=fragments)

    def _summarised(self, matchers: Matchers, choice: Choice, allowance: Allowance) -> Selection:
        files = self._chooser.files_for(choice)
        plan = self._plan_now(matchers, choice.after_ms, choice.until_ms, files)
        allowance.reserve(choice.cells * len(plan.labels))
        reading = self.reading(plan, files)
        selections = [reading.select(group, choice) for group in plan.groups]
        return Selection(
            tuple(part for each in selections for part in each.parts),
            tuple(summary for each in selections for summary in each.summaries),
            choice.rounded and any(each.summaries for each in selections),
        )

    def everything(
        self, after_ms: int, until_ms: int, files: Sequence[SummaryFile]
    ) -> tuple[Plan, Reading]:
        """Plan to read all series from samples and some summaries, for whoever summarises."""
        plan = self._plan_now((), after_ms, until_ms, files)
        return plan, self.reading(plan, files)

    def reading(self, plan: Plan, files: Sequence[SummaryFile]) -> Reading:
        """Return what reads the groups of a plan as summaries."""
        stones = self._database.manifest.tombstones
        return Reading(plan.labels, plan.fragments, files, stones)

    def find(self, matchers: Matchers, start_ms: int, end_ms: int) -> LabelSets:
        """Find the series that may have samples in the range."""
        with self._database.head.lock:
            files = self._chooser.files_between(start_ms, end_ms)
            plan = self._plan(matchers, start_ms, end_ms, files)
            touched = np.zeros(len(plan.labels), dtype=bool)
            for each in plan.fragments:
                fragment = each.now() if isinstance(each, LaneFragment) else each
                if fragment.first_ms <= end_ms and fragment.last_ms >= start_ms:
                    touched[fragment.members] = True
        if touched.all():
            return plan.labels
        return plan.labels.take(np.flatnonzero(touched))

    def _plan(
        self, matchers: Matchers, start_ms: int, end_ms: int, files: Sequence[SummaryFile] = ()
    ) -> Plan:
        sections = [
            section_of(block, start_ms, end_ms)
            for block in self._database.blocks
            if block.header.first_ms <= end_ms and block.header.last_ms > start_ms
        ]
        summaries = [each.segment for each in files]
        spans = [(each.block.number, each.first_ms, each.last_ms) for each in sections]
        key = matchers, (*spans, *(each.number for each in summaries))
        generation = self._database.head.generation
        plan = self._plans.get(key)
        if plan is None or plan.generation != generation:
            plan = self._make_plan(generation, matchers, sections, summaries)
            if len(self._plans) >= PLANS_MAX or generation != self._generation:
                # Plans of before would keep tables and files alive that are long replaced.
                self._plans.clear()
                self._generation = generation
            self._plans[key] = plan
        return plan

    def _make_plan(
        self,
        generation: int,
        matchers: Matchers,
        sections: list[Section],
        summaries: list[Segment],
    ) -> Plan:
        head = self._database.head
        files = [*(each.block for each in sections), *summaries]
        tables = [head.table, *(file.finder.table for file in files)]
        rows = [head.finder.rows(matchers)]
        rows += [each.rows(matchers) for each in sections]
        rows += [file.finder.rows(matchers) for file in summaries]
        found = unite(tables, rows)
        deletions = Deletions(self._database.manifest.tombstones, found.labels)
        fragments: list[Fragment] = []
        border = len(sections) + 1
        for section, source in zip(sections, found.sources[1:border], strict=True):
            fragments.extend(block_fragments(section, *source, deletions))
        for file, source in zip(summaries, found.sources[border:], strict=True):
            fragments.extend(summary_fragments(file, *source))
        fragments.extend(head.fragments(*found.sources[0], deletions))
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
    _, first, which = np.unique(np.concatenate(hashes), return_index=True, return_inverse=True)
    # Members stand in the order of the tables, so that what lies together is read together.
    in_order = np.argsort(first)
    member = np.empty(len(first), dtype=np.int64)
    member[in_order] = np.arange(len(first))
    first = first[in_order]
    owner = np.repeat(np.arange(len(rows)), [len(each) for each in rows])[first]
    place = np.concatenate(rows)[first]
    borders = np.cumsum([len(each) for each in rows[:-1]])
    sources = []
    for own_rows, own in zip(rows, np.split(member[which], borders), strict=True):
        rising = np.argsort(own)
        sources.append((own_rows[rising], own[rising]))
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


def block_fragments(
    section: Section, rows: Integers, members: Integers, deletions: Deletions
) -> Iterator[Fragment]:
    """Yield the stripes of a section that hold some of its ``rows``."""
    if not len(rows):
        return
    by_row = np.argsort(rows)
    ordered = rows[by_row]
    block = section.block
    for stripe in section.stripes():
        inside, places = match_columns(block.columns(stripe), ordered)
        if len(inside):
            chosen = by_row[inside]
            order = np.argsort(chosen)
            held = members[chosen[order]]
            yield StripeFragment(held, places[order], block, stripe, deletions)
