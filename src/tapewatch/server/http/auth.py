"""One token opens the server: as a Bearer token, or as the password of Basic authentication."""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tapewatch.document.types import Secret
from tapewatch.server.errors import Refusal

PEERS_PATH: Final = "/api/v1/alerting/peers/exchange"
OPEN_PATHS: Final = frozenset({"/-/healthy", "/-/ready", PEERS_PATH})
"""Paths that ask for no token; peers show one of their own, which the endpoint checks."""


class Auth:
    """Refuses requests without the token; without a token configured, everything passes."""

    def __init__(self, app: ASGIApp, token: Secret | None, is_open: Callable[[str], bool]) -> None:
        self._app = app
        self._token = token
        self._is_open = is_open

    def apply(self, token: Secret | None) -> None:
        """Use a new token for the requests that follow."""
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token is not None and not self._passes(scope["path"]):
            headers = dict(scope["headers"])
            given = presented(headers.get(b"authorization", b""))
            if not hmac.compare_digest(given, self._token.reveal().encode()):
                raise Refusal(
                    401, "unauthorized", "this server wants its token", challenge(headers)
                )
        await self._app(scope, receive, send)

    def _passes(self, path: str) -> bool:
        return path in OPEN_PATHS or self._is_open(path)


def challenge(headers: dict[bytes, bytes]) -> dict[str, str]:
    """Say how the token is given; a script of a page is not told of Basic."""
    # The browser would answer a script's request with a dialog of its own, over our sign-in.
    by_script = headers.get(b"sec-fetch-dest") == b"empty"
    basic = "" if by_script else ', Basic realm="tapewatch"'
    return {"www-authenticate": f'Bearer realm="tapewatch"{basic}'}


def presented(header: bytes) -> bytes:
    """Take the token out of an ``Authorization`` header; empty where there is none."""
    scheme, _, rest = header.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(rest, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
