"""
Runs test scripts against an engine.

Scripts are in Prometheus' test language, so its own suite runs unchanged, and so do scripts that
users write for their rules. An instant query is asked more often than it stands there: pinned to
its time by ``@`` it must give the same answer at other times, and in the middle of a range.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from tapewatch.metrics.promql.classic import to_native
from tapewatch.metrics.promql.commands import (
    Clear,
    Command,
    EvalInstant,
    EvalRange,
    Load,
    Window,
    parse_script,
)
from tapewatch.metrics.promql.errors import QueryError, QuerySyntaxError
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.judge import (
    judge_annotations,
    judge_failure,
    judge_order,
    judge_result,
)
from tapewatch.metrics.promql.nodes import (
    Call,
    Expr,
    Subquery,
    VectorSelector,
    children,
    map_children,
)
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.metrics.promql.result import (
    MatrixResult,
    Result,
    ScalarResult,
    VectorResult,
    VectorSample,
)
from tapewatch.model.errors import TapewatchError
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import Labels

LoadedSample = tuple[Labels, int, float | Histogram, int | None]

# What these functions answer depends on when they are asked, even with everything pinned.
_TIMELY: Final = frozenset(
    (
        *("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month"),
        *("year", "predict_linear", "time", "timestamp", "end", "range", "start", "step"),
    )
)
_OF_QUERY: Final = re.compile(r"(start|end|range|step)\(\)")
_MINUTE_MS: Final = 60_000


class Engine(Protocol):
    """What a script runs against: a store that can be emptied, and queries on it."""

    def clear(self) -> None:
        """Empty the store."""

    def append(self, samples: Sequence[LoadedSample]) -> None:
        """Store labels, time, value and (where known) start time; sorted by time per series."""

    def instant(self, text: str, at_ms: int) -> Result:
        """Answer at one time, or raise a ``QueryError``."""

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> Result:
        """Answer for a range, or raise a ``QueryError``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A command whose outcome was not the expected one."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """How many evaluations held, and which did not."""

    passed: int
    failed: tuple[Failure, ...]


def run_script(text: str, engine: Engine, *, file: str = "script") -> Report:
    """Run every command, go on after failures, and report all of them."""
    commands = parse_script(text)
    engine.clear()
    passed, failed = 0, []
    for command in commands:
        complaint = run_command(command, engine)
        if complaint:
            failed.append(Failure(file, command.line, complaint))
        elif isinstance(command, EvalInstant | EvalRange):
            passed += 1
    return Report(passed, tuple(failed))


def run_command(command: Command, engine: Engine) -> str:
    """Run one command; what it gives is a complaint, empty where all is well."""
    match command:
        case Clear():
            engine.clear()
            return ""
        case Load():
            return _load(command, engine)
        case EvalRange():
            return _eval_range(command, engine)
        case EvalInstant():
            cases = [(command.query, command.at_ms), *_pinned_cases(command)]
            complaints = (_eval_instant(command, *one, engine) for one in cases)
            return next((complaint for complaint in complaints if complaint), "")


def _load(command: Load, engine: Engine) -> str:
    samples: list[LoadedSample] = [
        (series.labels, at, value, start)
        for series in command.series
        for at, value, start in series.values
    ]
    try:
        engine.append(samples)
        if command.with_native:
            engine.append(list(_native_twins(samples)))
    except TapewatchError as fault:
        return f"load: {fault}"
    return ""


def _native_twins(samples: Sequence[LoadedSample]) -> Iterator[LoadedSample]:
    classic = ((labels, at, value) for labels, at, value, _ in samples if isinstance(value, float))
    for labels, histograms in to_native(classic).items():
        for at, histogram in histograms:
            yield labels, at, histogram, None


def _eval_range(command: EvalRange, engine: Engine) -> str:
    try:
        result = engine.range(command.query, *command.window)
    except QueryError as fault:
        return judge_failure(command.expectation, str(fault))
    return _judge(command, result, command.window, command.query)


def _judge(
    command: EvalInstant | EvalRange, result: Result, window: Window | None, query: str
) -> str:
    expectation = command.expectation
    if expectation.failure is not None:
        return f"expected error evaluating {query} but got none"
    complaint = judge_annotations(expectation, result.annotations)
    complaint = complaint or judge_result(expectation, window, result)
    return f"{query}: {complaint}" if complaint else ""


def _eval_instant(command: EvalInstant, query: str, at_ms: int, engine: Engine) -> str:
    try:
        result = engine.instant(query, at_ms)
    except QueryError as fault:
        complaint = judge_failure(command.expectation, str(fault))
        return f"{query} at {at_ms} ms: {complaint}" if complaint else ""
    complaint = _judge(command, result, command.expectation.window, query)
    if complaint:
        return f"at {at_ms} ms: {complaint}"
    alone = command.expectation.window is not None or command.expectation.string is not None
    if alone or _OF_QUERY.search(query):
        return ""
    complaint = _eval_middle(command, query, at_ms, engine, result)
    return f"{query} in the middle of a range at {at_ms} ms: {complaint}" if complaint else ""


def _eval_middle(
    command: EvalInstant, query: str, at_ms: int, engine: Engine, instant: Result
) -> str:
    """Ask for the minute before and the minute after too; the middle must be the same."""
    try:
        result = engine.range(query, at_ms - _MINUTE_MS, at_ms + _MINUTE_MS, _MINUTE_MS)
    except QueryError as fault:
        return str(fault)
    # A range is sorted by labels, so it says nothing of another order.
    if command.expectation.ordered:
        return ""
    if not isinstance(result, MatrixResult):
        return f"expected a range vector, but got {type(result).__name__}"
    complaint = judge_order(result)
    middle = _at(result, at_ms)
    if isinstance(instant, ScalarResult) and middle.samples:
        value = middle.samples[0].value
        assert isinstance(value, float)
        return complaint or judge_result(command.expectation, None, ScalarResult(at_ms, value))
    return complaint or judge_result(command.expectation, None, middle)


def _at(matrix: MatrixResult, at_ms: int) -> VectorResult:
    samples = (
        VectorSample(series.labels, at, value)
        for series in matrix
        for at, value in series.points()
        if at == at_ms
    )
    return VectorResult(tuple(samples))


def _pinned_cases(command: EvalInstant) -> Iterator[tuple[str, int]]:
    """Yield the query with its time written into it, and other times at which to ask it."""
    try:
        tree = parse(command.query, EVERYTHING)
    except QuerySyntaxError:
        return
    if _asks_the_time(tree):
        return
    query, at_ms = print_query(pin(tree, command.at_ms)), command.at_ms
    times = (-10 * at_ms, 0, at_ms // 5, at_ms, 10 * at_ms) if at_ms else (-1000, 0, 1000)
    for time_ms in times:
        yield query, time_ms


def _asks_the_time(node: Expr) -> bool:
    if isinstance(node, Call) and node.function in _TIMELY:
        return True
    # A subquery gets a time of its own, and pins everything inside.
    if isinstance(node, Subquery):
        return False
    return any(_asks_the_time(child) for child in children(node))


def pin(node: Expr, at_ms: int) -> Expr:
    """Write ``@`` to every selector and every outermost subquery that has no time of its own."""
    if isinstance(node, VectorSelector | Subquery):
        # ``@ start()`` and ``@ end()`` are no times of their own: they move with the query.
        return node if type(node.at) is int else replace(node, at=at_ms)
    return map_children(node, lambda child: pin(child, at_ms))
