"""Spans: one timed step of a trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from tapewatch.model.errors import BadText

Scalar: TypeAlias = str | bool | int | float | bytes
AttributeValue: TypeAlias = "Scalar | Sequence[AttributeValue] | Mapping[str, AttributeValue]"
Attributes: TypeAlias = Mapping[str, AttributeValue]


class SpanKind(IntEnum):
    """OpenTelemetry's span kinds."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class SpanStatus(IntEnum):
    """OpenTelemetry's status codes."""

    UNSET = 0
    OK = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened inside a span."""

    timestamp_ns: int
    name: str
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A pointer from a span to one in another trace."""

    trace_id: bytes
    span_id: bytes
    trace_state: str = ""
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One step, from its start to its end, with the step that caused it."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    name: str
    start_ns: int
    end_ns: int
    kind: SpanKind = SpanKind.UNSPECIFIED
    status: SpanStatus = SpanStatus.UNSET
    status_message: str = ""
    trace_state: str = ""
    scope: str = ""
    resource: Attributes = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()

    @property
    def duration_ns(self) -> int:
        """How long the step took; a clock that stepped back counts as no time at all."""
        return max(self.end_ns - self.start_ns, 0)


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The W3C ``traceparent`` of a request: which trace it belongs to, and who sent it."""

    trace_id: bytes
    span_id: bytes
    sampled: bool = True

    @classmethod
    def parse(cls, header: str) -> "TraceContext":
        """Read a ``traceparent`` header of any version that begins like version 00."""
        parts = header.strip().split("-")
        remedy = "write version-traceid-spanid-flags, as in 00-<32 hex>-<16 hex>-01"
        sizes = [len(part) for part in parts[:4]]
        if sizes != [2, 32, 16, 2] or parts[0] == "ff" or header != header.lower():
            raise BadText("traceparent", header, remedy)
        if parts[0] == "00" and len(parts) != 4:
            raise BadText("traceparent", header, remedy)
        try:
            trace_id, span_id = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
            flags = int(parts[3], 16)
        except ValueError:
            raise BadText("traceparent", header, remedy) from None
        if not any(trace_id) or not any(span_id):
            raise BadText("traceparent", header, "the ids must not be all zero")
        return cls(trace_id, span_id, bool(flags & 1))

    def __str__(self) -> str:
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-{int(self.sampled):02x}"
