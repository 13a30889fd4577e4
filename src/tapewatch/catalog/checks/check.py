"""
A check, what it looks at, and what it finds.

A check is a function from a ``Review`` to ``Hit``s: which thing, which of its settings, and the
sentence that says what is wrong and what would be right. Places and exceptions (``accept``) are
added by ``run.py``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tapewatch.catalog.checks.review import Review


@dataclass(frozen=True, slots=True)
class Hit:
    """One mistake, by the name of the thing that has it."""

    section: str
    name: str
    setting: tuple[str | int, ...]
    message: str
    line: int = 0
    """The line, where it is not that of a setting (in a runbook)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look for."""

    code: str
    title: str
    """What is wrong, as ``threshold-above-buckets``."""
    why: str
    bad: str | Mapping[str, str]
    """An example that has it: sections of one file, or several files by their path."""
    good: str | Mapping[str, str]
    find: Callable[[Review], Iterator[Hit]]
    plain: bool = True
    """Whether it says something of plain rule files too, which declare no platform."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake at its place."""

    file: str
    line: int
    code: str
    title: str
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        told = f"{self.path}: {self.message}" if self.path else self.message
        return f"{place}: {told} [{self.code} {self.title}]"
