"""
Reading a tree into the frozen dataclass that it declares.

``read`` goes by the type: dataclasses, ``list``, ``dict``, ``X | None``, ``Literal``, enums, the
scalars and the forms of ``types.py``. It never stops at the first fault. A class may read other
forms than its fields by a ``read_node`` class method, and may check itself with ``faults``, which
yields ``(path, message)`` pairs.
"""

import difflib
import os
import types
from collections.abc import Iterable
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

from tapewatch.document.errors import DocumentError, Fault
from tapewatch.document.fields import Option, Setting, settings_of
from tapewatch.document.nodes import Mapping, Node, Scalar, Sequence, load, parse, plain
from tapewatch.document.types import Secret, TextForm
from tapewatch.model.errors import TapewatchError
from tapewatch.model.numbers import parse_float

T = TypeVar("T")

NOTHING: Final = object()
"""What a reading gives where a fault was found instead of a value."""


def read_file(path: Path, shape: type[T]) -> T:
    """Read a YAML file into ``shape``; raises ``DocumentError`` with every fault."""
    return read_node(load(path), shape, file=str(path), folder=path.parent)


def read_text(text: str | bytes, shape: type[T], *, file: str = "<text>") -> T:
    """Read YAML text into ``shape``; raises ``DocumentError`` with every fault."""
    return read_node(parse(text, file=file), shape, file=file, folder=Path())


def read_node(node: Node, shape: type[T], *, file: str, folder: Path) -> T:
    """Read a tree into ``shape``; relative paths inside it start at ``folder``."""
    reader = Reader(file, folder)
    value = reader.read(node, shape, "")
    if reader.faults:
        raise DocumentError(reader.faults)
    return cast("T", value)


class Reader:
    """Collects the faults of one document while its values are read."""

    def __init__(self, file: str, folder: Path) -> None:
        self.file = file
        self.folder = folder
        self.faults: list[Fault] = []

    def fault(self, node: Node, path: str, message: str, *, line: int = 0) -> Any:
        """Note a fault and give the mark of a missing value."""
        if node.origin:
            self.faults.append(Fault(node.origin, 0, path, message))
        else:
            self.faults.append(Fault(self.file, line or node.line, path, message))
        return NOTHING

    def read(self, node: Node, shape: Any, path: str, option: Option | None = None) -> Any:
        """Read one value by its type."""
        if get_origin(shape) is Annotated:
            base, form = get_args(shape)
            assert isinstance(form, TextForm), f"{base} has no known text form"
            return self._read_form(node, form, path, option)
        if shape is Secret:
            return read_secret(node, self, path)
        if hasattr(shape, "read_node"):
            return shape.read_node(node, self, path)
        if is_dataclass(shape):
            return self._read_dataclass(node, cast("type", shape), path)
        return self._read_plain(node, shape, path, option)

    def _read_plain(self, node: Node, shape: Any, path: str, option: Option | None) -> Any:
        origin = get_origin(shape)
        if origin in (Union, types.UnionType):
            return self._read_optional(node, shape, path, option)
        if origin in (list, tuple):
            return self._read_sequence(node, shape, path, option)
        if origin is dict:
            return self._read_mapping(node, shape, path, option)
        if origin is Literal:
            return self._read_choice(node, {str(each): each for each in get_args(shape)}, path)
        if isinstance(shape, type) and issubclass(shape, Enum):
            return self._read_choice(node, {str(each.value): each for each in shape}, path)
        if shape is Any:
            return plain(node)
        return self._read_scalar(node, shape, path, option)

    def _read_optional(self, node: Node, shape: Any, path: str, option: Option | None) -> Any:
        inner = [each for each in get_args(shape) if each is not type(None)]
        assert len(inner) == 1, f"{path}: a union of several types needs a class with read_node"
        if isinstance(node, Scalar) and node.is_null:
            return None
        return self.read(node, inner[0], path, option)

    def _read_sequence(self, node: Node, shape: Any, path: str, option: Option | None) -> Any:
        if isinstance(node, Scalar) and node.is_null:
            return get_origin(shape)()
        if not isinstance(node, Sequence):
            return self.fault(node, path, f"must be a list, not {kind_of(node)}")
        item = get_args(shape)[0]
        items = [self.read(each, item, f"{path}[{i}]", option) for i, each in enumerate(node.items)]
        return get_origin(shape)(each for each in items if each is not NOTHING)

    def _read_mapping(self, node: Node, shape: Any, path: str, option: Option | None) -> Any:
        if isinstance(node, Scalar) and node.is_null:
            return {}
        if not isinstance(node, Mapping):
            return self.fault(node, path, f"must be a mapping, not {kind_of(node)}")
        inner = get_args(shape)[1]
        read = {
            key: self.read(value, inner, join(path, key), option)
            for key, value in node.items.items()
        }
        return {key: value for key, value in read.items() if value is not NOTHING}

    def _read_choice(self, node: Node, choices: dict[str, Any], path: str) -> Any:
        text = node.text if isinstance(node, Scalar) else ""
        if text in choices:
            return choices[text]
        allowed = ", ".join(choices)
        return self.fault(
            node, path, f"{text!r} is not one of {allowed}{suggestion(text, choices)}"
        )

    def _read_scalar(self, node: Node, shape: Any, path: str, option: Option | None) -> Any:
        if not isinstance(node, Scalar):
            return self.fault(node, path, f"must be {_WORDS[shape]}, not {kind_of(node)}")
        if shape is str and option and option.choices and node.text not in option.choices:
            return self._read_choice(node, {each: each for each in option.choices}, path)
        try:
            value = _SCALARS[shape](node)
        except (ValueError, TapewatchError):
            return self.fault(node, path, f"{node.text!r} is not {_WORDS[shape]}")
        return self._within(node, value, path, option)

    def _read_form(self, node: Node, form: TextForm, path: str, option: Option | None) -> Any:
        if not isinstance(node, Scalar):
            return self.fault(node, path, f"must be {form.name}, not {kind_of(node)}")
        try:
            value = form.parse(node.text)
        except (ValueError, TapewatchError) as fault:
            return self.fault(node, path, str(fault))
        if isinstance(value, Path):
            return self.folder / value.expanduser()
        return self._within(node, value, path, option, form)

    def _within(
        self,
        node: Scalar,
        value: Any,
        path: str,
        option: Option | None,
        form: TextForm | None = None,
    ) -> Any:
        if option is None or isinstance(value, str | bool):
            return value
        show = form.print if form else str
        if option.low is not None and value < option.low:
            return self.fault(node, path, f"{node.text} is below {show(option.low)}")
        if option.high is not None and value > option.high:
            return self.fault(node, path, f"{node.text} is above {show(option.high)}")
        return value

    def _read_dataclass(self, node: Node, shape: type, path: str) -> Any:
        if isinstance(node, Scalar) and node.is_null:
            node = Mapping({}, node.line)
        if not isinstance(node, Mapping):
            return self.fault(node, path, f"must be a mapping, not {kind_of(node)}")
        before = len(self.faults)
        settings = _settings(shape)
        self._refuse_unknown(node, settings, path)
        values = {}
        for key, setting in settings.items():
            value = self._read_setting(node, setting, join(path, key))
            if value is not NOTHING:
                values[setting.name] = value
        if len(self.faults) > before:
            return NOTHING
        return self._built(node, shape, values, path)

    def _read_setting(self, node: Mapping, setting: Setting, path: str) -> Any:
        given = node.items.get(setting.key)
        if given is not None:
            return self.read(given, setting.type, path, setting.option)
        if setting.required:
            return self.fault(node, path, "is missing")
        return NOTHING

    def _refuse_unknown(self, node: Mapping, settings: dict[str, Setting], path: str) -> None:
        for key, value in node.items.items():
            if key not in settings:
                message = f"is not a setting here{suggestion(key, settings)}"
                self.fault(value, join(path, key), message, line=node.key_lines.get(key, 0))

    def _built(self, node: Mapping, shape: type, values: dict[str, Any], path: str) -> Any:
        value = shape(**values)
        if not hasattr(value, "faults"):
            return value
        found: Iterable[tuple[str, str]] = value.faults()
        wrong = False
        for inner, message in found:
            wrong = True
            at = node.items.get(inner.partition(".")[0].partition("[")[0], node)
            self.fault(at, join(path, inner), message)
        return NOTHING if wrong else value


def join(path: str, key: str) -> str:
    """Write the path of ``key`` below ``path``."""
    return f"{path}.{key}" if path and key else path or key


def kind_of(node: Node) -> str:
    """Name what stands in the text, for a message."""
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else f"the text {node.text!r}"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Guess which known word was meant."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


@cache
def _settings(shape: type) -> dict[str, Setting]:
    return {setting.key: setting for setting in settings_of(shape)}


def read_secret(node: Node, reader: Reader, path: str) -> Any:
    """Read ``{file: …}`` or ``{env: …}``; a secret written into the document is refused."""
    if not isinstance(node, Mapping) or len(node.items) != 1:
        remedy = "a secret is never written here; point to it: {file: PATH} or {env: NAME}"
        return reader.fault(node, path, remedy)
    ((key, value),) = node.items.items()
    if not isinstance(value, Scalar) or key not in ("file", "env"):
        return reader.fault(node, path, "a secret comes from {file: PATH} or {env: NAME}")
    if key == "env":
        if value.text not in os.environ:
            return reader.fault(value, join(path, key), f"the variable {value.text} is not set")
        return Secret.from_environment(value.text)
    try:
        return Secret.from_file(reader.folder / Path(value.text).expanduser())
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not UTF-8"
        return reader.fault(value, join(path, key), f"{value.text} cannot be read: {reason}")


def _read_flag(node: Scalar) -> bool:
    word = node.text.lower()
    if node.quoted or word not in ("true", "false", "yes", "no", "on", "off"):
        raise ValueError(node.text)
    return word in ("true", "yes", "on")


def _read_integer(node: Scalar) -> int:
    return int(node.text.replace("_", ""), 0) if node.text.strip("+-") != "0" else 0


_SCALARS: Final[dict[Any, Any]] = {
    str: lambda node: node.text,
    bool: _read_flag,
    int: _read_integer,
    float: lambda node: parse_float(node.text),
}
_WORDS: Final[dict[Any, str]] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
