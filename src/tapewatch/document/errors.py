"""
What can be wrong with a declared document.

* TapewatchError
  - DocumentError: one or more faults, each with its place
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tapewatch.model.errors import TapewatchError


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong, where it is, and what would be right."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class DocumentError(TapewatchError):
    """A document cannot be used; every fault that was found is listed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = sorted(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)
