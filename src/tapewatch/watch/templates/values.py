"""
What values mean to a template: their kind and their truth.

Data are texts, numbers, flags, None, sequences, mappings and objects of ours (``fields.py``).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tapewatch.model.labels import Labels


class TextMap(dict[str, str]):
    """A mapping of texts: a key that is missing has the empty text, as in Go."""


class Html(str):
    """A text that is HTML already and is not escaped again."""

    __slots__ = ()


class Url(str):
    """A text that is a URL worth trusting, whatever its scheme."""

    __slots__ = ()


def is_true(value: Any) -> bool:
    """Say whether a value counts as true: what is empty, zero or missing does not."""
    if value is None or isinstance(value, bool | int | float | str):
        return bool(value)
    if isinstance(value, Mapping | Sequence):
        return len(value) > 0
    return True


def as_mapping(value: Any) -> Mapping[Any, Any] | None:
    """Return a value as a mapping where it is one."""
    if isinstance(value, Labels):
        return TextMap(value)
    return value if isinstance(value, Mapping) else None


def is_sequence(value: Any) -> bool:
    """Say whether a value is a list."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | Labels)


def type_name(value: Any) -> str:
    """Name a value's type as Go would, for messages and ``%T``."""
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return "<nil>" if value is None else type(value).__name__


_TYPE_NAMES: Final[tuple[tuple[Any, str], ...]] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (Labels, "map[string]string"),
    (TextMap, "map[string]string"),
    (Mapping, "map[string]interface {}"),
    (Sequence, "[]interface {}"),
)


Functions = Mapping[str, Callable[..., Any]]
