"""
Plain Prometheus rule files, read as a catalog, so that the checks serve those who declare nothing.

What a rule file says by labels and annotations (severity, team, runbook_url) is taken for what a
pack says by settings. Metrics come from the sections ``metrics``, ``labels`` and ``services`` of a
file beside it, where there is one; where a scrape configuration is given, its targets become
services, and its alertmanagers an engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog, Place
from tapewatch.catalog.file import SECTIONS
from tapewatch.catalog.platform import Platform
from tapewatch.catalog.rule import Alert, RecordingRule, Severity
from tapewatch.catalog.service import Service
from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.reading import NOTHING, Reader, read_node
from tapewatch.model.durations import parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.watch.rules.files import RuleFile

_SEVERITIES: Final[Mapping[str, Severity]] = {
    **dict.fromkeys(("p0", "critical", "page", "fatal", "emergency", "disaster"), "P0"),
    **dict.fromkeys(("p1", "high", "error", "major"), "P1"),
    **dict.fromkeys(("p2", "medium", "warning", "warn", "ticket"), "P2"),
}
_OWNERS: Final = ("owner", "team", "squad")
_RUNBOOKS: Final = ("runbook_url", "runbook", "playbook")


@dataclass(slots=True)
class PlainRules:
    """Rule files, and what is known beside them, while they are read."""

    faults: list[Fault] = field(default_factory=list)
    things: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {section: {} for section in SECTIONS}
    )
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    engine_ports: dict[str, int] = field(default_factory=dict)

    def catalog(self) -> Catalog:
        """Put together what was read."""
        platform = Platform("rules", engine_ports=self.engine_ports)
        return Catalog(
            platform=platform, folder=Path(), places=self.places, tests=(), **self.things
        )

    def read_rules(self, path: Path) -> None:
        """Read a rule file, and find what an engine would refuse of it."""
        root = self._mapping(path)
        self.faults.extend(_refused(root, path))
        for group in _items(root, "groups"):
            for rule in _items(group, "rules"):
                if isinstance(rule, nodes.Mapping):
                    self._read_rule(str(path), rule)

    def read_declared(self, path: Path) -> None:
        """Read the sections of a file in a pack's format that say what exists."""
        root = self._mapping(path)
        for section, node in root.items.items():
            if section not in SECTIONS or not isinstance(node, nodes.Mapping):
                line = root.key_lines[section]
                self.faults.append(Fault(str(path), line, section, "is not a section"))
                continue
            for name, inner in node.items.items():
                reader = Reader(str(path), path.parent)
                value = reader.read(inner, SECTIONS[section], f"{section}.{name}")
                self.faults.extend(reader.faults)
                if value is not NOTHING:
                    self._add(section, name, value, str(path), inner, node.key_lines[name])

    def read_scrape(self, path: Path) -> None:
        """Read the targets of ``prometheus.yml``, and where it looks for alertmanagers."""
        root = self._mapping(path)
        for job in _items(root, "scrape_configs"):
            name = _text(job, "job_name")
            for target, line in _targets(job):
                host, _, port = target.rpartition(":")
                if name and port.isdigit():
                    service = Service(host=host, ports={"metrics": int(port)})
                    node = nodes.Scalar(target, line)
                    self._add("services", name, service, str(path), node, line)
        alerting = root.items.get("alerting")
        for manager in _items(alerting, "alertmanagers"):
            for target, _ in _targets(manager):
                if target.rpartition(":")[2].isdigit():
                    self.engine_ports["alertmanager"] = int(target.rpartition(":")[2])

    def _mapping(self, path: Path) -> nodes.Mapping:
        try:
            node = nodes.load(path)
        except DocumentError as fault:
            self.faults.extend(fault.faults)
            return nodes.Mapping({}, 1)
        if isinstance(node, nodes.Mapping):
            return node
        self.faults.append(Fault(str(path), node.line, "", "must be a mapping"))
        return nodes.Mapping({}, 1)

    def _add(
        self, section: str, name: str, value: Any, file: str, node: nodes.Node, line: int
    ) -> None:
        unique, count = name, 2
        while (section, unique) in self.places:
            # Rules of one name may stand several times, with other severities as a rule.
            unique, count = f"{name}#{count}", count + 1
        self.things[section][unique] = value
        self.places[section, unique] = Place("rules", file, line, node)

    def _read_rule(self, file: str, node: nodes.Mapping) -> None:
        for key, section, make in (
            ("alert", "alerts", _alert),
            ("record", "records", _record),
        ):
            name = _text(node, key)
            if name:
                self._add(section, name, make(node), file, _laid_out(node), node.line)
                return


def _refused(root: nodes.Mapping, path: Path) -> Iterator[Fault]:
    try:
        read_node(root, RuleFile, file=str(path), folder=path.parent)
    except DocumentError as refused:
        # A check of its own tells of expressions.
        yield from (fault for fault in refused.faults if not fault.path.endswith(".expr"))


def _alert(node: nodes.Mapping) -> Alert:
    labels, annotations = _texts(node, "labels"), _texts(node, "annotations")
    owner = next((labels[each] for each in _OWNERS if each in labels), "")
    runbook = next((annotations[each] for each in _RUNBOOKS if each in annotations), "")
    return Alert(
        expr=_text(node, "expr"),
        severity=_SEVERITIES.get(labels.get("severity", "").lower(), "P3"),
        summary=annotations.get("summary", ""),
        description=annotations.get("description", annotations.get("message", "")),
        for_=_duration_ms(_text(node, "for")),
        owner=owner,
        runbook=runbook,
        labels={name: text for name, text in labels.items() if name not in ("severity", "owner")},
    )


def _record(node: nodes.Mapping) -> RecordingRule:
    return RecordingRule(_text(node, "expr"), labels=_texts(node, "labels"))


def _laid_out(node: nodes.Mapping) -> nodes.Mapping:
    """Lift annotations to where a pack has its texts, so that findings name their lines."""
    items, lines = dict(node.items), dict(node.key_lines)
    for inner in (node.items.get("annotations"), node.items.get("labels")):
        if isinstance(inner, nodes.Mapping):
            for key, value in inner.items.items():
                items.setdefault(key, value)
                lines.setdefault(key, inner.key_lines[key])
    return nodes.Mapping(items, node.line, lines)


def _duration_ms(text: str) -> int:
    try:
        return parse_duration_ms(text) if text else 0
    except BadText:
        # What an engine would refuse is told of the whole file; the checks do not need it.
        return 0


def _items(node: nodes.Node | None, key: str) -> Sequence[nodes.Node]:
    inner = node.items.get(key) if isinstance(node, nodes.Mapping) else None
    return inner.items if isinstance(inner, nodes.Sequence) else ()


def _text(node: nodes.Node, key: str) -> str:
    inner = node.items.get(key) if isinstance(node, nodes.Mapping) else None
    return inner.text if isinstance(inner, nodes.Scalar) else ""


def _texts(node: nodes.Mapping, key: str) -> dict[str, str]:
    inner = node.items.get(key)
    if not isinstance(inner, nodes.Mapping):
        return {}
    return {name: each.text for name, each in inner.items.items() if isinstance(each, nodes.Scalar)}


def _targets(node: nodes.Node) -> Iterator[tuple[str, int]]:
    for each in _items(node, "static_configs"):
        for target in _items(each, "targets"):
            if isinstance(target, nodes.Scalar):
                yield target.text, target.line
