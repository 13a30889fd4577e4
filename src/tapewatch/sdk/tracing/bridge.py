"""
Our operations as OpenTelemetry's spans.

Only a program that uses OpenTelemetry loads it; here it is imported when the bridge is used.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from tapewatch.model.spans import TraceContext
from tapewatch.sdk.tracing.context import Trace

_SCOPE: Final = "tapewatch"


def tracer_of(tracer: Any) -> Any:
    """The tracer given, or the global provider's."""
    if tracer is not None:
        return tracer
    from importlib import import_module

    return import_module("opentelemetry.trace").get_tracer(_SCOPE)


class BridgedSpan:
    """One span of OpenTelemetry's, current for the length of our block."""

    __slots__ = ("_manager", "context")

    def __init__(
        self, tracer: Any, name: str, attributes: Mapping[str, object], parent: Trace | None
    ) -> None:
        told = {key: value for key, value in attributes.items() if _plain(value)}
        self._manager = tracer.start_as_current_span(
            name, context=_context(parent), attributes=told
        )
        ids = self._manager.__enter__().get_span_context()
        self.context = TraceContext(
            ids.trace_id.to_bytes(16, "big"),
            ids.span_id.to_bytes(8, "big"),
            bool(ids.trace_flags & 1),
        )

    def end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the span, with the error that ended the block."""
        self._manager.__exit__(kind, error, trace)


def _context(parent: Trace | None) -> Any:
    """OpenTelemetry's context: its own where it has a span, else the trace that was accepted."""
    from importlib import import_module

    otel: Any = import_module("opentelemetry.trace")
    if parent is None or otel.get_current_span().get_span_context().is_valid:
        return None
    remote = otel.SpanContext(
        trace_id=int.from_bytes(parent.context.trace_id, "big"),
        span_id=int.from_bytes(parent.context.span_id, "big"),
        is_remote=True,
        trace_flags=otel.TraceFlags(int(parent.context.sampled)),
        trace_state=otel.TraceState.from_header([parent.state] if parent.state else []),
    )
    return otel.set_span_in_context(otel.NonRecordingSpan(remote))


def _plain(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))
