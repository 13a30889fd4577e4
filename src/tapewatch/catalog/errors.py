"""
What can be wrong with a catalog.

* TapewatchError
  - CatalogError
    - CatalogRefused: a folder cannot be used; every fault that was found is listed
    - UnknownPack: there is no pack of that name
    - CannotCreate: a new pack cannot be written
"""

from collections.abc import Iterable, Sequence

from tapewatch.document.errors import Fault
from tapewatch.document.reading import suggestion
from tapewatch.model.errors import TapewatchError


class CatalogError(TapewatchError):
    """A catalog is not usable."""


class CatalogRefused(CatalogError):
    """A folder does not hold a good catalog; the faults are sorted by file and line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = sorted(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class UnknownPack(CatalogError):
    """No pack has the name that was asked for."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, tuple(known))
        self.name = name
        self.known = tuple(known)

    def __str__(self) -> str:
        known = suggestion(self.name, self.known) or f"; known are {', '.join(self.known)}"
        return f"there is no pack {self.name!r}{known}"


class CannotCreate(CatalogError):
    """A new pack cannot be written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
