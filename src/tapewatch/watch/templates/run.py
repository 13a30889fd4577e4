"""One rendering: what the statements of a template share while they write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tapewatch.model.errors import TapewatchError
from tapewatch.watch.errors import TemplateFault, TemplateMisuse
from tapewatch.watch.templates.arguments import check_arguments
from tapewatch.watch.templates.formatting import format_value
from tapewatch.watch.templates.lex import Source
from tapewatch.watch.templates.limits import DEPTH_MAX, TEXT_MAX, Limits
from tapewatch.watch.templates.values import Functions

if TYPE_CHECKING:
    from tapewatch.watch.templates.statements import Body

_FAULTS = (TapewatchError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError)
"""What a function may raise over its arguments; anything else is a mistake of ours."""


class Output(Protocol):
    """Where a rendering goes."""

    size: int

    def text(self, text: str) -> None:
        """Take what the template's author wrote."""
        ...

    def value(self, value: Any, shown: str) -> None:
        """Take what came from the data: the value, and how it reads."""
        ...

    def result(self) -> str:
        """Return everything."""
        ...


class PlainOutput:
    """Text as it is."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[str] = []

    def text(self, text: str) -> None:
        self.size += len(text)
        self._parts.append(text)

    def value(self, value: Any, shown: str) -> None:  # noqa: ARG002  # a value reads as it is here
        self.text(shown)

    def result(self) -> str:
        return "".join(self._parts)


@dataclass(slots=True)
class Frame:
    """Where a rendering stands: its source, its dot, and its variables."""

    source: Source
    dot: Any
    slots: list[Any]

    def at(self, dot: Any) -> "Frame":
        """Return the frame with another dot and the same variables."""
        return Frame(self.source, dot, self.slots)


class Run:
    """One rendering."""

    def __init__(
        self,
        bodies: Mapping[str, "Body"],
        functions: Functions,
        output: Output,
        limits: Limits,
    ) -> None:
        self.bodies = bodies
        self.functions = functions
        self.output = output
        self.limits = limits
        self._steps = 0
        self._depth = 0

    def step(self, frame: Frame, at: int) -> None:
        """Count one step; a rendering has only so many."""
        self._steps += 1
        if self._steps > self.limits.steps_max:
            message = f"the template takes more than {self.limits.steps_max} steps"
            raise frame.source.fault(at, message)

    def write(self, frame: Frame, at: int, value: Any) -> None:
        """Write a value as an action does."""
        shown = "<no value>" if value is None else format_value(value)
        self.output.value(value, shown)
        self.check_size(frame, at)

    def check_size(self, frame: Frame, at: int) -> None:
        """End a rendering that has grown too large."""
        if self.output.size > self.limits.output_max:
            message = f"the template writes more than {self.limits.output_max} letters"
            raise frame.source.fault(at, message)

    def call(self, frame: Frame, at: int, name: str, arguments: Sequence[Any]) -> Any:
        """Call a function by name."""
        function = self.functions[name]
        return self.guard(frame, at, name, lambda: _checked(function, name, arguments))

    def guard(self, frame: Frame, at: int, name: str, work: Callable[[], Any]) -> Any:
        """Do something with the data; what goes wrong is told with its place."""
        try:
            return _sized(work())
        except TemplateFault:
            raise
        except TemplateMisuse as fault:
            raise frame.source.fault(at, str(fault)) from None
        except _FAULTS as fault:
            raise frame.source.fault(at, f"error calling {name}: {fault}") from None

    def enter(self, frame: Frame, at: int, name: str, dot: Any) -> None:
        """Render the template called ``name`` in place."""
        body = self.bodies.get(name)
        if body is None:
            raise frame.source.fault(at, f'template "{name}" not defined')
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise frame.source.fault(at, f"templates call each other more than {DEPTH_MAX} deep")
        body.render(self, dot)
        self._depth -= 1


def _checked(function: Callable[..., Any], name: str, arguments: Sequence[Any]) -> Any:
    check_arguments(function, name, arguments)
    return function(*arguments)


def _sized(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict) and len(value) > TEXT_MAX:
        raise TemplateMisuse(f"a value of {len(value)} parts is more than {TEXT_MAX}")
    return value
