"""
The routing tree: which receivers an alert goes to, and how it is grouped on the way.

An alert goes down into the first child that matches, and into the following ones too where a child
says ``continue``; where no child matches, the node itself takes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tapewatch.alerting.configuration import EVERY_LABEL, UPDATE_INTERVAL_MS, RouteSettings
from tapewatch.alerting.matchers import Reading, format_matchers
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher

MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What a route says or inherits."""

    receiver: str = ""
    group_by: tuple[str, ...] = ()
    group_wait_ns: int = 30_000 * MS
    group_interval_ns: int = 300_000 * MS
    repeat_interval_ns: int = 4 * 3_600_000 * MS
    in_place: bool = False
    update_interval_ns: int = UPDATE_INTERVAL_MS * MS
    labels: Mapping[str, str] = field(default_factory=dict)

    def below(self, settings: RouteSettings) -> "Options":
        """Give the options of a child that says ``settings``."""
        said: dict[str, object] = {}
        if settings.receiver:
            said["receiver"] = settings.receiver
        if settings.group_by is not None:
            said["group_by"] = settings.group_by
        for name in ("group_wait", "group_interval", "repeat_interval", "update_interval"):
            if getattr(settings, name) is not None:
                said[f"{name}_ns"] = getattr(settings, name) * MS
        if settings.update is not None:
            said["in_place"] = settings.update == "in_place"
        if settings.labels:
            said["labels"] = {**self.labels, **settings.labels}
        return replace(self, **said)  # type: ignore[arg-type]  # the names are those of the fields


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One node of the tree."""

    id: str
    """Stays the same through a reload that leaves the route's place among its equals alone."""
    key: str
    """The matchers from the root to here; the first half of group keys."""
    matchers: tuple[Matcher, ...]
    options: Options
    goes_on: bool
    mute_intervals: tuple[str, ...]
    active_intervals: tuple[str, ...]
    children: "tuple[Route, ...]"

    @property
    def receiver(self) -> str:
        """Who is told."""
        return self.options.receiver

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an alert passes the route's own matchers."""
        return all(matcher.matches(labels.get(matcher.name, "")) for matcher in self.matchers)

    def find(self, labels: Mapping[str, str]) -> "list[Route]":
        """Give every route that takes an alert; none where the node itself does not match."""
        if not self.matches(labels):
            return []
        found: list[Route] = []
        for child in self.children:
            taken = child.find(labels)
            found += taken
            if taken and not child.goes_on:
                break
        return found or [self]

    def group_labels(self, labels: Labels) -> Labels:
        """Give the labels that say which group of the route an alert belongs to."""
        group_by = self.options.group_by
        return labels if EVERY_LABEL in group_by else labels.keep(group_by)

    def walk(self) -> "Iterator[Route]":
        """Yield the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def build(settings: RouteSettings, reading: Reading) -> Route:
    """Build the tree; raises ``BadMatchers`` where a text cannot be read this way."""
    return _build(settings, reading, Options(), "", "")


def _build(
    settings: RouteSettings, reading: Reading, above: Options, parent_id: str, parent_key: str
) -> Route:
    matchers = settings.all_matchers(reading)
    options = above.below(settings)
    own = format_matchers(matchers)
    key = f"{parent_key}/{own}" if parent_key else own
    route_id = parent_id or key
    return Route(
        id=route_id,
        key=key,
        matchers=matchers,
        options=options,
        goes_on=settings.continue_,
        mute_intervals=settings.mute_time_intervals,
        active_intervals=settings.active_time_intervals,
        children=tuple(_children(settings.routes, reading, options, route_id, key)),
    )


def _children(
    routes: Sequence[RouteSettings], reading: Reading, options: Options, route_id: str, key: str
) -> Iterator[Route]:
    """Build children; equals among them are told apart by a number."""
    counts: dict[str, int] = {}
    for child in routes:
        own = format_matchers(child.all_matchers(reading))
        count = counts[own] = counts.get(own, -1) + 1
        yield _build(child, reading, options, f"{route_id}/{own}#{count}", key)
