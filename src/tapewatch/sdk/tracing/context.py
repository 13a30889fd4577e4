"""
The trace at hand, and its form in headers.

``traceparent`` and ``tracestate`` are read and written as W3C Trace Context says. A header that
cannot be read begins no trace and raises nothing: the caller's trace is lost, its request is not.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tapewatch.model.errors import BadText
from tapewatch.model.spans import TraceContext

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"

_MEMBERS_MAX: Final = 32
_STATE_MAX: Final = 512
_LONG_MEMBER: Final = 128


@dataclass(frozen=True, slots=True)
class Trace:
    """Which trace the code at hand belongs to, and the step of it that is going on."""

    context: TraceContext
    state: str = ""
    name: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)


_current: ContextVar[Trace | None] = ContextVar("tapewatch_trace", default=None)
_random: Final = Random()  # noqa: S311 # Ids have to differ, not to be secret.


def current() -> Trace | None:
    """The trace at hand, None outside of any."""
    return _current.get()


def enter(trace: Trace) -> Token[Trace | None]:
    """Make ``trace`` the one at hand until ``leave``."""
    return _current.set(trace)


def leave(token: Token[Trace | None]) -> None:
    """Go back to the trace before; one that was left in another task's context is let go."""
    try:
        _current.reset(token)
    except ValueError:
        _current.set(None)


def accept(headers: Mapping[str, str]) -> Trace | None:
    """Read the trace that a request belongs to from its headers, None where there is none."""
    parent = state = ""
    for name, value in headers.items():
        lowered = name.lower()
        if lowered == TRACEPARENT:
            parent = value
        elif lowered == TRACESTATE:
            state = f"{state},{value}" if state else value
    if not parent:
        return None
    try:
        return Trace(TraceContext.parse(parent), _state(state))
    except BadText:
        return None


@contextmanager
def accepted(headers: Mapping[str, str]) -> Iterator[Trace | None]:
    """Work within the trace that a request belongs to."""
    trace = accept(headers)
    if trace is None:
        yield None
        return
    token = enter(trace)
    try:
        yield trace
    finally:
        leave(token)


def inject(headers: MutableMapping[str, str]) -> None:
    """Write the trace at hand into the headers of a request; outside of a trace, nothing."""
    trace = _current.get()
    if trace is None:
        return
    headers[TRACEPARENT] = str(trace.context)
    if trace.state:
        headers[TRACESTATE] = trace.state


def child_of(parent: Trace | None) -> TraceContext:
    """Draw the ids of a new step; without a parent it begins a trace."""
    span_id = (_random.getrandbits(64) or 1).to_bytes(8, "big")
    if parent is None:
        return TraceContext((_random.getrandbits(128) or 1).to_bytes(16, "big"), span_id)
    return TraceContext(parent.context.trace_id, span_id, parent.context.sampled)


def _state(text: str) -> str:
    """Keep what may be passed on: at most 32 members in 512 characters, the first ones first."""
    members = [member.strip() for member in text.split(",")]
    members = [member for member in members if "=" in member and member.isascii()]
    kept = members if len(members) <= _MEMBERS_MAX else []
    if len(",".join(kept)) > _STATE_MAX:
        kept = [member for member in kept if len(member) <= _LONG_MEMBER]
    while len(",".join(kept)) > _STATE_MAX:
        kept.pop()
    return ",".join(kept)


def _draw_anew() -> None:
    # A forked child would draw the ids that its parent draws.
    _random.seed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_draw_anew)
