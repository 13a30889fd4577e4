"""
What can go wrong when a question is asked.

* TapewatchError
  - ClientError
    - ServerUnreachable: nobody answers at the address
    - ServerRefused: the server answers that it will not, or cannot
    - AnswerUnreadable: what answers does not speak Prometheus' API
    - BadQuestion: the parts of a question do not fit together
    - LibraryMissing: an optional library is not installed

What an engine in this process refuses is told in its own words (``QueryError``).
"""

from tapewatch.model.errors import TapewatchError


class ClientError(TapewatchError):
    """A question could not be asked, or its answer not be read."""


class ServerUnreachable(ClientError):
    """Nobody answers at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"no server answers at {self.url} ({self.reason}): start one with `tapewatch up`, "
            "name another with --url, or read a data directory at rest with --data"
        )


class ServerRefused(ClientError):
    """The server says no; ``kind`` and ``message`` are its own words."""

    def __init__(self, url: str, status: int, kind: str, message: str) -> None:
        super().__init__(url, status, kind, message)
        self.url = url
        self.status = status
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.url} answers {self.status} ({self.kind}): {self.message}"


class AnswerUnreadable(ClientError):
    """What answers does not speak Prometheus' API."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.url} does not answer as Prometheus' API does: {self.reason}"


class BadQuestion(ClientError):
    """The parts of a question do not fit together; the message says what would."""


class LibraryMissing(ClientError):
    """An optional library is not installed."""

    def __init__(self, library: str) -> None:
        super().__init__(library)
        self.library = library

    def __str__(self) -> str:
        return f"{self.library} is not installed here: pip install {self.library}"
