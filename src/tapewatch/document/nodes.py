"""
The tree of a YAML text, with the line of every value.

The composer is ours because the usual one forgets lines, lets the last of two equal keys win, and
follows aliases without bound. Every limit here is there to refuse a hostile file early.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from tapewatch.document.errors import DocumentError, Fault

SIZE_MAX_BYTES: Final = 16 * 1024 * 1024
DEPTH_MAX: Final = 64
NODES_MAX: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; ``quoted`` tells ``"5"`` from ``5``."""

    text: str
    line: int
    quoted: bool = False
    origin: str = ""

    @property
    def is_null(self) -> bool:
        """Whether nothing stands here."""
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the text; ``keys`` holds the line of each key."""

    items: dict[str, "Node"]
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)
    origin: str = ""


Node: TypeAlias = Scalar | Sequence | Mapping


def load(path: Path) -> Node:
    """Read a file into its tree; raises ``DocumentError`` for what cannot be read at all."""
    file = str(path)
    try:
        size = path.stat().st_size
        if size > SIZE_MAX_BYTES:
            raise _refusal(file, f"is {size} bytes long, {SIZE_MAX_BYTES} are the limit")
        data = path.read_bytes()
    except OSError as fault:
        raise _refusal(file, f"cannot be read: {fault.strerror}") from None
    return parse(data, file=file)


def parse(data: bytes | str, *, file: str) -> Node:
    """Read one YAML document into its tree; an empty text is an empty mapping."""
    documents = parse_all(data, file=file)
    if len(documents) > 1:
        raise _refusal(file, "holds several documents (---); one is expected", documents[1].line)
    return documents[0] if documents else Mapping({}, 1)


def parse_all(data: bytes | str, *, file: str) -> list[Node]:
    """Read every document of a YAML stream."""
    if len(data) > SIZE_MAX_BYTES:
        raise _refusal(file, f"is {len(data)} bytes long, {SIZE_MAX_BYTES} are the limit")
    text = _decode(data, file) if isinstance(data, bytes) else data
    try:
        return list(_Composer(text, file).documents())
    except yaml.YAMLError as fault:
        raise _syntax_error(fault, file) from None


def plain(node: Node) -> Any:
    """Turn a tree into dictionaries, lists and resolved scalars."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.items.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return resolve(node)


def resolve(scalar: Scalar) -> Any:
    """Give an untyped scalar its YAML 1.2 type."""
    if scalar.quoted:
        return scalar.text
    if scalar.is_null:
        return None
    if scalar.text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return scalar.text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(scalar.text)
        except ValueError:
            continue
    return scalar.text


class _Composer:
    """Builds the trees of one text from its events."""

    def __init__(self, text: str, file: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._file = file
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: set[str] = set()
        self._count = 0

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                yield self._node(next(self._events), depth=0)

    def _node(self, event: Any, *, depth: int) -> Node:
        line = event.start_mark.line + 1
        if depth > DEPTH_MAX:
            raise _refusal(self._file, f"is nested more than {DEPTH_MAX} levels deep", line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        before = self._count
        self._spend(1, line)
        if event.anchor:
            self._open.add(event.anchor)
        node = self._compose(event, line, depth)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _compose(self, event: Any, line: int, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, line, quoted=event.style in ('"', "'", "|", ">"))
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(depth)), line)
        return self._mapping(line, depth)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth=depth + 1)

    def _mapping(self, line: int, depth: int) -> Mapping:
        items: dict[str, Node] = {}
        key_lines: dict[str, int] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, key_line = self._key(event), event.start_mark.line + 1
            value = self._node(next(self._events), depth=depth + 1)
            if key == "<<" and not event.style:
                merged.append(value)
                continue
            if key in items:
                raise _refusal(self._file, f"the key {key!r} occurs twice", key_line)
            items[key], key_lines[key] = value, key_line
        for other in merged:
            self._merge(other, items, key_lines, line)
        return Mapping(items, line, key_lines)

    def _merge(self, other: Node, items: dict[str, Node], lines: dict[str, int], line: int) -> None:
        for source in other.items if isinstance(other, Sequence) else (other,):
            if not isinstance(source, Mapping):
                raise _refusal(self._file, "<< merges mappings only", line)
            for key, value in source.items.items():
                items.setdefault(key, value)
                lines.setdefault(key, source.key_lines[key])

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        raise _refusal(self._file, "a key must be a plain text", event.start_mark.line + 1)

    def _alias(self, anchor: str | None, line: int) -> Node:
        if anchor in self._open:
            raise _refusal(self._file, f"the anchor &{anchor} contains itself", line)
        if anchor not in self._anchors:
            raise _refusal(self._file, f"the anchor &{anchor} is not defined above", line)
        node, size = self._anchors[str(anchor)]
        self._spend(size, line)
        return node

    def _spend(self, count: int, line: int) -> None:
        self._count += count
        if self._count > NODES_MAX:
            message = f"unfolds to more than {NODES_MAX} values; are there aliases of aliases?"
            raise _refusal(self._file, message, line)


def _loader() -> Any:
    # The C parser is ten times as fast; a wheel of PyYAML without it still works.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_LOADER: Final = _loader()


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise _refusal(file, f"is not UTF-8: byte {data[fault.start]:#04x}", line) from None


def _refusal(file: str, message: str, line: int = 0) -> DocumentError:
    return DocumentError([Fault(file, line, "", message)])


def _syntax_error(fault: yaml.YAMLError, file: str) -> DocumentError:
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or getattr(fault, "reason", None) or "not YAML"
    context = getattr(fault, "context", None)
    message = f"{context}: {problem}" if context else str(problem)
    return _refusal(file, message, mark.line + 1 if mark else 0)
