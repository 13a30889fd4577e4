"""
What ``.Name`` finds in a value.

An object shows what its class defines, under Go's spelling: ``.StartsAt`` is ``starts_at``. Nothing
that Python itself defines can be reached.
"""

import re
from collections.abc import Hashable, Sequence
from functools import lru_cache
from inspect import ismethod
from typing import Any, Final, cast

from tapewatch.model.labels import Labels
from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.arguments import call_value
from tapewatch.watch.templates.values import TextMap, as_mapping, type_name

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FOREIGN: Final = frozenset({"builtins", "collections", "collections.abc", "abc", "typing", "enum"})


def get_field(value: Any, name: str, arguments: Sequence[Any] = ()) -> Any:
    """Return what ``.name`` is; a method of ours is called, anything else takes no arguments."""
    attribute = attribute_of(cast("Hashable", type(value)), name)
    if attribute is not None:
        found = getattr(value, attribute)
        if ismethod(found):
            return call_value(found, arguments, name)
        return _plain(found, arguments, name)
    mapping = as_mapping(value)
    if mapping is not None:
        missing = "" if isinstance(mapping, TextMap) else None
        return _plain(mapping.get(name, missing), arguments, name)
    if value is None:
        raise TemplateMisuse(f"nil data; no entry for key {name!r}")
    raise TemplateMisuse(f"can't evaluate field {name} in type {type_name(value)}")


def _plain(value: Any, arguments: Sequence[Any], name: str) -> Any:
    if arguments:
        raise TemplateMisuse(f"{name} has arguments but cannot be invoked as function")
    return value


@lru_cache(maxsize=4096)
def attribute_of(kind: Hashable, name: str) -> str | None:
    """Return the attribute that a class of ours shows under Go's ``name``."""
    if not name[:1].isupper():
        return None
    attribute = _WORD_START.sub("_", name).lower()
    assert isinstance(kind, type)
    for each in kind.__mro__:
        if each.__module__ in _FOREIGN or each is Labels:
            continue
        if attribute in vars(each) or attribute in getattr(each, "__dataclass_fields__", ()):
            return attribute
    return None
