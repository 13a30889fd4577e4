"""
What can be wrong with a rendering.

- DeployError
    - UnknownTarget: there is no such engine to render for
    - BrokenDashboard: a generated dashboard would not show what it should
"""

from collections.abc import Iterable, Sequence

from tapewatch.document.reading import suggestion
from tapewatch.model.errors import TapewatchError


class DeployError(TapewatchError):
    """Base of what this part raises."""


class UnknownTarget(DeployError):
    """There is no such engine to render for."""

    def __init__(self, target: str, known: Iterable[str]) -> None:
        super().__init__(target)
        self.target = target
        self.known = tuple(known)

    def __str__(self) -> str:
        hint = suggestion(self.target, self.known)
        return f"nothing is rendered for {self.target!r}: choose {', '.join(self.known)}{hint}"


class BrokenDashboard(DeployError):
    """A generated dashboard would not show what it should."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(name, faults)
        self.name = name
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return f"dashboard {self.name}: " + "; ".join(self.faults)
