"""Records: one log line with its stream and its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from tapewatch.model.labels import Labels


class Severity(IntEnum):
    """OpenTelemetry's severity numbers, each the first of its range of four."""

    UNSET = 0
    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARN = 13
    ERROR = 17
    FATAL = 21

    @classmethod
    def from_number(cls, number: int) -> "Severity":
        """Return the named severity whose range holds ``number``."""
        return max((level for level in cls if level <= number), default=cls.UNSET)

    @classmethod
    def from_text(cls, text: str) -> "Severity":
        """Read the words that loggers use; an unknown word is UNSET."""
        return _WORDS.get(text.strip().lower(), cls.UNSET)


_WORDS = {
    "trace": Severity.TRACE,
    "debug": Severity.DEBUG,
    "info": Severity.INFO,
    "information": Severity.INFO,
    "notice": Severity.INFO,
    "warn": Severity.WARN,
    "warning": Severity.WARN,
    "err": Severity.ERROR,
    "error": Severity.ERROR,
    "critical": Severity.FATAL,
    "crit": Severity.FATAL,
    "alert": Severity.FATAL,
    "emerg": Severity.FATAL,
    "emergency": Severity.FATAL,
    "fatal": Severity.FATAL,
    "panic": Severity.FATAL,
}


@dataclass(frozen=True, slots=True)
class Record:
    """
    One line of a stream.

    ``stream`` is the small set of labels that the line is filed under; ``fields`` holds what is
    known of the line beside its text and is not indexed.
    """

    timestamp_ns: int
    line: str
    stream: Labels
    fields: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.UNSET
    trace_id: str = ""
    span_id: str = ""
