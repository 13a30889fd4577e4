"""
What keeps the server from doing what it was asked.

* TapewatchError
  - StartError: the server cannot start; nothing was half-started
    - AddressUnusable: the address cannot be listened on
    - PublicWithoutAuth: a public address without authentication
    - ExtraMissing: a setting needs a package that is not installed
  - Refusal: one request is refused, with a status and words for its caller
"""

from collections.abc import Mapping

from tapewatch.model.errors import TapewatchError


class StartError(TapewatchError):
    """The server cannot start."""


class AddressUnusable(StartError):
    """The address cannot be listened on."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"cannot listen on {self.address} ({self.reason}): "
            "stop what listens there, or choose another address with --listen"
        )


class PublicWithoutAuth(StartError):
    """A public address without authentication."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"{self.address} can be reached from outside, and no authentication is set: "
            "set server.auth_token (for example {env: TAPEWATCH_TOKEN}), or listen on 127.0.0.1"
        )


class ExtraMissing(StartError):
    """A setting needs a package that is not installed."""

    def __init__(self, setting: str, extra: str) -> None:
        super().__init__(setting, extra)
        self.setting = setting
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.setting} needs more than is installed: pip install 'tapewatch[{self.extra}]'"


class Refusal(TapewatchError):
    """One request is refused; the face it came to decides how the answer is shaped."""

    def __init__(
        self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, kind, message, headers)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = dict(headers or {})

    def __str__(self) -> str:
        return self.message
