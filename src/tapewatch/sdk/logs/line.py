"""
One log line as JSON.

``timestamp`` (UTC, microseconds), ``level``, ``target`` (the logger) and ``fields`` with the
message; ``span`` where something is bound or traced, ``trace_id`` and ``span_id`` where a trace is
at hand.
"""

import json
from collections.abc import Mapping
from typing import Final

from tapewatch.sdk.events.formats import timestamp
from tapewatch.sdk.logs.context import fields_now
from tapewatch.sdk.redaction import Redactor
from tapewatch.sdk.tracing.context import current

LEVELS: Final = {"WARNING": "WARN", "CRITICAL": "FATAL", "NOTSET": "TRACE"}
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=str, check_circular=False
).encode


def render(
    redactor: Redactor | None,
    timestamp_ns: int,
    level: str,
    target: str,
    fields: Mapping[str, object],
) -> str:
    """Write one line; without a redactor nothing is hidden."""
    span = _span()
    told: dict[str, object] = {
        "timestamp": timestamp(timestamp_ns),
        "level": LEVELS.get(level, level),
        "target": target,
        "fields": redactor.fields(fields) if redactor else fields,
    }
    if span:
        told["span"] = redactor.fields(span) if redactor else span
    trace = current()
    if trace is not None:
        told["trace_id"] = trace.context.trace_id.hex()
        told["span_id"] = trace.context.span_id.hex()
    return _encode(told)


def _span() -> dict[str, object]:
    trace = current()
    if trace is None or not trace.name:
        return dict(fields_now())
    return {"name": trace.name, **trace.attributes, **fields_now()}
