"""
What alerting refuses.

* TapewatchError
  - AlertingError
    - BadAlerts: some alerts of a batch cannot be taken; the others were
    - BadSilence: a silence that cannot be made
    - BadMatchers: a text that is no list of matchers
    - BadInterval: a time interval that cannot be read
    - BadCalendar: an iCalendar file that cannot be read
    - BadCover: somebody cannot stand in like this
    - NotAllowed: the configuration does not let this person do it
    - NotKnown: a silence, an alert or a receiver that is asked for is not there
    - BookUnusable: what must survive cannot be written at the moment
    - BookForeign: the book's file was made by somebody else, or by a newer version
"""

from collections.abc import Sequence

from tapewatch.model.errors import TapewatchError


class AlertingError(TapewatchError):
    """Alerting refuses something."""


class BadAlerts(AlertingError):
    """Some alerts of a batch cannot be taken; the others were."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "; ".join(self.faults)


class BadSilence(AlertingError):
    """A silence that cannot be made."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class BadMatchers(AlertingError):
    """A text that is no list of matchers."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"bad matcher format: {self.text}: {self.reason}"


class BadInterval(AlertingError):
    """A part of a time interval that cannot be read."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text!r} {self.reason}"


class BadCalendar(AlertingError):
    """An iCalendar file that cannot be read."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class BadCover(AlertingError):
    """Somebody cannot stand in like this."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class NotAllowed(AlertingError):
    """The configuration does not let somebody do what they wish."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class NotKnown(AlertingError):
    """Something that is asked for by its name is not there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name

    def __str__(self) -> str:
        return f"{self.kind} {self.name} not found"


class BookUnusable(AlertingError):
    """What must survive cannot be written at the moment."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the alerting book cannot be written: {self.reason}"


class BookForeign(AlertingError):
    """The book's file has a layout that this version does not know."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(found, known)
        self.found = found
        self.known = known

    def __str__(self) -> str:
        return (
            f"the alerting book has layout {self.found}, this version knows {self.known}: "
            "run the version that wrote it, or move the file away"
        )
