"""
Expressions: what stands inside an action, ready to be evaluated.

A pipeline hands the value of each command to the next one as its last argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tapewatch.watch.templates.fields import get_field
from tapewatch.watch.templates.run import Frame, Run
from tapewatch.watch.templates.values import is_true

NOTHING: Final = object()
"""Stands where no value is handed on, because None is a value."""


class Operand(Protocol):
    """Something with a value."""

    @property
    def at(self) -> int:
        """Where it stands in the text."""
        ...

    def evaluate(self, run: Run, frame: Frame) -> Any:
        """Return the value."""
        ...


class Command(Protocol):
    """One stage of a pipeline."""

    def perform(self, run: Run, frame: Frame, handed: Any) -> Any:
        """Return the value, given what the stage before handed on."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number, a flag or nil."""

    at: int
    value: Any

    def evaluate(self, run: Run, frame: Frame) -> Any:  # noqa: ARG002  # a constant asks nobody
        return self.value


@dataclass(frozen=True, slots=True)
class Dot:
    """The current value."""

    at: int

    def evaluate(self, run: Run, frame: Frame) -> Any:  # noqa: ARG002  # only the frame is asked
        return frame.dot


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; the parser has given it a place."""

    at: int
    slot: int

    def evaluate(self, run: Run, frame: Frame) -> Any:  # noqa: ARG002  # only the frame is asked
        return frame.slots[self.slot]


@dataclass(frozen=True, slots=True)
class Fields:
    """``base.A.B``: names looked up one in the other."""

    at: int
    base: Operand
    names: tuple[str, ...]

    def evaluate(self, run: Run, frame: Frame) -> Any:
        return self.perform(run, frame, NOTHING)

    def perform(
        self, run: Run, frame: Frame, handed: Any, arguments: Sequence[Operand] = ()
    ) -> Any:
        """Look up; the last name may be a method, which takes the arguments."""
        value = self.base.evaluate(run, frame)
        given = _arguments(run, frame, arguments, handed)
        last = len(self.names) - 1
        for position, name in enumerate(self.names):
            value = self._look_up(run, frame, value, name, given if position == last else ())
        return value

    def _look_up(
        self, run: Run, frame: Frame, value: Any, name: str, arguments: Sequence[Any]
    ) -> Any:
        return run.guard(frame, self.at, name, lambda: get_field(value, name, arguments))


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    at: int
    name: str
    arguments: tuple[Operand, ...]

    def evaluate(self, run: Run, frame: Frame) -> Any:
        return self.perform(run, frame, NOTHING)

    def perform(self, run: Run, frame: Frame, handed: Any) -> Any:
        """Evaluate the arguments and call."""
        run.step(frame, self.at)
        given = _arguments(run, frame, self.arguments, handed)
        return run.call(frame, self.at, self.name, given)


@dataclass(frozen=True, slots=True)
class Choice:
    """``and`` and ``or``: the first argument that decides, the others not being looked at."""

    at: int
    decides: bool
    arguments: tuple[Operand, ...]

    def evaluate(self, run: Run, frame: Frame) -> Any:
        return self.perform(run, frame, NOTHING)

    def perform(self, run: Run, frame: Frame, handed: Any) -> Any:
        """Return the first argument whose truth decides, else the last."""
        value: Any = handed
        for argument in self.arguments:
            value = argument.evaluate(run, frame)
            if is_true(value) is self.decides:
                return value
        return value if handed is NOTHING else handed


@dataclass(frozen=True, slots=True)
class Invocation:
    """An operand in the place of a command, with arguments if it is a method."""

    at: int
    operand: Operand
    arguments: tuple[Operand, ...] = ()

    def evaluate(self, run: Run, frame: Frame) -> Any:
        return self.perform(run, frame, NOTHING)

    def perform(self, run: Run, frame: Frame, handed: Any) -> Any:
        """Return the operand's value; only a method takes arguments."""
        if isinstance(self.operand, Fields):
            return self.operand.perform(run, frame, handed, self.arguments)
        if handed is not NOTHING:
            raise frame.source.fault(self.at, "can't give argument to non-function")
        return self.operand.evaluate(run, frame)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands one after the other; the value is kept in variables where there are some."""

    at: int
    commands: tuple[Command, ...]
    slots: tuple[int, ...] = ()
    declares: bool = True

    @property
    def assigns(self) -> bool:
        """Whether the value goes into a variable instead of the output."""
        return bool(self.slots)

    def evaluate(self, run: Run, frame: Frame) -> Any:
        value: Any = NOTHING
        for command in self.commands:
            value = command.perform(run, frame, value)
        for slot in self.slots:
            frame.slots[slot] = value
        return value


def _arguments(run: Run, frame: Frame, operands: Sequence[Operand], handed: Any) -> list[Any]:
    given = [operand.evaluate(run, frame) for operand in operands]
    return given if handed is NOTHING else [*given, handed]
