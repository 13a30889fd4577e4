"""
The spans that lie in a region's ring, made whole again outside of the process.

A span's format is ``SPAN`` and its name; its arguments are the two halves of its trace id, its own
id, its parent's, how long it took, its attributes as one text, and the error that ended it. The
event's time is the span's end.
"""

from collections.abc import Sequence
from typing import Final

from tapewatch.model.spans import Span, SpanKind, SpanStatus

_PREFIX: Final = "SPAN "
_IDS: Final = 5


def span_format(name: str) -> str:
    """The format of the spans of that name."""
    return f"{_PREFIX}{name}"


def span_of(format_text: str, arguments: Sequence[object], end_ns: int) -> Span | None:
    """Make the span that an event holds; None where the event is none."""
    numbers = [each for each in arguments[:_IDS] if isinstance(each, int)]
    if not format_text.startswith(_PREFIX) or len(numbers) < _IDS:
        return None
    upper, lower, span_id, parent_id, took_ns = numbers
    attributes, error = (*arguments[_IDS:], None, None)[:2]
    return Span(
        trace_id=_bytes(upper) + _bytes(lower),
        span_id=_bytes(span_id),
        parent_span_id=_bytes(parent_id) if parent_id else b"",
        name=format_text.removeprefix(_PREFIX),
        start_ns=end_ns - took_ns,
        end_ns=end_ns,
        kind=SpanKind.INTERNAL,
        status=SpanStatus.ERROR if error else SpanStatus.UNSET,
        status_message=str(error or ""),
        attributes=_attributes(attributes),
    )


def _attributes(text: object) -> dict[str, str]:
    if not isinstance(text, str):
        return {}
    pairs = [pair.partition("=") for pair in text.split(" ")]
    return {name: value for name, separator, value in pairs if separator}


def _bytes(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)
