"""
Labels: the sorted, immutable set of names and values that says which series something is.

``Labels`` is a tuple of ``(name, value)`` pairs, so comparing, hashing and sorting happen at C
speed and in Prometheus' order (by name, then value, pair after pair). Strings are interned: two
series that share a value share one object, and comparing them is comparing pointers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from sys import intern
from typing import Final, Self

from tapewatch.model.errors import BadText
from tapewatch.model.hashing import fingerprint, xxhash64

METRIC_NAME: Final = "__name__"

_SEPARATOR: Final = b"\xff"
_PLAIN_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PLAIN_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Labels(tuple[tuple[str, str], ...]):
    """Names and values, sorted by name, without duplicates and without empty values."""

    __slots__ = ()

    @classmethod
    def of(cls, mapping: Mapping[str, str] | None = None, /, **labels: str) -> Self:
        """Build from a mapping, keywords or both; an empty value means the label is absent."""
        merged = {**(mapping or {}), **labels}
        return cls((intern(name), intern(value)) for name, value in sorted(merged.items()) if value)

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Build from pairs in any order; a name given twice is an error."""
        ordered = sorted((intern(name), intern(value)) for name, value in pairs if value)
        for (name, _), (following, _) in pairwise(ordered):
            if name == following:
                raise BadText("label set", name, "the label name occurs twice")
        return cls(ordered)

    def get(self, name: str, default: str = "") -> str:
        """Return the value of ``name``; absent and empty are the same thing."""
        for own, value in self:
            if own == name:
                return value
        return default

    @property
    def name(self) -> str:
        """The metric name, empty where there is none."""
        return self.get(METRIC_NAME)

    def names(self) -> Iterator[str]:
        """Iterate over the label names in order."""
        return (name for name, _ in self)

    def as_dict(self) -> dict[str, str]:
        """Copy into a new dictionary."""
        return dict(self)

    def keep(self, names: Iterable[str]) -> Self:
        """Keep only the labels in ``names`` (what ``by`` and ``on`` do)."""
        wanted = frozenset(names)
        return type(self)(pair for pair in self if pair[0] in wanted)

    def drop(self, *names: str) -> Self:
        """Remove the labels in ``names`` (what ``without`` and ``ignoring`` do)."""
        return type(self)(pair for pair in self if pair[0] not in names)

    def replace(self, changes: Mapping[str, str] | None = None, /, **labels: str) -> Self:
        """Set labels; an empty value removes one."""
        return self.of({**dict(self), **(changes or {}), **labels})

    def stable_hash(self) -> int:
        """Return the 64-bit hash that Prometheus' ``StableHash`` gives the same labels."""
        return xxhash64(self._joined())

    def fingerprint(self) -> str:
        """Return the 16 hexadecimal digits under which Alertmanager knows the same labels."""
        return fingerprint(self)

    def _joined(self) -> bytes:
        parts = [part.encode() for pair in self for part in pair]
        return b"".join(part + _SEPARATOR for part in parts)

    def __str__(self) -> str:
        pairs = [
            f"{quote_name(name)}={quote(value)}" for name, value in self if name != METRIC_NAME
        ]
        name = self.name
        if name and not is_plain_metric_name(name):
            return "{" + ", ".join([quote(name), *pairs]) + "}"
        return name + ("{" + ", ".join(pairs) + "}" if pairs or not name else "")

    def __repr__(self) -> str:
        return f"Labels.of({dict(self)!r})"


EMPTY: Final = Labels()


def is_plain_label_name(name: str) -> bool:
    """Say whether ``name`` may stand unquoted as a label name."""
    return _PLAIN_LABEL.fullmatch(name) is not None


def is_plain_metric_name(name: str) -> bool:
    """Say whether ``name`` may stand unquoted as a metric name."""
    return _PLAIN_METRIC.fullmatch(name) is not None


def quote_name(name: str) -> str:
    """Write a label name as PromQL does: bare where it may be, else quoted."""
    return name if is_plain_label_name(name) else quote(name)


def quote(text: str) -> str:
    """Write ``text`` between double quotes with Go's escapes."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escape(character) for character in text) + '"'


_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        # The latter stand for bytes that are no UTF-8 (``surrogateescape``).
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
