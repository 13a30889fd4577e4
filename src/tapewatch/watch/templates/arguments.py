"""Whether a function takes what a template hands it: the number and, where declared, the types."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, get_type_hints

from tapewatch.watch.errors import TemplateMisuse
from tapewatch.watch.templates.values import type_name

_CHECKED: Final[dict[Any, str]] = {str: "string", int: "int", bool: "bool"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a function takes: how many, and of which types."""

    least: int
    most: int | None
    types: tuple[Any, ...]
    rest: Any

    def type_at(self, position: int) -> Any:
        """Return the declared type of an argument."""
        return self.types[position] if position < len(self.types) else self.rest

    def counts(self) -> str:
        """Say how many arguments would be right."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def check_arguments(function: Callable[..., Any], name: str, arguments: Sequence[Any]) -> None:
    """Refuse arguments that the function does not take."""
    shape = shape_of(function)
    count = len(arguments)
    if count < shape.least or (shape.most is not None and count > shape.most):
        raise TemplateMisuse(f"wrong number of args for {name}: want {shape.counts()} got {count}")
    for position, value in enumerate(arguments):
        wanted = shape.type_at(position)
        if wanted in _CHECKED and (not isinstance(value, wanted) or _is_flag(value, wanted)):
            raise TemplateMisuse(
                f"wrong type for value; expected {_CHECKED[wanted]}; got {type_name(value)}"
            )


def _is_flag(value: Any, wanted: Any) -> bool:
    return wanted is int and isinstance(value, bool)


@lru_cache(maxsize=1024)
def shape_of(function: Callable[..., Any]) -> Shape:
    """Read a function's signature."""
    parameters = list(inspect.signature(function).parameters.values())
    hints = get_type_hints(function) if inspect.isroutine(function) else {}
    places = [each for each in parameters if each.kind is not inspect.Parameter.VAR_POSITIONAL]
    rest = next((each for each in parameters if each not in places), None)
    return Shape(
        least=sum(each.default is inspect.Parameter.empty for each in places),
        most=None if rest else len(places),
        types=tuple(hints.get(each.name) for each in places),
        rest=hints.get(rest.name) if rest else None,
    )


def call_value(value: Any, arguments: Sequence[Any], name: str) -> Any:
    """Call a method, or a function that is data."""
    if not callable(value):
        raise TemplateMisuse(f"{name} is no function but of type {type_name(value)}")
    check_arguments(value, name, arguments)
    return value(*arguments)
