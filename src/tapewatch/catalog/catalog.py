"""The catalog: everything that a platform declares, in one frozen value."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tapewatch.catalog.channel import Action, Channel
from tapewatch.catalog.dashboard import Dashboard
from tapewatch.catalog.log_query import LogQuery
from tapewatch.catalog.maintenance import Maintenance
from tapewatch.catalog.metric import Label, Metric
from tapewatch.catalog.objective import Objective
from tapewatch.catalog.people import Owner, Schedule
from tapewatch.catalog.platform import Limit, Platform
from tapewatch.catalog.rule import Alert, RecordingRule
from tapewatch.catalog.runbook import Runbook
from tapewatch.catalog.service import Service
from tapewatch.catalog.units import unit_of_name, with_unit
from tapewatch.catalog.words import kebab
from tapewatch.document.nodes import Mapping as MappingNode
from tapewatch.document.nodes import Node, Scalar, Sequence

_LIMIT: Final = re.compile(r"\$([a-z][a-z0-9_]*)")
_ACTION_OR_TEXT: Final = re.compile(r"(\{\{.*?\}\})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing is declared: its pack, its file and its tree."""

    pack: str
    file: str
    line: int
    node: Node = field(default=Scalar("", 0), repr=False, compare=False)

    def line_of(self, *path: str | int) -> int:
        """Find the line of one of its settings; its own line where that is not written."""
        node, line = self.node, self.line
        for step in path:
            if isinstance(node, MappingNode) and step in node.items:
                line = node.key_lines.get(str(step), line)
                node = node.items[str(step)]
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
            else:
                break
        return line


@dataclass(frozen=True)
class Catalog:
    """Everything that is declared, by section and name."""

    platform: Platform
    folder: Path = Path()
    owners: Mapping[str, Owner] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    records: Mapping[str, RecordingRule] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    dashboards: Mapping[str, Dashboard] = field(default_factory=dict)
    log_queries: Mapping[str, LogQuery] = field(default_factory=dict)
    maintenance: Mapping[str, Maintenance] = field(default_factory=dict)
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    tests: tuple[Path, ...] = ()
    """The test files of the pack and of the packs that it uses."""
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict, repr=False)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return one section by its key."""
        section: Mapping[str, Any] = getattr(self, name)
        return section

    def place(self, section: str, name: str = "") -> Place:
        """Tell where a thing is declared."""
        return self.places.get((section, name), Place("", str(self.folder), 0))

    def expand(self, expr: str) -> str:
        """Write the limits of an expression out as numbers."""
        return _LIMIT.sub(self._number, expr)

    def _number(self, match: re.Match[str]) -> str:
        limit = self.limits.get(match[1])
        return str(limit) if limit else match[0]

    def say(self, text: str) -> str:
        """Write the limits of a text out for people; what stands between braces stays."""
        parts = _ACTION_OR_TEXT.split(text)
        return "".join(
            part if part.startswith("{{") else _LIMIT.sub(self._words, part) for part in parts
        )

    def _words(self, match: re.Match[str]) -> str:
        limit = self.limits.get(match[1])
        if limit is None:
            return match[0]
        return with_unit(limit.value, limit.unit or unit_of_name(_without_bound(match[1])))

    def owner_of(self, thing: Any) -> str:
        """Tell whose an alert, an objective, a service or a task is."""
        service = self.services.get(getattr(thing, "service", ""))
        return thing.owner or (service.owner if service else "") or self.platform.owner

    def runbook_of(self, name: str, alert: Alert | Objective) -> str:
        """Tell the name of the runbook of an alert or an objective."""
        return alert.runbook or kebab(name)

    def channels_of(self, alert: Alert) -> tuple[str, ...]:
        """Tell where an alert goes."""
        return alert.channels or self.platform.words(alert.severity).channels

    def may_leave(self, alert: Alert) -> tuple[str, ...]:
        """Name the labels that messages of an alert may show beside the ones that always may."""
        return tuple(sorted({*self.platform.may_leave, *alert.may_leave}))

    def label_of(self, metric: str, name: str) -> Label:
        """Tell what a metric's label can say."""
        own = self.metrics[metric].labels.own.get(name)
        return own or self.labels.get(name) or Label()

    def private_labels(self) -> frozenset[str]:
        """The labels whose values must not leave."""
        return frozenset(name for name, label in self.labels.items() if label.private)

    def own(self, section: str) -> Iterator[str]:
        """Iterate over the names of a section that the pack itself declares."""
        for name in self.section(section):
            if self.place(section, name).pack == self.platform.name:
                yield name


def _without_bound(name: str) -> str:
    return name.removesuffix("_max").removesuffix("_min")


def unknown_limits(text: str, limits: Mapping[str, Limit]) -> list[str]:
    """Name the limits that an expression asks for and that are not declared."""
    return [name for name in _LIMIT.findall(text) if name not in limits]
