"""
What watching refuses.

* TapewatchError
  - WatchError
    - TemplateFault: a template cannot be read, or cannot be rendered with what it was given
    - TemplateMisuse: a value cannot be used as a template asks (becomes a fault with its place)
    - DuplicateSeries: a rule makes two series, or two alerts, of one name
    - LimitExceeded: a rule makes more series or alerts than its group allows
    - UnknownCalendar: no calendar of that name is known

Rule files are documents: what is wrong with them is a ``DocumentError``.
"""

from tapewatch.model.errors import TapewatchError


class WatchError(TapewatchError):
    """Watching refuses something."""


class TemplateFault(WatchError):
    """A template cannot be read or rendered; lines and columns count from one."""

    def __init__(self, name: str, line: int, column: int, message: str) -> None:
        super().__init__(name, line, column, message)
        self.name = name
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return f"template: {self.name}:{self.line}:{self.column}: {self.message}"


class TemplateMisuse(WatchError):
    """A value cannot be used as a template asks; whoever runs the template adds the place."""


class DuplicateSeries(WatchError):
    """A rule makes two series, or two alerts, with the same labels; the words are Prometheus'."""

    def __init__(self, labels: str) -> None:
        super().__init__(labels)
        self.labels = labels

    def __str__(self) -> str:
        return f"vector contains metrics with the same labelset after applying {self.labels}"


class LimitExceeded(WatchError):
    """A rule makes more than its group allows; the words are Prometheus'."""

    def __init__(self, limit: int, count: int, things: str) -> None:
        super().__init__(limit, count, things)
        self.limit = limit
        self.count = count
        self.things = things

    def __str__(self) -> str:
        return f"exceeded limit of {self.limit} with {self.count} {self.things}"


class UnknownCalendar(WatchError):
    """No calendar of that name is known."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"{self.name!r} is no calendar; known are {', '.join(self.known)}"
