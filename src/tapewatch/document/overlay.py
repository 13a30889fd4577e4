"""
Laying single values over a tree: what the environment and the command line say.

Every leaf setting of the document has an environment variable, its path in capitals with ``_`` for
the dots: ``server.listen`` is ``TAPEWATCH_SERVER_LISTEN``.
"""

import types
from collections.abc import Iterator
from collections.abc import Mapping as Strings
from dataclasses import is_dataclass, replace
from typing import Any, Final, Union, cast, get_origin

from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import settings_of
from tapewatch.document.nodes import Mapping, Node, Scalar, parse
from tapewatch.document.reading import join, suggestion
from tapewatch.document.types import Secret

PREFIX: Final = "TAPEWATCH_"


def leaf_paths(shape: type, path: str = "") -> Iterator[str]:
    """Yield the path of every setting that one text can set."""
    for setting in settings_of(shape):
        inner = _section(setting.type)
        here = join(path, setting.key)
        if inner is not None:
            yield from leaf_paths(inner, here)
        else:
            yield here


def environment_name(path: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + path.replace(".", "_").upper()


def from_environment(shape: type, environment: Strings[str, str]) -> dict[str, tuple[str, str]]:
    """Find the settings that the environment gives: path to text and where it came from."""
    names = {environment_name(path): path for path in leaf_paths(shape)}
    return {path: (environment[name], name) for name, path in names.items() if name in environment}


def unknown_variables(
    shape: type, environment: Strings[str, str], *, also: frozenset[str] = frozenset()
) -> list[str]:
    """Find variables with our prefix that set nothing: most likely a slip."""
    known = {environment_name(path) for path in leaf_paths(shape)} | also
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def lay_over(node: Node, shape: type, path: str, text: str, origin: str) -> Node:
    """Return the tree with ``path`` set to ``text``, read as YAML; ``origin`` names who said it."""
    known = list(leaf_paths(shape))
    if path not in known:
        message = f"is not a setting{suggestion(path, known)}"
        raise DocumentError([Fault(origin, 0, path, message)])
    value = _mark(parse(text, file=origin), origin) if text else Scalar("", 0, origin=origin)
    return _set(node, path.split("."), value, origin)


def _set(node: Node, keys: list[str], value: Node, origin: str) -> Node:
    if not keys:
        return value
    if not isinstance(node, Mapping):
        node = Mapping({}, node.line)
    below = node.items.get(keys[0], Mapping({}, node.line))
    items = {**node.items, keys[0]: _set(below, keys[1:], value, origin)}
    return replace(node, items=items)


def _mark(node: Node, origin: str) -> Node:
    if isinstance(node, Mapping):
        items = {key: _mark(value, origin) for key, value in node.items.items()}
        return replace(node, items=items, origin=origin)
    if isinstance(node, Scalar):
        return replace(node, origin=origin)
    return replace(node, items=tuple(_mark(item, origin) for item in node.items), origin=origin)


def _section(shape: Any) -> type | None:
    if get_origin(shape) in (Union, types.UnionType):
        return None
    if shape is Secret or not is_dataclass(shape) or hasattr(shape, "read_node"):
        return None
    return cast("type", shape)
