"""
What can go wrong in the inbox.

* TapewatchError
  - InboxError
    - InboxPortTaken: somebody else listens where the inbox wants to
    - InboxUnreachable: no inbox answers where one was asked
    - Unreadable: a message that its service could not read at all
"""

from tapewatch.model.errors import TapewatchError


class InboxError(TapewatchError):
    """Something about the inbox cannot be."""


class InboxPortTaken(InboxError):
    """Somebody else listens where the inbox wants to."""

    def __init__(self, port: int, why: str) -> None:
        super().__init__(port, why)
        self.port = port
        self.why = why

    def __str__(self) -> str:
        return (
            f"the inbox cannot listen on 127.0.0.1:{self.port} ({self.why.lower()}): "
            "stop what listens there, or name another port with --port"
        )


class InboxUnreachable(InboxError):
    """No inbox answers where one was asked."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(address, why)
        self.address = address
        self.why = why

    def __str__(self) -> str:
        return f"no inbox answers at {self.address} ({self.why}): start one with `tapewatch inbox`"


class Unreadable(InboxError):
    """A message that its service could not read at all."""

    def __init__(self, service: str, why: str) -> None:
        super().__init__(service, why)
        self.service = service
        self.why = why

    def __str__(self) -> str:
        return f"{self.service} would refuse it: {self.why}"
