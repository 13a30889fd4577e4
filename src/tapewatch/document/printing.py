"""Writing a frozen value back as YAML, without its secrets, and describing its shape."""

import types
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml

from tapewatch.document.fields import Setting, settings_of
from tapewatch.document.types import Secret, TextForm


def to_plain(value: Any, shape: Any) -> Any:
    """Turn a value of ``shape`` into the mappings, lists and scalars of its document."""
    if get_origin(shape) is Annotated:
        form = get_args(shape)[1]
        return form.print(value)
    if isinstance(value, Secret):
        return f"<secret from {value.origin}>"
    if hasattr(value, "to_plain"):
        return value.to_plain()
    if is_dataclass(value):
        return _dataclass_to_plain(value)
    return _collection_to_plain(value, shape)


def _dataclass_to_plain(value: Any) -> dict[str, Any]:
    return {
        setting.key: to_plain(getattr(value, setting.name), setting.type)
        for setting in settings_of(type(value))
    }


def _collection_to_plain(value: Any, shape: Any) -> Any:
    origin = get_origin(shape)
    if value is None:
        return None
    if origin in (Union, types.UnionType):
        return to_plain(value, next(each for each in get_args(shape) if each is not type(None)))
    if origin in (list, tuple):
        return [to_plain(item, get_args(shape)[0]) for item in value]
    if origin is dict:
        return {key: to_plain(item, get_args(shape)[1]) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def to_yaml(value: Any) -> str:
    """Write a value as YAML, settings in the order of their declaration."""
    plain = to_plain(value, type(value))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))


def commented_yaml(shape: type) -> str:
    """Write a starting document: every setting with its default, commented out, and its words."""
    return "\n".join(_commented(shape, 0)) + "\n"


def _commented(shape: type, depth: int) -> list[str]:
    lines: list[str] = []
    indent = "  " * depth
    for setting in settings_of(shape):
        if setting.option.help:
            lines.append(f"{indent}# {setting.option.help}")
        inner = setting.type
        if is_dataclass(inner) and not hasattr(inner, "read_node"):
            lines.append(f"{indent}{setting.key}:")
            lines.extend(_commented(inner, depth + 1))  # type: ignore[arg-type]  # is_dataclass keeps the instance case open
        else:
            lines.append(f"{indent}# {setting.key}: {_inline(setting)}")
    return lines


def _inline(setting: Setting) -> str:
    plain = to_plain(setting.default, setting.type) if setting.default is not None else None
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=1000)
    return str(text).removesuffix("\n").removesuffix("...").strip()


def json_schema(shape: type, *, title: str) -> dict[str, Any]:
    """Describe the document in JSON Schema 2020-12, as editors use it."""
    definitions: dict[str, Any] = {}
    root = _schema(shape, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": definitions,
    }


def _schema(shape: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if get_origin(shape) is Annotated:
        form = get_args(shape)[1]
        assert isinstance(form, TextForm)
        return form.schema()
    if shape is Secret:
        return _SECRET
    if hasattr(shape, "schema_node"):
        return dict(shape.schema_node())
    if is_dataclass(shape):
        return _reference(shape, definitions)  # type: ignore[arg-type]  # is_dataclass keeps the instance case open
    return _plain_schema(shape, definitions)


def _plain_schema(shape: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(shape)
    if origin in (Union, types.UnionType):
        inner = next(each for each in get_args(shape) if each is not type(None))
        return {"anyOf": [_schema(inner, definitions), {"type": "null"}]}
    if origin in (list, tuple):
        return {"type": "array", "items": _schema(get_args(shape)[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(shape)[1], definitions)}
    if origin is Literal:
        return {"enum": list(get_args(shape))}
    if isinstance(shape, type) and issubclass(shape, Enum):
        return {"enum": [each.value for each in shape]}
    return {"type": _JSON_TYPES[shape]} if shape in _JSON_TYPES else {}


def _reference(shape: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = shape.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object(shape, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _object(shape: type, definitions: dict[str, Any]) -> dict[str, Any]:
    properties = {}
    for setting in settings_of(shape):
        described = dict(_schema(setting.type, definitions))
        properties[setting.key] = {**described, **_words(setting)}
    required = [setting.key for setting in settings_of(shape) if setting.required]
    described = {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }
    return {**described, "required": required} if required else described


def _words(setting: Setting) -> dict[str, Any]:
    about = setting.option
    words: dict[str, Any] = {"description": about.help} if about.help else {}
    if about.choices:
        words["enum"] = list(about.choices)
    if setting.default is not None and not is_dataclass(setting.default):
        words["default"] = to_plain(setting.default, setting.type)
    if setting.type in (int, float):
        limits = {"minimum": about.low, "maximum": about.high}
        words.update({key: limit for key, limit in limits.items() if limit is not None})
    return words


_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_SECRET = {
    "type": "object",
    "description": "Where the secret is found; it is never written into the document.",
    "properties": {"file": {"type": "string"}, "env": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
