"""
The format of an event, and the line that it and its arguments make.

A format is one text in the region's directory: ``WARN feed: {venue} {symbol} is silent``, the
level, the target up to the colon, and the template. Formatting happens outside of the process that
pushed the event, and cannot fail: an argument that is missing or does not fit is shown as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tapewatch.sdk.redaction import Redactor

_ABSENT: Final = "?"
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


@dataclass(frozen=True, slots=True)
class EventFormat:
    """What a format says; ``names`` are those of its arguments, in order."""

    level: str
    target: str
    template: str

    @classmethod
    def parse(cls, text: str) -> "EventFormat":
        """Read the text of a format; one that is not ours is a template with level INFO."""
        head, separator, template = text.partition(": ")
        level, _, target = head.partition(" ")
        if not separator or not level.isupper() or not level.isalpha():
            return cls("INFO", "", text)
        return cls(level, target, template)

    def __str__(self) -> str:
        return f"{self.level} {self.target}: {self.template}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the template, each once, as they come."""
        return tuple(dict.fromkeys(name for _, name, _ in self._parts() if name))

    def message(self, arguments: Sequence[object]) -> str:
        """Fill the template."""
        values = self.fields(arguments)
        words = []
        for literal, name, form in self._parts():
            words.append(literal)
            if name:
                words.append(_shown(values.get(name, _ABSENT), form))
        return "".join(words)

    def fields(self, arguments: Sequence[object]) -> dict[str, object]:
        """Name the arguments; what the template has no name for is ``argument_5``."""
        names = self.names
        extra = (f"argument_{number}" for number in range(len(names) + 1, len(arguments) + 1))
        return dict(zip((*names, *extra), arguments, strict=False))

    def line(
        self, arguments: Sequence[object], timestamp_ns: int, redactor: "Redactor | None"
    ) -> str:
        """Write the event as a line of the log, in the form that log handlers have."""
        fields: Mapping[str, object] = self.fields(arguments)
        if redactor:
            # What its name gives away must not come back by the template.
            fields = redactor.fields(fields)
            arguments = tuple(fields.values())
        told = {"message": self.message(arguments), **fields}
        return _encode(
            {
                "timestamp": timestamp(timestamp_ns),
                "level": self.level,
                "target": self.target,
                "fields": redactor.fields(told) if redactor else told,
            }
        )

    def _parts(self) -> list[tuple[str, str, str]]:
        try:
            parsed = list(Formatter().parse(self.template))
        except ValueError:
            return [(self.template, "", "")]
        return [(literal, name or "", form or "") for literal, name, form, _ in parsed]


def timestamp(timestamp_ns: int) -> str:
    """Write a time as lines have it: UTC, with microseconds."""
    seconds, rest_ns = divmod(timestamp_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest_ns // 1000:06d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    # Lines come many to the second, and writing a date is the dearest part of one.
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _shown(value: object, form: str) -> str:
    try:
        return format(value, form)
    except (TypeError, ValueError):
        return str(value)
