"""
Blocks and functions that are timed, counted while they run, or counted when they fail.

Each is a context manager and a decorator. A coroutine function is taken for its whole run, not
for the making of its coroutine.
"""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Protocol, Self

from tapewatch.sdk.region.cells import clock_ns

_NS: Final = 1e-9

ErrorTypes = type[BaseException] | tuple[type[BaseException], ...]


class Incremented(Protocol):
    """What can be counted up."""

    def inc(self, amount: float = 1) -> None:
        """Add ``amount``."""


class Tracked(Incremented, Protocol):
    """What can be counted up and down."""

    def dec(self, amount: float = 1) -> None:
        """Take ``amount`` away."""


class Block:
    """What is entered and left around a block, or around every call of a function."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def anew(self) -> "Block":
        """One for another call; what keeps nothing of its block serves for all of them."""
        return self

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function or a coroutine function."""
        from inspect import iscoroutinefunction

        if not iscoroutinefunction(function):

            @functools.wraps(function)
            def wrapper(*arguments: Any, **named: Any) -> Any:
                with self.anew():
                    return function(*arguments, **named)

            return wrapper

        @functools.wraps(function)
        async def wrapper_later(*arguments: Any, **named: Any) -> Any:
            with self.anew():
                return await function(*arguments, **named)

        return wrapper_later


class ExceptionCounter(Block):
    """Counts the errors of these types that leave the block."""

    def __init__(self, counter: Incremented, exception: ErrorTypes) -> None:
        self._counter = counter
        self._exception = exception

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, self._exception):
            self._counter.inc()


class InprogressTracker(Block):
    """Counts the blocks that are being run."""

    def __init__(self, gauge: Tracked) -> None:
        self._gauge = gauge

    def __enter__(self) -> Self:
        self._gauge.inc()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gauge.dec()


class Timer(Block):
    """Tells a metric how long the block took, in seconds; ``method`` is ``observe`` or ``set``."""

    def __init__(self, metric: Any, method: str) -> None:
        self._metric = metric
        self._method = method
        self._start_ns = 0
        self.duration = 0.0

    def anew(self) -> "Timer":
        """A timer for one more call, so that calls may run at the same time."""
        return Timer(self._metric, self._method)

    def labels(self, *values: object, **named: object) -> None:
        """Choose the series inside of the block, where its labels are known only then."""
        self._metric = self._metric.labels(*values, **named)

    def __enter__(self) -> Self:
        self._start_ns = clock_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.duration = (clock_ns() - self._start_ns) * _NS
        getattr(self._metric, self._method)(self.duration)
