"""
What can go wrong when instruments are declared and when the region is made.

* TapewatchError
  - SdkError
    - BadDeclaration: a name, a label, a unit or a cut that an instrument cannot have
    - DeclarationConflict: two declarations of one name that contradict each other
    - DuplicateTimeseries: two collectors of one registry that give the same name
    - BadLabels: labels given to ``bind`` that the instrument does not have, or lacks
    - MissingExtra: a hook whose third party is not installed
    - RegionUnusable: the region's file cannot be made
    - RegionUnreadable: the bytes read are no region, or one of another version

All of them belong to the start of a process. Nothing raises in the trading path.
What is wrong with a declaration is a ``ValueError`` too: code that was written for
prometheus_client catches that.
"""

from collections.abc import Sequence
from pathlib import Path

from tapewatch.model.errors import TapewatchError


class SdkError(TapewatchError):
    """Something about instruments or their region cannot be."""


class BadDeclaration(SdkError, ValueError):
    """An instrument that cannot be declared so."""

    def __init__(self, instrument: str, what: str, remedy: str) -> None:
        super().__init__(instrument, what, remedy)
        self.instrument = instrument
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.instrument!r} {self.what}: {self.remedy}"


class DeclarationConflict(SdkError, ValueError):
    """One name, declared twice with different meanings."""

    def __init__(self, instrument: str, field: str, first: object, second: object) -> None:
        super().__init__(instrument, field, first, second)
        self.instrument = instrument
        self.field = field
        self.first = first
        self.second = second

    def __str__(self) -> str:
        return (
            f"{self.instrument!r} was declared with {self.field} {self.first!r} and now with "
            f"{self.second!r}: declare it once and import it, or give one of the two another name"
        )


class DuplicateTimeseries(SdkError, ValueError):
    """A collector gives names that another one of its registry gives already."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names)
        self.names = tuple(names)

    def __str__(self) -> str:
        return (
            f"{', '.join(self.names)} is in this registry already: declare it once and import "
            "it, or unregister the first"
        )


class MissingExtra(SdkError, ImportError):
    """A hook was used whose third party is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(module, extra)
        self.module = module
        self.extra = extra

    def __str__(self) -> str:
        return f"this hook needs {self.module}: pip install 'tapewatch[{self.extra}]'"


class BadLabels(SdkError, ValueError):
    """Labels that do not fit the instrument they were given to."""

    def __init__(self, instrument: str, given: Sequence[str], wanted: Sequence[str]) -> None:
        super().__init__(instrument, given, wanted)
        self.instrument = instrument
        self.given = tuple(given)
        self.wanted = tuple(wanted)

    def __str__(self) -> str:
        given = ", ".join(self.given) or "none"
        wanted = ", ".join(self.wanted) or "none"
        return f"{self.instrument!r} was bound with the labels {given}; its labels are {wanted}"


class RegionUnusable(SdkError):
    """The file that the numbers would go to cannot be made."""

    def __init__(self, place: Path, reason: str, remedy: str) -> None:
        super().__init__(place, reason, remedy)
        self.place = place
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"no region can be made in {self.place} ({self.reason}): {self.remedy}"


class RegionUnreadable(SdkError):
    """What was read is not a region that this version knows."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place} cannot be read as a region: {self.reason}"
