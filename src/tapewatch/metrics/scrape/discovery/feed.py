"""All sources of a job together: what they have found so far, kept while they look on."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tapewatch.metrics.scrape.discovery.groups import Changes, Discovery, TargetGroup
from tapewatch.metrics.scrape.errors import DiscoveryFailed
from tapewatch.model.clock import Clock

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 5.0
"""How long a source that broke down is left alone."""


@dataclass(slots=True)
class Source:
    """One source with what it has found."""

    settings: object
    discovery: Discovery
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    heard: bool = False
    task: asyncio.Task[None] | None = None
    last_error: str = ""


class Feed:
    """Runs sources and calls ``on_change`` when they find something else."""

    def __init__(
        self,
        clock: Clock,
        on_change: Callable[[], None],
        on_failure: Callable[[DiscoveryFailed], None],
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._on_failure = on_failure
        self._sources: list[Source] = []
        self._outgoing: list[TargetGroup] = []

    def groups(self) -> list[TargetGroup]:
        """
        Return every group that is known, source after source.

        What replaced sources knew holds until their successors have said something.
        """
        if all(source.heard for source in self._sources):
            self._outgoing = []
        known = [group for source in self._sources for group in source.groups.values()]
        return [*known, *self._outgoing]

    def apply(self, wanted: Iterable[tuple[object, Discovery]]) -> None:
        """Run these sources; one whose settings are unchanged goes on with what it knows."""
        former = self._sources
        self._sources = []
        for settings, discovery in wanted:
            kept = next((each for each in former if each.settings == settings), None)
            if kept is not None:
                former.remove(kept)
                self._sources.append(kept)
            else:
                self._sources.append(self._begin(settings, discovery))
        for source in former:
            _cancel(source)
            self._outgoing.extend(source.groups.values())
        if former:
            self._on_change()

    async def stop(self) -> None:
        """Stop looking."""
        tasks = [source.task for source in self._sources if source.task is not None]
        for source in self._sources:
            _cancel(source)
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sources = []

    def _begin(self, settings: object, discovery: Discovery) -> Source:
        source = Source(settings, discovery)
        source.task = asyncio.create_task(
            self._follow(source), name=f"discovery {discovery.mechanism}"
        )
        return source

    async def _follow(self, source: Source) -> None:
        failed = partial(self._note_failure, source)

        while True:
            try:
                async for changes in source.discovery.groups(failed):
                    source.last_error = ""
                    _take(source, changes)
                    self._on_change()
                # A source that has said everything says so by ending.
                return
            except DiscoveryFailed as fault:
                failed(fault)
            except Exception as fault:
                log.exception("discovery broke down")
                failed(DiscoveryFailed(source.discovery.mechanism, repr(fault)))
            await self._clock.sleep(PAUSE_SECONDS)

    def _note_failure(self, source: Source, fault: DiscoveryFailed) -> None:
        if source.last_error != str(fault):
            log.warning("targets not found", extra={"fault": str(fault)})
        source.last_error = str(fault)
        source.heard = True
        self._on_failure(fault)


def _take(source: Source, changes: Changes) -> None:
    source.heard = True
    for group in changes:
        if group.targets:
            source.groups[group.source] = group
        else:
            source.groups.pop(group.source, None)


def _cancel(source: Source) -> None:
    if source.task is not None:
        source.task.cancel()
