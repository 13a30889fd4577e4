"""The headers that say who asks; whatever comes from a file is read again for every request."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlencode

import orjson

from tapewatch.metrics.scrape.errors import Unreachable
from tapewatch.metrics.scrape.http.settings import BasicAuth, HeaderValues, HttpSettings, OAuth2
from tapewatch.metrics.scrape.secrets import InlineSecret
from tapewatch.model.clock import Clock

Headers: TypeAlias = list[tuple[str, str]]
PostForm: TypeAlias = Callable[[str, Headers, bytes], Awaitable[bytes]]
"""Posts a form to a URL and returns the body of the answer."""

_TOKEN_SLACK_SECONDS: Final = 10
_TOKEN_LIFE_SECONDS: Final = 3600
"""How long a token is used whose giver does not say."""


class Credentials:
    """Writes the headers for each request."""

    def __init__(self, settings: HttpSettings, tokens: "Tokens | None") -> None:
        self._settings = settings
        self._tokens = tokens

    async def headers(self) -> Headers:
        """Return the headers; raises ``Unreachable`` where a file cannot be read."""
        try:
            headers = [("Authorization", value) for value in await self._authorization() if value]
            for name, values in self._settings.http_headers.items():
                headers.extend((name, value) for value in _values(values))
        except (OSError, UnicodeDecodeError) as fault:
            raise Unreachable("credentials", str(fault)) from None
        return headers

    async def _authorization(self) -> list[str]:
        settings = self._settings
        if settings.basic_auth is not None:
            return [_basic(settings.basic_auth)]
        if settings.authorization is not None:
            said = settings.authorization
            return [f"{said.type.strip()} {_text(said.credentials, said.credentials_file)}"]
        if settings.bearer_token or settings.bearer_token_file:
            return [f"Bearer {_text(settings.bearer_token, settings.bearer_token_file)}"]
        return [f"Bearer {await self._tokens.current()}"] if self._tokens is not None else []


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until_ns: int


class Tokens:
    """Fetches OAuth 2.0 tokens and keeps each as long as it is good."""

    def __init__(self, settings: OAuth2, post: PostForm, clock: Clock) -> None:
        self._settings = settings
        self._post = post
        self._clock = clock
        self._token: _Token | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> str:
        """Return a token that is good for a little while at least."""
        async with self._lock:
            if self._token is None or self._clock.monotonic_ns() >= self._token.until_ns:
                self._token = await self._fetch()
            return self._token.text

    async def _fetch(self) -> _Token:
        settings = self._settings
        secret = _text(settings.client_secret, settings.client_secret_file)
        form = {"grant_type": "client_credentials", **settings.endpoint_params}
        if settings.scopes:
            form["scope"] = " ".join(settings.scopes)
        headers = [("Authorization", _basic_header(settings.client_id, secret))]
        answer = await self._post(settings.token_url, headers, urlencode(form).encode())
        return self._read(answer)

    def _read(self, answer: bytes) -> _Token:
        try:
            document = orjson.loads(answer)
            text = str(document["access_token"])
            life_seconds = float(document.get("expires_in") or _TOKEN_LIFE_SECONDS)
        except (ValueError, TypeError, KeyError, AttributeError):
            url = self._settings.token_url
            raise Unreachable(url, "the answer holds no access_token") from None
        life_ns = round(max(life_seconds - _TOKEN_SLACK_SECONDS, 0) * 1e9)
        return _Token(text, self._clock.monotonic_ns() + life_ns)


def _basic(auth: BasicAuth) -> str:
    user = auth.username or (_read(auth.username_file) if auth.username_file else "")
    return _basic_header(user, _text(auth.password, auth.password_file))


def _basic_header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _text(secret: InlineSecret | None, file: Path | None) -> str:
    if file is not None:
        return _read(file)
    return secret.reveal() if secret is not None else ""


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def _values(values: HeaderValues) -> list[str]:
    hidden = [secret.reveal() for secret in values.secrets]
    return [*values.values, *hidden, *(_read(file) for file in values.files)]
