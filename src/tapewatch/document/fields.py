"""What a dataclass says about each of its settings, beside the type."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, get_type_hints

_OPTION = "tapewatch.option"


@dataclass(frozen=True, slots=True)
class Option:
    """The words, limits and key of one setting."""

    help: str
    key: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def option(
    help_text: str,
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | Any = MISSING,
    key: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """
    Declare a setting of a frozen dataclass.

    ``key`` is the name in the document where it differs from the field's; ``low`` and ``high``
    include themselves; without a default the setting must be given.
    """
    about = Option(help_text, key, low, high, choices)
    metadata = {_OPTION: about}
    if default_factory is not MISSING:
        return field(default_factory=default_factory, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a dataclass as the reader, the printer and the schema see it."""

    name: str
    key: str
    type: Any
    option: Option
    required: bool
    default: Any


def settings_of(cls: type) -> Iterator[Setting]:
    """Yield the settings of a dataclass in the order in which they are declared."""
    hints = get_type_hints(cls, include_extras=True)
    for declared in fields(cls):
        if declared.init:
            yield _setting(declared, hints[declared.name])


def _setting(declared: "Field[Any]", hint: Any) -> Setting:
    about = declared.metadata.get(_OPTION, Option(""))
    default = declared.default
    if declared.default_factory is not MISSING:
        default = declared.default_factory()
    return Setting(
        name=declared.name,
        key=about.key or declared.name,
        type=hint,
        option=about,
        required=default is MISSING,
        default=None if default is MISSING else default,
    )
