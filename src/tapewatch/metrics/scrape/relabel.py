"""
Relabelling: rules that rewrite or drop a set of labels, one after the other.

The rules of targets and of samples are the same. ``Relabeler`` turns a list of rules into closures
once, because a job may show them millions of series.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeAlias

from tapewatch.document.fields import option
from tapewatch.document.nodes import Node, Scalar
from tapewatch.document.reading import Reader, suggestion
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels, is_plain_label_name
from tapewatch.model.regex import Match, Regex, regex

LabelMap: TypeAlias = MutableMapping[str, str]
Step: TypeAlias = Callable[[LabelMap], bool]
"""Changes labels in place; False drops them."""

ANYTHING: Final = "(.*)"


class Action(StrEnum):
    """What a rule does."""

    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    KEEP_EQUAL = "keepequal"
    DROP_EQUAL = "dropequal"
    HASH_MOD = "hashmod"
    LABEL_MAP = "labelmap"
    LABEL_DROP = "labeldrop"
    LABEL_KEEP = "labelkeep"
    LOWERCASE = "lowercase"
    UPPERCASE = "uppercase"

    @classmethod
    def read_node(cls, node: Node, reader: Reader, path: str) -> Any:
        """Read the word in any case."""
        word = node.text.lower() if isinstance(node, Scalar) else ""
        if word in list(cls):
            return cls(word)
        known = ", ".join(cls)
        hint = suggestion(word, cls)
        return reader.fault(node, path, f"{word!r} is not one of {known}{hint}")

    @classmethod
    def schema_node(cls) -> dict[str, Any]:
        """Name the words in JSON Schema."""
        return {"enum": list(cls)}


_WRITING: Final = frozenset({Action.REPLACE, Action.HASH_MOD, Action.LOWERCASE, Action.UPPERCASE})
_COMPARING: Final = frozenset({Action.KEEP_EQUAL, Action.DROP_EQUAL})
_NAMING: Final = frozenset({Action.LABEL_DROP, Action.LABEL_KEEP})


@dataclass(frozen=True)
class RelabelRule:
    """One rule, as written."""

    source_labels: tuple[str, ...] = option("Labels whose values are joined.", default=())
    separator: str = option("What stands between them.", default=";")
    target_label: str = option("The label that is set or compared.", default="")
    regex: str = option("Pattern (RE2) for the whole of the joined values.", default=ANYTHING)
    modulus: int = option("Divisor of hashmod.", default=0, low=0)
    replacement: str = option("What is set; $1 is the first group.", default="$1")
    action: Action = option("What the rule does.", default=Action.REPLACE)

    @cached_property
    def pattern(self) -> Regex:
        """The compiled pattern."""
        return regex(self.regex)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Check what the action needs, and what it has no use for."""
        try:
            pattern = self.pattern
        except TapewatchError as fault:
            yield "regex", str(fault)
            return
        if self.action in _WRITING | _COMPARING and not self.target_label:
            yield "target_label", f"is missing; {self.action} needs it"
        if self.action is Action.HASH_MOD and not self.modulus:
            yield "modulus", "is missing; hashmod needs it"
        fixed = "$" not in self.target_label
        if self.target_label and fixed and not is_label_name(self.target_label):
            yield "target_label", f"{self.target_label!r} is not a label name"
        yield from self._useless(pattern)

    def _useless(self, pattern: Regex) -> Iterator[tuple[str, str]]:
        changed = {
            "source_labels": bool(self.source_labels),
            "target_label": bool(self.target_label),
            "modulus": bool(self.modulus),
            "separator": self.separator != ";",
            "replacement": self.replacement != "$1",
            "regex": pattern.pattern != ANYTHING,
        }
        allowed: frozenset[str] = frozenset(changed)
        if self.action in _NAMING:
            allowed = frozenset({"regex"})
        elif self.action in _COMPARING:
            allowed = frozenset({"source_labels", "target_label"})
        for name in [each for each, given in changed.items() if given and each not in allowed]:
            yield name, f"has no meaning for {self.action}"


@dataclass(frozen=True, slots=True)
class RelabelStep:
    """What one rule made of a set of labels, for people who look for the rule that went wrong."""

    rule: RelabelRule
    labels: Labels
    kept: bool


class Relabeler:
    """A list of rules, ready to be applied."""

    def __init__(self, rules: Sequence[RelabelRule]) -> None:
        self.rules = tuple(rules)
        self._steps = [_MAKERS[rule.action](rule) for rule in self.rules]

    def __bool__(self) -> bool:
        return bool(self.rules)

    def apply(self, labels: LabelMap) -> bool:
        """Change ``labels`` in place; False says that they are dropped."""
        return all(step(labels) for step in self._steps)

    def steps(self, labels: Mapping[str, str]) -> list[RelabelStep]:
        """Say what every rule does, up to the one that drops."""
        current = dict(labels)
        told = []
        for rule, step in zip(self.rules, self._steps, strict=True):
            kept = step(current)
            told.append(RelabelStep(rule, Labels.of(current), kept))
            if not kept:
                break
        return told


def is_label_name(name: str) -> bool:
    """Say whether anything may be called ``name``: any text that is not empty, and is UTF-8."""
    return bool(name) and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _joined(rule: RelabelRule) -> Callable[[LabelMap], str]:
    names, separator = rule.source_labels, rule.separator
    if len(names) == 1:
        (name,) = names
        return lambda labels: labels.get(name, "")
    return lambda labels: separator.join([labels.get(name, "") for name in names])


def _set(labels: LabelMap, name: str, value: str) -> None:
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)


def _replace(rule: RelabelRule) -> Step:
    join, target = _joined(rule), rule.target_label
    if rule.regex == ANYTHING and "$" not in target and rule.replacement in ("$1", "${1}"):
        return _copy(join, target)
    fullmatch = rule.pattern.fullmatch
    name_of, value_of = _template(target, rule.pattern), _template(rule.replacement, rule.pattern)

    def step(labels: LabelMap) -> bool:
        match = fullmatch(join(labels))
        if match is not None and is_label_name(name := name_of(match)):
            _set(labels, name, value_of(match))
        return True

    return step


def _copy(join: Callable[[LabelMap], str], target: str) -> Step:
    # By far the most frequent rule, and none that needs a pattern.
    def step(labels: LabelMap) -> bool:
        _set(labels, target, join(labels))
        return True

    return step


def _keep(rule: RelabelRule) -> Step:
    join, matches = _joined(rule), rule.pattern.matches
    return lambda labels: matches(join(labels))


def _drop(rule: RelabelRule) -> Step:
    join, matches = _joined(rule), rule.pattern.matches
    return lambda labels: not matches(join(labels))


def _keep_equal(rule: RelabelRule) -> Step:
    join, target = _joined(rule), rule.target_label
    return lambda labels: labels.get(target, "") == join(labels)


def _drop_equal(rule: RelabelRule) -> Step:
    join, target = _joined(rule), rule.target_label
    return lambda labels: labels.get(target, "") != join(labels)


def _hash_mod(rule: RelabelRule) -> Step:
    join, target, modulus = _joined(rule), rule.target_label, rule.modulus

    def step(labels: LabelMap) -> bool:
        # The last eight bytes of MD5, so that shards agree with those of every Prometheus.
        digest = hashlib.md5(join(labels).encode(), usedforsecurity=False).digest()
        labels[target] = str(int.from_bytes(digest[8:], "big") % modulus)
        return True

    return step


def _label_map(rule: RelabelRule) -> Step:
    pattern = rule.pattern
    name_of = _template(rule.replacement, pattern)

    def step(labels: LabelMap) -> bool:
        for name, value in list(labels.items()):
            match = pattern.fullmatch(name) if pattern.matches(name) else None
            if match is not None:
                _set(labels, name_of(match), value)
        return True

    return step


def _label_drop(rule: RelabelRule) -> Step:
    return _without(rule.pattern.matches, when=True)


def _label_keep(rule: RelabelRule) -> Step:
    return _without(rule.pattern.matches, when=False)


def _without(matches: Callable[[str], bool], *, when: bool) -> Step:
    def step(labels: LabelMap) -> bool:
        for name in [name for name in labels if matches(name) is when]:
            del labels[name]
        return True

    return step


def _lowercase(rule: RelabelRule) -> Step:
    return _with_case(rule, str.lower)


def _uppercase(rule: RelabelRule) -> Step:
    return _with_case(rule, str.upper)


def _with_case(rule: RelabelRule, change: Callable[[str], str]) -> Step:
    join, target = _joined(rule), rule.target_label

    def step(labels: LabelMap) -> bool:
        _set(labels, target, change(join(labels)))
        return True

    return step


_MAKERS: Final[dict[Action, Callable[[RelabelRule], Step]]] = {
    Action.REPLACE: _replace,
    Action.KEEP: _keep,
    Action.DROP: _drop,
    Action.KEEP_EQUAL: _keep_equal,
    Action.DROP_EQUAL: _drop_equal,
    Action.HASH_MOD: _hash_mod,
    Action.LABEL_MAP: _label_map,
    Action.LABEL_DROP: _label_drop,
    Action.LABEL_KEEP: _label_keep,
    Action.LOWERCASE: _lowercase,
    Action.UPPERCASE: _uppercase,
}


def _template(text: str, pattern: Regex) -> Callable[[Match], str]:
    """Read ``$1``, ``${name}`` and ``$$`` as Go does; a group that does not exist is empty."""
    parts = list(_template_parts(text, pattern))
    if all(isinstance(part, str) for part in parts):
        fixed = "".join(str(part) for part in parts)
        return lambda _match: fixed
    if len(parts) == 1:
        (group,) = parts
        return lambda match: match.group(group) or ""
    return lambda match: "".join(
        [part if isinstance(part, str) else match.group(part) or "" for part in parts]
    )


def _template_parts(text: str, pattern: Regex) -> Iterator[str | int]:
    while text:
        before, dollar, rest = text.partition("$")
        if before:
            yield before
        if not dollar:
            return
        if rest.startswith("$"):
            yield "$"
            text = rest[1:]
            continue
        name, text = _group_name(rest)
        if name is None:
            yield "$"
        elif (group := _group_number(name, pattern)) is not None:
            yield group


def _group_name(rest: str) -> tuple[str | None, str]:
    # Returns the name behind a dollar sign, and what follows it; None where there is no name.
    if rest.startswith("{"):
        name, brace, after = rest[1:].partition("}")
        return (name, after) if brace and _is_word(name) else (None, rest)
    size = next((i for i, letter in enumerate(rest) if not _is_word(letter)), len(rest))
    return (rest[:size], rest[size:]) if size else (None, rest)


def _is_word(text: str) -> bool:
    return bool(text) and all(letter.isalnum() or letter == "_" for letter in text)


def _group_number(name: str, pattern: Regex) -> int | None:
    if name.isdecimal():
        return int(name) if int(name) <= pattern.group_count else None
    return pattern.group_names.get(name)


def legacy_label_name(text: str) -> str:
    """Turn any text into a plain label name, a bad letter into ``_`` (for meta labels)."""
    if is_plain_label_name(text):
        return text
    kept = [letter if letter.isascii() and letter.isalnum() else "_" for letter in text]
    return "".join(kept)
