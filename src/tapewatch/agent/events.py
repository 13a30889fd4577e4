"""
Lines of what processes push into their event rings: events and log lines, and the spans of orders.

A ring is read only when something was claimed in it since. Where a process was left off is
remembered by the process and not by its file's name, so that an agent that starts again goes on
there and tells nothing twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from tapewatch.agent.process import READABLE_FAULTS, Process
from tapewatch.model.spans import Span
from tapewatch.sdk.events.formats import EventFormat, timestamp
from tapewatch.sdk.redaction import Redactor
from tapewatch.sdk.region.reader import Head
from tapewatch.sdk.region.ring import Event, read_events
from tapewatch.sdk.tracing.recorded import span_of

REMEMBERED_MAX: Final = 10_000
_UNKNOWN: Final = "{argument_1}"


class Lines(NamedTuple):
    """What was found: lines of the log, and lines of spans."""

    events: list[str]
    spans: list[str]


@dataclass(slots=True)
class Positions:
    """Up to where each process was read, by its pid, start and boot."""

    path: Path | None = None
    told: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Positions":
        """Read what an earlier agent has left; what cannot be read is begun anew."""
        try:
            told = orjson.loads(path.read_bytes())
            return cls(path, {str(key): int(position) for key, position in told.items()})
        except (OSError, ValueError, AttributeError):
            return cls(path)

    def save(self) -> None:
        """Write the positions whole or not at all."""
        if self.path is None:
            return
        while len(self.told) > REMEMBERED_MAX:
            del self.told[next(iter(self.told))]
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.write_bytes(orjson.dumps(self.told))
        fresh.replace(self.path)


class EventReader:
    """Reads the rings of processes from where each was left off."""

    def __init__(
        self, positions: Positions | None = None, redactor: Redactor | None = None
    ) -> None:
        self.positions = positions or Positions()
        self.lines = 0
        self._redactor = redactor

    def read(self, process: Process) -> Lines:
        """Make lines of what a process has pushed since the last time."""
        head, reader = process.head, process.reader
        if head is None or reader is None:
            return Lines([], [])
        key = _key(head)
        begin = self.positions.told.get(key, 0)
        if process.readings and process.ring_next == begin:
            return Lines([], [])
        try:
            claimed, ring = reader.ring()
            formats = reader.snapshot().directory.formats
            found = read_events(claimed, ring, begin if begin <= claimed else 0)
        except READABLE_FAULTS as fault:
            process.fault = str(fault)
            return Lines([], [])
        self.positions.told[key] = found.next_position
        process.missed_slots += found.missed_slots
        return self._lines(process, head, found.events, formats)

    def _lines(
        self, process: Process, head: Head, events: Sequence[Event], formats: Mapping[int, str]
    ) -> Lines:
        lines = Lines([], [])
        tail = f",{_json(process.identity)[1:]}"
        for event in events:
            text = formats.get(event.format, _UNKNOWN)
            time_ns = head.realtime_ns(event.monotonic_ns)
            span = span_of(text, event.arguments, time_ns)
            if span is not None:
                lines.spans.append(span_line(span, process.identity, self._redactor))
            else:
                line = _format(text).line(event.arguments, time_ns, self._redactor)
                lines.events.append(f"{line[:-1]}{tail}")
        self.lines += len(events)
        return lines


def span_line(span: Span, identity: Mapping[str, str], redactor: Redactor | None) -> str:
    """Write a span as one line, with ids as traces have them and its duration in microseconds."""
    attributes = dict(span.attributes)
    told: dict[str, object] = {
        "timestamp": timestamp(span.start_ns),
        "name": span.name,
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_span_id": span.parent_span_id.hex(),
        "duration_us": span.duration_ns / 1000,
        "status": span.status.name.lower(),
        "error": span.status_message,
        "attributes": redactor.fields(attributes) if redactor else attributes,
        **identity,
    }
    return _json({name: value for name, value in told.items() if value not in ("", {})})


def _key(head: Head) -> str:
    identity = head.identity
    return f"{identity.pid}-{identity.start_ticks}-{identity.boot_id.hex()}-{head.created_ns}"


@lru_cache(maxsize=4096)
def _format(text: str) -> EventFormat:
    return EventFormat.parse(text)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
