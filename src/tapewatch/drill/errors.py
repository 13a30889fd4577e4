"""
What can go wrong with a drill.

* TapewatchError
  - DrillError
    - NothingToDrill: neither a pack with a desk, nor an alert, nor a fault is called so
    - NotRedirected: a server whose messages would reach people
    - NotReachable: a part of the floor that does not answer
    - NoRecord: no drill has been kept where one was looked for
"""

from pathlib import Path

from tapewatch.model.errors import TapewatchError


class DrillError(TapewatchError):
    """A drill cannot be held."""


class NothingToDrill(DrillError):
    """Neither a pack with a desk, nor an alert, nor a fault is called so."""

    def __init__(self, name: str, like: str) -> None:
        super().__init__(name, like)
        self.name = name
        self.like = like

    def __str__(self) -> str:
        return f"no pack with a desk, no alert and no fault is called {self.name!r}{self.like}"


class NotRedirected(DrillError):
    """A server whose messages would reach people."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return (
            f"the server at {self.url} sends its messages to people: "
            "hold drills where `tapewatch up --floor` runs"
        )


class NotReachable(DrillError):
    """A part of the floor that does not answer."""

    def __init__(self, what: str, url: str, why: str) -> None:
        super().__init__(what, url, why)
        self.what = what
        self.url = url
        self.why = why

    def __str__(self) -> str:
        return f"{self.what} at {self.url} does not answer: {self.why}"


class NoRecord(DrillError):
    """No drill has been kept where one was looked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} holds no drill: hold one with `tapewatch drill run PACK`"
