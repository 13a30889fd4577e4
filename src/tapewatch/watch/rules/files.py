"""
Rule files, exactly as Prometheus has them.

A file is good or it is refused with every fault and its line: fields, names, expressions and
templates are all read here, so that what is loaded can be evaluated.
"""

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.reading import read_node
from tapewatch.document.types import DurationMs
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import METRIC_NAME
from tapewatch.watch.rules.languages import Language
from tapewatch.watch.rules.wording import Wording


def _label_faults(field: str, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in labels:
        if not name or name == METRIC_NAME:
            yield f"{field}.{name}", f"{name!r} is not a name that a rule may set"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """One rule, as written."""

    record: str | None = option("The name of the series that a recording rule makes.", default=None)
    alert: str | None = option("The name of the alert.", default=None)
    expr: str = option("The expression.")
    hold: DurationMs | None = option(
        "How long the expression must answer before the alert fires.", default=None, key="for"
    )
    keep_firing_for: DurationMs | None = option(
        "How long the alert goes on after the expression answers no more.", default=None
    )
    labels: dict[str, str] = option("Labels to set.", default_factory=dict)
    annotations: dict[str, str] = option("What to tell of the alert.", default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the rule."""
        return self.record or self.alert or ""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check what can be said without knowing the language of the expression."""
        if bool(self.record) == bool(self.alert):
            yield "", "must have one of record and alert" + (", not both" if self.record else "")
            return
        if not self.expr.strip():
            yield "expr", "is empty"
        yield from _label_faults("labels", self.labels)
        yield from self._recording_faults() if self.record else self._alerting_faults()

    def _recording_faults(self) -> Iterator[tuple[str, str]]:
        assert self.record is not None
        if "{" in self.record or "}" in self.record:
            yield "record", f"{self.record!r} has braces; do they belong to expr?"
        only_alerts = {
            "for": self.hold is not None,
            "keep_firing_for": self.keep_firing_for is not None,
            "annotations": bool(self.annotations),
        }
        for field, given in only_alerts.items():
            if given:
                yield field, "means nothing for a recording rule; alerts have it"

    def _alerting_faults(self) -> Iterator[tuple[str, str]]:
        yield from _label_faults("annotations", self.annotations)
        for field, texts in (("labels", self.labels), ("annotations", self.annotations)):
            for name, text in texts.items():
                try:
                    Wording(text, self.name)
                except TapewatchError as fault:
                    yield f"{field}.{name}", str(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """Rules that are evaluated one after the other, as written."""

    name: str = option("The name, unique in its file.")
    interval: DurationMs | None = option("How often.", default=None)
    query_offset: DurationMs | None = option("How far back expressions look.", default=None)
    limit: int = option("The most series or alerts of one rule; 0 is no limit.", default=0, low=0)
    labels: dict[str, str] = option("Labels to set where a rule does not.", default_factory=dict)
    on_arrival: bool = option(
        "Whether samples that its rules read wake it, besides its interval.", default=True
    )
    rules: tuple[RuleSettings, ...] = option("The rules, in order.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check the names."""
        if not self.name:
            yield "name", "is empty"
        yield from _label_faults("labels", self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A whole file."""

    groups: tuple[GroupSettings, ...] = option("Groups of rules.", default=())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check that no group is named twice."""
        seen = set()
        for position, group in enumerate(self.groups):
            if group.name in seen:
                yield f"groups[{position}].name", f"{group.name!r} is the name of another group"
            seen.add(group.name)


@dataclass(frozen=True, slots=True)
class GroupSource:
    """A group and where it was read; two that are equal need no reload."""

    file: str
    settings: GroupSettings
    language: Language

    @property
    def key(self) -> tuple[str, str]:
        """What the group is known by."""
        return self.file, self.settings.name


def read_rules(path: Path, language: Language) -> list[GroupSource]:
    """Read a file; raises ``DocumentError`` with every fault."""
    tree = nodes.load(path)
    return _groups(tree, str(path), path.parent, language)


def read_rules_text(text: str | bytes, language: Language, *, file: str) -> list[GroupSource]:
    """Read the text of a file; raises ``DocumentError`` with every fault."""
    return _groups(nodes.parse(text, file=file), file, Path(), language)


def _groups(tree: nodes.Node, file: str, folder: Path, language: Language) -> list[GroupSource]:
    faults: list[Fault] = []
    read = RuleFile()
    try:
        read = read_node(tree, RuleFile, file=file, folder=folder)
    except DocumentError as fault:
        faults += fault.faults
    # Expressions are checked on the tree, so that a fault elsewhere does not hide theirs.
    faults += _expression_faults(tree, file, language)
    if faults:
        raise DocumentError(faults)
    return [GroupSource(file, group, language) for group in read.groups]


def _expression_faults(tree: nodes.Node, file: str, language: Language) -> Iterator[Fault]:
    for path, node in _expressions(tree):
        if not node.text.strip():
            continue
        try:
            language.check(node.text)
        except TapewatchError as fault:
            yield Fault(file, node.line, path, str(fault))


def _expressions(tree: nodes.Node) -> Iterator[tuple[str, nodes.Scalar]]:
    for g, group in enumerate(_items(tree, "groups")):
        for r, rule in enumerate(_items(group, "rules")):
            found = rule.items.get("expr") if isinstance(rule, nodes.Mapping) else None
            if isinstance(found, nodes.Scalar):
                yield f"groups[{g}].rules[{r}].expr", found


def _items(node: nodes.Node, key: str) -> Sequence[nodes.Node]:
    found = node.items.get(key) if isinstance(node, nodes.Mapping) else None
    return found.items if isinstance(found, nodes.Sequence) else ()


def load_rules(patterns: Sequence[str | Path], language: Language) -> list[GroupSource]:
    """Read every file that a pattern names; raises ``DocumentError`` with the faults of all."""
    groups: list[GroupSource] = []
    faults: list[Fault] = []
    for path in files_of(patterns):
        try:
            groups += read_rules(path, language)
        except DocumentError as fault:
            faults += fault.faults
    if faults:
        raise DocumentError(faults)
    return groups


def files_of(patterns: Sequence[str | Path]) -> list[Path]:
    """Return the files that patterns name, each once; a plain name must exist when it is read."""
    found: dict[Path, None] = {}
    for pattern in map(str, patterns):
        names = sorted(glob.glob(pattern)) if _MAGIC & set(pattern) else [pattern]  # noqa: PTH207  # patterns are absolute
        found.update((Path(name), None) for name in names)
    return list(found)


_MAGIC: Final = frozenset("*?[")
