"""Functions and coroutine functions whose every call is timed."""

import functools
from collections.abc import Callable
from typing import Any

from tapewatch.sdk.region.cells import HistogramHandle, clock_ns


def timed(handle: HistogramHandle, function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``function`` so that each call is observed, from its start to its end or failure."""
    # Loaded here: it is slow to load, and a process that decorates nothing does not need it.
    from inspect import iscoroutinefunction

    return (
        _timed_later(handle, function)
        if iscoroutinefunction(function)
        else _timed(handle, function)
    )


def _timed(handle: HistogramHandle, function: Callable[..., Any]) -> Callable[..., Any]:
    since = handle.since

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        start_ns = clock_ns()
        try:
            return function(*arguments, **named)
        finally:
            since(start_ns)

    return wrapper


def _timed_later(handle: HistogramHandle, function: Callable[..., Any]) -> Callable[..., Any]:
    since = handle.since

    @functools.wraps(function)
    async def wrapper(*arguments: Any, **named: Any) -> Any:
        start_ns = clock_ns()
        try:
            return await function(*arguments, **named)
        finally:
            since(start_ns)

    return wrapper
