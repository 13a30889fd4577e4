"""One token opens the server: as a Bearer token, or as the password of Basic authentication."""

import base64
import binascii
import hmac
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tapewatch.document.types import Secret
from tapewatch.server.errors import Refusal

OPEN_PATHS: Final = frozenset({"/-/healthy", "/-/ready"})


class Auth:
    """Refuses requests without the token; without a token configured, everything passes."""

    def __init__(self, app: ASGIApp, token: Secret | None) -> None:
        self._app = app
        self._token = token

    def apply(self, token: Secret | None) -> None:
        """Use a new token for the requests that follow."""
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._token is not None and scope["path"] not in OPEN_PATHS:
            given = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
            if not hmac.compare_digest(presented(given), self._token.reveal().encode()):
                challenge = {
                    "www-authenticate": 'Bearer realm="tapewatch", Basic realm="tapewatch"'
                }
                raise Refusal(401, "unauthorized", "this server wants its token", challenge)
        await self._app(scope, receive, send)


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
