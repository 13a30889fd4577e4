"""
``alertmanager.yml``: its sections, read unchanged, with our few additions.

A file may come from an Alertmanager as it is. What is ours reads like the rest: a route may say
``update: in_place`` and ``update_interval``, an interval may name a trading ``calendar``, and a
channel has a ``tapewatch:`` block.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from tapewatch.alerting.channels.registry import KINDS
from tapewatch.alerting.channels.settings.common import ChannelSettings
from tapewatch.alerting.channels.settings.shared import SharedSettings
from tapewatch.alerting.errors import BadMatchers
from tapewatch.alerting.intervals import NamedIntervals
from tapewatch.alerting.matchers import Reading, is_label_name, ordered, parse_matchers
from tapewatch.alerting.original import said
from tapewatch.alerting.templates import Words
from tapewatch.document import nodes
from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import option
from tapewatch.document.printing import to_plain
from tapewatch.document.reading import NOTHING, Reader, join, read_node, suggestion
from tapewatch.document.types import DurationMs, FilePath
from tapewatch.model.errors import BadRegex
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.watch.errors import TemplateFault

Faults = Iterator[tuple[str, str]]

EVERY_LABEL: Final = "..."
"""In ``group_by`` it means all labels: each alert is its own group."""

UPDATE_INTERVAL_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class MatcherTexts:
    """Matchers as they stand in the document; how they are read is set elsewhere."""

    texts: tuple[str, ...] = ()

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a list of texts; each must be readable in some way."""
        texts = reader.read(node, tuple[str, ...], path)
        if texts is NOTHING:
            return texts
        for index, text in enumerate(texts):
            try:
                parse_matchers(text)
            except BadMatchers as fault:
                reader.fault(node, f"{path}[{index}]", str(fault))
        return cls(texts)

    def to_plain(self) -> list[str]:
        """Write the texts as they stand in the document."""
        return list(self.texts)

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe the list in JSON Schema."""
        return {"type": "array", "items": {"type": "string"}}

    def parse(self, reading: Reading) -> Iterator[Matcher]:
        """Read them; raises ``BadMatchers``."""
        for text in self.texts:
            yield from parse_matchers(text, reading)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Labels and the patterns that their values must match, the old way to write matchers."""

    patterns: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read a mapping; a label without a pattern is a slip."""
        if isinstance(node, nodes.Mapping):
            for name, value in node.items.items():
                if isinstance(value, nodes.Scalar) and value.is_null:
                    reader.fault(value, join(path, name), "needs a pattern")
        patterns = reader.read(node, dict[str, str], path)
        if patterns is NOTHING:
            return patterns
        for name, pattern in patterns.items():
            try:
                Matcher(MatchKind.REGEX, name, pattern)
            except BadRegex as fault:
                reader.fault(node, join(path, name), str(fault))
        return cls(patterns)

    def to_plain(self) -> dict[str, str]:
        """Write the patterns as they stand in the document."""
        return dict(self.patterns)

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe the mapping in JSON Schema."""
        return {"type": "object", "additionalProperties": {"type": "string"}}

    def matchers(self) -> Iterator[Matcher]:
        """Give them as matchers."""
        return (Matcher(MatchKind.REGEX, name, text) for name, text in self.patterns.items())


def _equals(labels: Mapping[str, str]) -> Iterator[Matcher]:
    return (Matcher(MatchKind.EQUAL, name, value) for name, value in labels.items())


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """One node of the routing tree; what it does not say comes from its parent."""

    receiver: str = option("Who is told.", default="")
    group_by: tuple[str, ...] | None = option(
        "Labels whose values part the groups; '...' is all labels.", default=None
    )
    match: dict[str, str] = option("Labels that must be equal (old form).", default_factory=dict)
    match_re: Patterns = option("Labels that must match (old form).", default_factory=Patterns)
    matchers: MatcherTexts = option("Conditions on labels.", default_factory=MatcherTexts)
    continue_: bool = option(
        "Whether the routes after this one are tried too.", default=False, key="continue"
    )
    routes: "tuple[RouteSettings, ...]" = option("The children.", default=())
    group_wait: DurationMs | None = option(
        "How long the first notification of a group waits for more alerts.", default=None
    )
    group_interval: DurationMs | None = option(
        "How long after a notification the next one of the group may come.", default=None, low=1
    )
    repeat_interval: DurationMs | None = option(
        "When an unchanged notification is sent again.", default=None, low=1
    )
    mute_time_intervals: tuple[str, ...] = option("When nothing is sent.", default=())
    active_time_intervals: tuple[str, ...] = option("When something is sent.", default=())
    labels: dict[str, str] = option("Labels for the message.", default_factory=dict)
    update: Literal["message", "in_place"] | None = option(
        "Whether changes of a group are a new message after group_interval, or are written into "
        "the first one after update_interval.",
        default=None,
    )
    update_interval: DurationMs | None = option(
        "How long after a message it may be changed in place.", default=None, low=1
    )

    def faults(self) -> Faults:
        """Check ``group_by``."""
        group_by = self.group_by or ()
        if EVERY_LABEL in group_by and len(group_by) > 1:
            yield "group_by", "'...' means all labels, so no other can stand beside it"
        for name in sorted({name for name in group_by if group_by.count(name) > 1}):
            yield "group_by", f"names {name!r} twice"
        for name in group_by:
            if name != EVERY_LABEL and not is_label_name(name):
                yield "group_by", f"{name!r} is no label name"

    def all_matchers(self, reading: Reading) -> tuple[Matcher, ...]:
        """Give the conditions, however they are written; raises ``BadMatchers``."""
        newer = self.matchers.parse(reading)
        return ordered([*_equals(self.match), *self.match_re.matchers(), *newer])


@dataclass(frozen=True, slots=True)
class InhibitSettings:
    """A rule: alerts of the source side keep those of the target side quiet."""

    name: str = option("What the rule is called.", default="")
    source_match: dict[str, str] = option("Old form.", default_factory=dict)
    source_match_re: Patterns = option("Old form.", default_factory=Patterns)
    source_matchers: MatcherTexts = option("Which alerts inhibit.", default_factory=MatcherTexts)
    target_match: dict[str, str] = option("Old form.", default_factory=dict)
    target_match_re: Patterns = option("Old form.", default_factory=Patterns)
    target_matchers: MatcherTexts = option(
        "Which alerts are inhibited.", default_factory=MatcherTexts
    )
    equal: tuple[str, ...] = option("Labels that both must have in common.", default=())

    def source(self, reading: Reading) -> tuple[Matcher, ...]:
        """Give the conditions on alerts that inhibit."""
        newer = self.source_matchers.parse(reading)
        return ordered([*_equals(self.source_match), *self.source_match_re.matchers(), *newer])

    def target(self, reading: Reading) -> tuple[Matcher, ...]:
        """Give the conditions on alerts that are inhibited."""
        newer = self.target_matchers.parse(reading)
        return ordered([*_equals(self.target_match), *self.target_match_re.matchers(), *newer])


@dataclass(frozen=True, slots=True)
class Integration:
    """One channel of a receiver."""

    receiver: str
    name: str
    """Kind and place among the receiver's, as in ``slack/0``."""
    key: str
    """Under which the kind stands in the document, as in ``slack_configs``."""
    settings: ChannelSettings

    @property
    def send_resolved(self) -> bool:
        """Whether the end is told too."""
        return self.settings.send_resolved


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Who is told, by which channels."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[tuple[str, ChannelSettings], ...] = ()
    """The key under which each stands, and what stands there."""

    @classmethod
    def read_node(cls, node: nodes.Node, reader: Reader, path: str) -> Any:
        """Read the name, and whatever kinds of channels there are."""
        if not isinstance(node, nodes.Mapping):
            return reader.fault(node, path, "must be a receiver: a name and its channels")
        channels = []
        for key, value in node.items.items():
            if key in KINDS:
                shape: Any = KINDS[key].settings
                read = reader.read(value, tuple[shape, ...], join(path, key))
                channels += [(key, each) for each in read] if read is not NOTHING else []
            elif key not in ("name", "labels"):
                hint = suggestion(key, KINDS)
                line = node.key_lines.get(key, 0)
                reader.fault(value, join(path, key), f"is no kind of channel{hint}", line=line)
        common = _common_of(node)
        head = reader.read(common, _ReceiverHead, path)
        return cls(head.name, head.labels, tuple(channels)) if head is not NOTHING else head

    def to_plain(self) -> dict[str, Any]:
        """Write the receiver as it stands in the document."""
        return {"name": self.name, "labels": dict(self.labels), **self._by_key(to_plain)}

    def said(self) -> dict[str, Any]:
        """Write what the receiver says beside defaults."""
        return {"name": self.name, **self._by_key(lambda settings, _: said(settings))}

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Describe the receiver in JSON Schema."""
        channels = {key: {"type": "array", "items": {"type": "object"}} for key in KINDS}
        head = {"name": {"type": "string"}, "labels": {"type": "object"}}
        return {"type": "object", "properties": {**head, **channels}, "required": ["name"]}

    def _by_key(self, write: Callable[[ChannelSettings, type], Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for key, settings in self.channels:
            found.setdefault(key, []).append(write(settings, type(settings)))
        return found

    def integrations(self, shared: SharedSettings) -> Iterator[Integration]:
        """Give the channels with what the ``global`` section says."""
        counts: dict[str, int] = {}
        for key, settings in self.channels:
            kind = KINDS[key].name
            place = counts[kind] = counts.get(kind, -1) + 1
            yield Integration(self.name, f"{kind}/{place}", key, settings.with_shared(shared))

    def lacks(self, shared: SharedSettings) -> Faults:
        """Say what neither a channel nor the ``global`` section says."""
        counts: dict[str, int] = {}
        for key, settings in self.channels:
            place = counts[key] = counts.get(key, -1) + 1
            for path, words in settings.with_shared(shared).lacks():
                yield join(f"{key}[{place}]", path), words


@dataclass(frozen=True, slots=True)
class _ReceiverHead:
    name: str = option("What routes call it.")
    labels: dict[str, str] = option("Labels to find it by.", default_factory=dict)

    def faults(self) -> Faults:
        if not self.name:
            yield "name", "a receiver needs a name"


def _common_of(node: nodes.Mapping) -> nodes.Mapping:
    kept = {key: value for key, value in node.items.items() if key in ("name", "labels")}
    return nodes.Mapping(kept, node.line, node.key_lines, node.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalSettings(SharedSettings):
    """What holds everywhere unless something else is said."""

    resolve_timeout: DurationMs = option(
        "When an alert without an end counts as resolved.", default=300_000
    )


@dataclass(frozen=True, kw_only=True)
class AlertmanagerConfig:
    """Everything that may stand in ``alertmanager.yml``."""

    global_: GlobalSettings = option("", default_factory=GlobalSettings, key="global")
    templates: tuple[FilePath, ...] = option("Files with templates; * is allowed.", default=())
    route: RouteSettings | None = option("The root of the routing tree.", default=None)
    receivers: tuple[ReceiverSettings, ...] = option("Who can be told.", default=())
    inhibit_rules: tuple[InhibitSettings, ...] = option("What keeps what quiet.", default=())
    mute_time_intervals: tuple[NamedIntervals, ...] = option("Old form.", default=())
    time_intervals: tuple[NamedIntervals, ...] = option("Intervals that routes name.", default=())
    tracing: Any = option("Taken and not used: traces are ours to make.", default=None)
    event_recorder: Any = option("Taken and not used: the history records it all.", default=None)

    def faults(self) -> Faults:
        """Check what the sections must agree on."""
        yield from self._receiver_faults()
        yield from self._interval_faults()
        yield from self._template_faults()
        if self.route is None:
            if self.receivers or self.inhibit_rules:
                yield "route", "is missing: say who is told of what no other route takes"
            return
        yield from self._root_faults(self.route)
        yield from self._route_faults(self.route, "route")

    @cached_property
    def intervals(self) -> Mapping[str, NamedIntervals]:
        """The time intervals by their names."""
        return {each.name: each for each in (*self.mute_time_intervals, *self.time_intervals)}

    @cached_property
    def integrations(self) -> Mapping[str, tuple[Integration, ...]]:
        """The channels of every receiver, by the receiver's name."""
        return {each.name: tuple(each.integrations(self.global_)) for each in self.receivers}

    def words(self) -> Words:
        """Give the templates with those of the files; raises ``TemplateFault``, ``OSError``."""
        return Words.from_patterns(Path(), [str(each) for each in self.templates])

    def _template_faults(self) -> Faults:
        if not self.templates:
            return
        try:
            self.words()
        except (TemplateFault, OSError, UnicodeDecodeError) as fault:
            yield "templates", str(fault)

    def _receiver_faults(self) -> Faults:
        names = [receiver.name for receiver in self.receivers]
        for index, receiver in enumerate(self.receivers):
            if receiver.name in names[:index]:
                yield f"receivers[{index}].name", f"{receiver.name!r} is not unique"
            for path, words in receiver.lacks(self.global_):
                yield f"receivers[{index}].{path}", words

    def _interval_faults(self) -> Faults:
        known: set[str] = set()
        for section in ("mute_time_intervals", "time_intervals"):
            for index, interval in enumerate(getattr(self, section)):
                if interval.name in known:
                    yield f"{section}[{index}].name", f"{interval.name!r} is not unique"
                known.add(interval.name)

    def _root_faults(self, root: RouteSettings) -> Faults:
        if not root.receiver:
            yield "route.receiver", "the root route needs a receiver"
        if root.match or root.match_re.patterns or root.matchers.texts:
            yield "route", "the root route takes every alert, so it has no matchers"
        for name in ("mute_time_intervals", "active_time_intervals"):
            if getattr(root, name):
                yield f"route.{name}", "the root route is never mute; say it in a child"

    def _route_faults(self, route: RouteSettings, path: str) -> Faults:
        names = [receiver.name for receiver in self.receivers]
        if route.receiver and route.receiver not in names:
            hint = suggestion(route.receiver, names)
            yield f"{path}.receiver", f"there is no receiver {route.receiver!r}{hint}"
        for section in ("mute_time_intervals", "active_time_intervals"):
            for name in getattr(route, section):
                if name not in self.intervals:
                    hint = suggestion(name, self.intervals)
                    yield f"{path}.{section}", f"there is no time interval {name!r}{hint}"
        for index, child in enumerate(route.routes):
            yield from self._route_faults(child, f"{path}.routes[{index}]")


def read_alertmanager_file(path: Path) -> AlertmanagerConfig:
    """Read a file; raises ``DocumentError`` with every fault."""
    return _complete(
        read_node(nodes.load(path), AlertmanagerConfig, file=str(path), folder=path.parent),
        str(path),
    )


def read_alertmanager_text(text: str, file: str = "<text>") -> AlertmanagerConfig:
    """Read a text; raises ``DocumentError`` with every fault."""
    tree = nodes.parse(text, file=file)
    return _complete(read_node(tree, AlertmanagerConfig, file=file, folder=Path()), file)


def _complete(config: AlertmanagerConfig, file: str) -> AlertmanagerConfig:
    if config.route is None:
        raise DocumentError([Fault(file, 0, "route", "no routes provided")])
    return config
