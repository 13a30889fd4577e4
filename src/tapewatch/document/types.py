"""
The kinds of scalar that declared documents use beside text, numbers and flags.

Each is an ``Annotated`` alias, so the type checker sees the plain type and the reader finds how to
read it, print it and describe it.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from tapewatch.model.durations import format_duration_ms, parse_duration_ms
from tapewatch.model.errors import BadText


@dataclass(frozen=True, slots=True)
class TextForm:
    """How one kind of value is written as text."""

    name: str
    parse: Callable[[str], Any]
    print: Callable[[Any], str]
    pattern: str | None = None
    examples: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Describe the text in JSON Schema."""
        described: dict[str, Any] = {"type": ["string", "integer"] if self.pattern else "string"}
        described["description"] = self.name
        if self.pattern:
            described["pattern"] = self.pattern
        if self.examples:
            described["examples"] = list(self.examples)
        return described


_SIZE = re.compile(r"([0-9]+)\s*([KMGTP]?i?B?)", re.IGNORECASE)
_SIZE_UNITS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}


def parse_size_bytes(text: str) -> int:
    """Read ``512MB`` or ``10GiB`` as bytes; both mean powers of 1024, as in Prometheus."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise BadText("size", text, "write a number and a unit, as in 512MB")
    amount, unit = match.groups()
    power = _SIZE_UNITS[unit.upper().rstrip("B").rstrip("I")]
    return int(amount) * int(1024**power)


def format_size_bytes(size_bytes: int) -> str:
    """Write bytes with the largest unit that leaves a whole number."""
    for unit in ("PB", "TB", "GB", "MB", "KB"):
        scale = 1024 ** _SIZE_UNITS[unit[0]]
        if size_bytes and size_bytes % scale == 0:
            return f"{size_bytes // scale}{unit}"
    return f"{size_bytes}B"


DURATION: Final = TextForm(
    "a duration such as 250ms, 15s or 1h30m",
    parse_duration_ms,
    format_duration_ms,
    pattern=r"^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$|^0$",
    examples=("250ms", "15s", "1h30m"),
)
SIZE: Final = TextForm(
    "a size such as 512MB or 10GB (powers of 1024)",
    parse_size_bytes,
    format_size_bytes,
    pattern=r"^[0-9]+\s*([KMGTPkmgtp]?[iI]?[bB]?)$",
    examples=("64MB", "10GB"),
)
PATH: Final = TextForm("a path", Path, str)

DurationMs = Annotated[int, DURATION]
SizeBytes = Annotated[int, SIZE]
FilePath = Annotated[Path, PATH]


class Secret:
    """A text that is never printed; it comes from a file or from the environment."""

    __slots__ = ("_origin", "_text")

    def __init__(self, text: str, origin: str = "set in the program") -> None:
        self._text = text
        self._origin = origin

    @classmethod
    def from_file(cls, path: Path) -> "Secret":
        """Read a secret from a file; one line end at its end does not count."""
        return cls(path.read_text(encoding="utf-8").removesuffix("\n"), f"file {path}")

    @classmethod
    def from_environment(cls, name: str) -> "Secret":
        """Read a secret from an environment variable."""
        return cls(os.environ[name], f"environment variable {name}")

    @property
    def origin(self) -> str:
        """Where the secret came from; this may be printed."""
        return self._origin

    def reveal(self) -> str:
        """Give the text itself, for the one place that needs it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return "<secret>"

    def __repr__(self) -> str:
        return f"<secret from {self._origin}>"
