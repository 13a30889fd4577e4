"""
Spans around the steps of an order.

An ``Operation`` is made once and entered often. Where the program uses OpenTelemetry its spans are
OpenTelemetry's; else a span is one event in the region's ring, from which ``recorded.py`` makes
the span outside of the process.
"""

from types import TracebackType
from typing import Any, Final, Self

from tapewatch.sdk.events import declare_text
from tapewatch.sdk.process import REGISTRY
from tapewatch.sdk.region.cells import HistogramHandle, clock_ns
from tapewatch.sdk.tracing.context import Trace, child_of, current, enter, leave
from tapewatch.sdk.tracing.recorded import span_format

_TOP: Final = 1 << 63
_WHOLE: Final = 1 << 64

_tracer: Any = None


def use_opentelemetry(tracer: Any = None) -> None:
    """
    Make every operation a span of OpenTelemetry's from now on.

    Without a tracer the global provider gives one, so call this after the provider is set; that
    needs ``opentelemetry-api``, which is not asked for by this package.
    """
    from tapewatch.sdk.tracing.bridge import tracer_of

    global _tracer  # noqa: PLW0603 # There is one way to trace in a process.
    _tracer = tracer_of(tracer)


def use_native() -> None:
    """Go back to spans in the ring."""
    global _tracer  # noqa: PLW0603 # As above.
    _tracer = None


class Operation:
    """
    One kind of step: ``submit = Operation("submit_order")``, then ``with submit(order_id="a1"):``.

    ``duration`` is a histogram that every span is counted in, with the trace as its exemplar.
    """

    def __init__(self, name: str, *, duration: HistogramHandle | None = None) -> None:
        self.name = name
        self.duration = duration
        self._format = declare_text(span_format(name))
        self._push = REGISTRY.ring.push

    def __call__(self, **attributes: object) -> "Step":
        """Begin a span when the block begins; attributes are short texts and numbers."""
        return Step(self, attributes)

    def record(self, trace: Trace, parent: Trace | None, took_ns: int, error: str | None) -> None:
        """Write a finished span into the ring."""
        context = trace.context
        self._push(
            self._format,
            _signed(context.trace_id[:8]),
            _signed(context.trace_id[8:]),
            _signed(context.span_id),
            0 if parent is None else _signed(parent.context.span_id),
            took_ns,
            _attributes(trace) or None,
            error,
        )


class Step:
    """One span, for one ``with`` block."""

    __slots__ = ("_attributes", "_began_ns", "_operation", "_other", "_parent", "_token", "trace")

    def __init__(self, operation: Operation, attributes: dict[str, object]) -> None:
        self._operation = operation
        self._attributes = attributes
        self._other: Any = None

    def __enter__(self) -> Self:
        self._parent = parent = current()
        name = self._operation.name
        if _tracer is not None:
            from tapewatch.sdk.tracing.bridge import BridgedSpan

            self._other = BridgedSpan(_tracer, name, self._attributes, parent)
            context = self._other.context
        else:
            context = child_of(parent)
        state = "" if parent is None else parent.state
        self.trace = Trace(context, state, name, self._attributes)
        self._token = enter(self.trace)
        self._began_ns = clock_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took_ns = clock_ns() - self._began_ns
        leave(self._token)
        operation, own = self._operation, self.trace
        if operation.duration is not None:
            exemplar = exemplar_of(own)
            operation.duration.observe(took_ns / operation.duration.unit_ns, exemplar)
        if self._other is not None:
            self._other.end(kind, error, trace)
        elif own.context.sampled:
            operation.record(own, self._parent, took_ns, kind.__name__ if kind else None)


def exemplar_of(trace: Trace | None) -> bytes | None:
    """The bytes that a histogram keeps of a trace; None for one that is not recorded."""
    if trace is None or not trace.context.sampled:
        return None
    return trace.context.trace_id + trace.context.span_id


def exemplar() -> bytes | None:
    """The trace at hand as a histogram's exemplar: ``took.observe(seconds, exemplar())``."""
    return exemplar_of(current())


def _attributes(trace: Trace) -> str:
    return " ".join(f"{name}={_plain(value)}" for name, value in trace.attributes.items())


def _plain(value: object) -> str:
    return str(value).replace(" ", "_")


def _signed(data: bytes) -> int:
    number = int.from_bytes(data, "big")
    return number - _WHOLE if number >= _TOP else number
