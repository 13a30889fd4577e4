"""Statements: what a template does, one after the other. Each renders itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

from tapewatch.watch.templates.expressions import Pipeline
from tapewatch.watch.templates.lex import Source
from tapewatch.watch.templates.run import Frame, Run
from tapewatch.watch.templates.values import as_mapping, is_sequence, is_true, type_name


class Flow(Enum):
    """How a rendering goes on after a statement."""

    ON = auto()
    BREAK = auto()
    CONTINUE = auto()


class Statement(Protocol):
    """Something that is rendered."""

    def render(self, run: Run, frame: Frame) -> Flow:
        """Write, and say how to go on."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """What is written as it is."""

    at: int
    text: str

    def render(self, run: Run, frame: Frame) -> Flow:
        run.output.text(self.text)
        run.check_size(frame, self.at)
        return Flow.ON


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose value is written, unless it goes into a variable."""

    pipeline: Pipeline

    def render(self, run: Run, frame: Frame) -> Flow:
        at = self.pipeline.at
        run.step(frame, at)
        value = self.pipeline.evaluate(run, frame)
        if not self.pipeline.assigns:
            run.guard(frame, at, "print", lambda: run.write(frame, at, value))
        return Flow.ON


@dataclass(frozen=True, slots=True)
class Block:
    """Statements in a row."""

    statements: tuple[Statement, ...] = ()

    def render(self, run: Run, frame: Frame) -> Flow:
        for statement in self.statements:
            flow = statement.render(run, frame)
            if flow is not Flow.ON:
                return flow
        return Flow.ON


@dataclass(frozen=True, slots=True)
class If:
    """One block or the other; ``with`` moves the dot to the value besides."""

    pipeline: Pipeline
    then: Block
    otherwise: Block
    moves_dot: bool

    def render(self, run: Run, frame: Frame) -> Flow:
        run.step(frame, self.pipeline.at)
        value = self.pipeline.evaluate(run, frame)
        if is_true(value):
            return self.then.render(run, frame.at(value) if self.moves_dot else frame)
        return self.otherwise.render(run, frame)


@dataclass(frozen=True, slots=True)
class Range:
    """A block for every element of a list, a mapping or a count."""

    pipeline: Pipeline
    key_slot: int | None
    value_slot: int | None
    body: Block
    otherwise: Block

    def render(self, run: Run, frame: Frame) -> Flow:
        value = self.pipeline.evaluate(run, frame)
        pairs = _pairs(value)
        if pairs is None:
            message = f"range can't iterate over {type_name(value)}"
            raise frame.source.fault(self.pipeline.at, message)
        empty = True
        for key, element in pairs:
            empty = False
            run.step(frame, self.pipeline.at)
            if self._render_one(run, frame, key, element) is Flow.BREAK:
                break
        return self.otherwise.render(run, frame) if empty else Flow.ON

    def _render_one(self, run: Run, frame: Frame, key: Any, element: Any) -> Flow:
        if self.key_slot is not None:
            frame.slots[self.key_slot] = key
        if self.value_slot is not None:
            frame.slots[self.value_slot] = element
        return self.body.render(run, frame.at(element))


def _pairs(value: Any) -> Iterator[tuple[Any, Any]] | None:
    if value is None:
        return iter(())
    mapping = as_mapping(value)
    if mapping is not None:
        return iter([(key, mapping[key]) for key in _in_order(mapping)])
    if is_sequence(value):
        return iter(enumerate(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return ((each, each) for each in range(value))
    return None


def _in_order(mapping: Mapping[Any, Any]) -> Sequence[Any]:
    return sorted(mapping, key=lambda key: (type_name(key), key))


@dataclass(frozen=True, slots=True)
class Leave:
    """``break`` or ``continue``."""

    flow: Flow

    def render(self, run: Run, frame: Frame) -> Flow:  # noqa: ARG002  # it only says how to go on
        return self.flow


@dataclass(frozen=True, slots=True)
class Include:
    """``template`` and ``block``: another template in this place."""

    at: int
    name: str
    pipeline: Pipeline | None

    def render(self, run: Run, frame: Frame) -> Flow:
        run.step(frame, self.at)
        dot = self.pipeline.evaluate(run, frame) if self.pipeline else None
        run.enter(frame, self.at, self.name, dot)
        return Flow.ON


@dataclass(frozen=True, slots=True)
class Body:
    """One template: what a text says outside of its definitions, or one definition."""

    source: Source
    block: Block
    slot_count: int
    given: tuple[str, ...] = field(default=())
    """Variables that whoever renders sets; they follow ``$``."""

    def render(self, run: Run, dot: Any, given: Mapping[str, Any] | None = None) -> None:
        """Write the whole template."""
        slots: list[Any] = [None] * self.slot_count
        slots[0] = dot
        for slot, name in enumerate(self.given, 1):
            slots[slot] = (given or {}).get(name)
        self.block.render(run, Frame(self.source, dot, slots))

    @property
    def constant(self) -> str | None:
        """What the template writes in any case, where that is known."""
        statements = self.block.statements
        if all(isinstance(each, Text) for each in statements):
            return "".join(each.text for each in statements if isinstance(each, Text))
        return None
