"""
What watching refuses.

* TapewatchError
  - WatchError
    - TemplateFault: a template cannot be read, or cannot be rendered with what it was given
    - TemplateMisuse: a value cannot be used as a template asks (becomes a fault with its place)

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
