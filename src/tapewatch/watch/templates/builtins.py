"""The functions that every template has, with Go's meaning of them."""

import json
import math
from typing import Any, Final
from urllib.parse import quote_plus

from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.arguments import call_value
from tapewatch.watch.templates.formatting import format_printf, format_value
from tapewatch.watch.templates.values import (
    Functions,
    as_mapping,
    is_sequence,
    is_true,
    type_name,
)

_HTML: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "�"}
)
_JS: Final = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "<": "\\u003C",
        ">": "\\u003E",
        "&": "\\u0026",
        "=": "\\u003D",
        **{chr(code): f"\\u{code:04X}" for code in range(0x20)},
    }
)


def escape_html(text: str) -> str:
    """Write a text so that HTML shows it."""
    return text.translate(_HTML)


def join_values(values: tuple[Any, ...]) -> str:
    """Write values in a row, with a blank between two that are not texts."""
    shown = ""
    for position, value in enumerate(values):
        between = position and not isinstance(value, str)
        if between and not isinstance(values[position - 1], str):
            shown += " "
        shown += format_value(value)
    return shown


def _html(*values: Any) -> str:
    return escape_html(join_values(values))


def _js(*values: Any) -> str:
    return join_values(values).translate(_JS)


def _urlquery(*values: Any) -> str:
    return quote_plus(join_values(values))


def _print(*values: Any) -> str:
    return join_values(values)


def _println(*values: Any) -> str:
    return " ".join(format_value(value) for value in values) + "\n"


def _printf(form: str, *values: Any) -> str:
    return format_printf(form, values)


def _not(value: Any) -> bool:
    return not is_true(value)


def _and(first: Any, *more: Any) -> Any:
    return next((value for value in (first, *more) if not is_true(value)), (first, *more)[-1])


def _or(first: Any, *more: Any) -> Any:
    return next((value for value in (first, *more) if is_true(value)), (first, *more)[-1])


def _len(value: Any) -> int:
    mapping = as_mapping(value)
    if mapping is not None:
        return len(mapping)
    if isinstance(value, str):
        return len(value.encode())
    if is_sequence(value):
        return len(value)
    raise TemplateMisuse(f"len of type {type_name(value)}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = _at(value, key)
    return value


def _at(value: Any, key: Any) -> Any:
    mapping = as_mapping(value)
    if mapping is not None:
        return mapping.get(key, "" if type_name(value) == "map[string]string" else None)
    if value is None:
        raise TemplateMisuse("index of untyped nil")
    text = isinstance(value, str)
    if not text and not is_sequence(value):
        raise TemplateMisuse(f"can't index item of type {type_name(value)}")
    items = value.encode() if text else value
    return items[_position(key, len(items))]


def _position(key: Any, length: int, *, most: int | None = None) -> int:
    if isinstance(key, bool) or not isinstance(key, int):
        raise TemplateMisuse(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key < (length if most is None else most + 1):
        raise TemplateMisuse(f"index out of range: {key}")
    return key


def _slice(value: Any, *borders: Any) -> Any:
    if len(borders) > 3 or (isinstance(value, str) and len(borders) == 3):
        raise TemplateMisuse(f"too many slice indexes: {len(borders)}")
    if not isinstance(value, str) and not is_sequence(value):
        raise TemplateMisuse(f"can't slice item of type {type_name(value)}")
    items = value.encode() if isinstance(value, str) else value
    places = [_position(each, len(items), most=len(items)) for each in borders]
    first = places[0] if places else 0
    last = places[1] if len(places) > 1 else len(items)
    if first > last:
        raise TemplateMisuse(f"invalid slice index: {first} > {last}")
    cut = items[first:last]
    return cut.decode(errors="replace") if isinstance(cut, bytes) else cut


def _call(function: Any, *arguments: Any) -> Any:
    return call_value(function, arguments, "call")


def _kind(value: Any) -> str:
    """Name the kind of a value as far as comparing goes."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else "other"


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise TemplateMisuse("missing argument for comparison")
    return any(_equals(first, other) for other in others)


def _equals(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if is_sequence(one) or as_mapping(one) is not None:
        raise TemplateMisuse(f"non-comparable type {type_name(one)}")
    _require_same(one, other)
    return bool(one == other)


def _require_same(one: Any, other: Any) -> str:
    kind = _kind(one)
    if kind != _kind(other) or (kind == "other" and type(one) is not type(other)):
        raise TemplateMisuse("incompatible types for comparison")
    return kind


def _ne(one: Any, other: Any) -> bool:
    return not _equals(one, other)


def _lt(one: Any, other: Any) -> bool:
    if _require_same(one, other) in ("bool", "other"):
        raise TemplateMisuse("invalid type for comparison")
    return bool(one < other)


def _le(one: Any, other: Any) -> bool:
    return _lt(one, other) or _equals(one, other)


def _gt(one: Any, other: Any) -> bool:
    # As Go says it: not lower and not equal, which makes NaN greater than everything.
    return not _le(one, other)


def _ge(one: Any, other: Any) -> bool:
    return not _lt(one, other)


BUILTINS: Final[Functions] = {
    "and": _and,
    "call": _call,
    "eq": _eq,
    "ge": _ge,
    "gt": _gt,
    "html": _html,
    "index": _index,
    "js": _js,
    "le": _le,
    "len": _len,
    "lt": _lt,
    "ne": _ne,
    "not": _not,
    "or": _or,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "slice": _slice,
    "urlquery": _urlquery,
}


def to_json(value: Any) -> str:
    """Write a value as JSON; objects as their texts."""
    return json.dumps(_jsonable(value), ensure_ascii=False, separators=(",", ":"))


def _jsonable(value: Any) -> Any:
    mapping = as_mapping(value)
    if mapping is not None:
        return {format_value(key): _jsonable(each) for key, each in sorted(mapping.items())}
    if is_sequence(value):
        return [_jsonable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateMisuse(f"JSON has no number {format_value(value)}")
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
