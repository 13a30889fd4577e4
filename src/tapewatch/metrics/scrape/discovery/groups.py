"""What a mechanism of discovery yields, and the loop that most of them share."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from tapewatch.metrics.scrape.errors import DiscoveryFailed, GroupsRefused
from tapewatch.model.clock import Clock

log = logging.getLogger(__name__)

ADDRESS = "__address__"


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that share labels; ``source`` is unique within its mechanism."""

    source: str
    targets: tuple[Mapping[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


Changes: TypeAlias = Sequence[TargetGroup]
OnFailure: TypeAlias = Callable[[DiscoveryFailed], None]


class Discovery(Protocol):
    """One source of targets."""

    mechanism: str

    def groups(self, on_failure: OnFailure) -> AsyncIterator[Changes]:
        """Yield everything at first, then what changes; failures are told, and tried again."""
        ...


class Polling:
    """A source that is asked again and again; override ``ask``."""

    mechanism = ""

    def __init__(self, clock: Clock, refresh_ms: int) -> None:
        self._clock = clock
        self._refresh_ms = refresh_ms

    async def ask(self) -> Changes:
        """Return every group there is now; raise ``DiscoveryFailed`` to keep the former ones."""
        raise DiscoveryFailed(self.mechanism, "this source cannot be asked")

    async def groups(self, on_failure: OnFailure) -> AsyncIterator[Changes]:
        """Yield the groups that differ from those of the time before."""
        known: dict[str, TargetGroup] | None = None
        while True:
            try:
                found = {group.source: group for group in await self.ask()}
            except DiscoveryFailed as fault:
                on_failure(fault)
            else:
                changes = differences(known or {}, found)
                if changes or known is None:
                    yield changes
                known = found
            await self.pause()

    async def pause(self) -> None:
        """Wait until it is time to ask again."""
        await self._clock.sleep(self._refresh_ms / 1000)


def differences(old: Mapping[str, TargetGroup], new: Mapping[str, TargetGroup]) -> Changes:
    """Return the groups that are new or different, and an empty one for each that has gone."""
    changed = [group for source, group in new.items() if old.get(source) != group]
    gone = [TargetGroup(source) for source in old if source not in new]
    return [*changed, *gone]


def read_groups(document: Any, source: str, meta: Mapping[str, str]) -> list[TargetGroup]:
    """
    Read the list of ``{targets: […], labels: {…}}`` that files and HTTP endpoints share.

    ``meta`` is added to the labels of every group. Raises ``GroupsRefused``.
    """
    if document is None:
        return []
    if not isinstance(document, list):
        raise GroupsRefused("a list of target groups is expected")
    return [
        _read_group(item, f"{source}:{index}", f"[{index}]", meta)
        for index, item in enumerate(document)
    ]


def _read_group(item: Any, source: str, path: str, meta: Mapping[str, str]) -> TargetGroup:
    if not isinstance(item, dict):
        raise GroupsRefused(f"{path} is not a mapping with targets and labels")
    unknown = sorted(set(item) - {"targets", "labels"})
    if unknown:
        raise GroupsRefused(f"{path}.{unknown[0]} is neither targets nor labels")
    targets, labels = item.get("targets") or [], item.get("labels") or {}
    if not isinstance(targets, list) or not all(isinstance(each, str) for each in targets):
        raise GroupsRefused(f"{path}.targets is not a list of texts")
    if not isinstance(labels, dict):
        raise GroupsRefused(f"{path}.labels is not a mapping")
    texts = {str(name): _text(value) for name, value in labels.items()}
    return TargetGroup(source, tuple({ADDRESS: each} for each in targets), {**texts, **meta})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
