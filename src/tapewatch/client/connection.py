"""
A connection to a server that speaks Prometheus' API.

Only the standard library is needed. A user and a password in the address become Basic
authentication; a token alone is written ``http://:TOKEN@host``.
"""

import base64
import gzip
import http.client
import ipaddress
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from tapewatch.client.errors import AnswerUnreadable, BadQuestion, ServerRefused, ServerUnreachable
from tapewatch.version import VERSION

DEFAULT_URL: Final = "http://127.0.0.1:7600"
TIMEOUT_SECONDS: Final = 130.0
"""A little longer than a server lets one query take."""
_SHOWN_MAX: Final = 200

Parameters = Iterable[tuple[str, str]]


class Connection:
    """Asks one server; every question is a request of its own."""

    def __init__(self, url: str | None = None, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.url, credentials = _split_credentials(url or os.environ.get("TAPEWATCH_URL", ""))
        self._timeout_seconds = timeout_seconds
        self._headers = {"User-Agent": f"tapewatch/{VERSION}", "Accept-Encoding": "gzip"}
        token = os.environ.get("TAPEWATCH_TOKEN")
        if credentials:
            self._headers["Authorization"] = f"Basic {credentials}"
        elif token and url is None:
            # The token is our own server's; whoever is named explicitly does not get it.
            self._headers["Authorization"] = f"Bearer {token}"
        handlers = [urllib.request.ProxyHandler({})] if _is_loopback(self.url) else []
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, path: str, parameters: Parameters = (), *, method: str = "POST") -> Any:
        """Send a form and return the JSON value that is answered, checked for success."""
        form = urllib.parse.urlencode(list(parameters)).encode()
        if method == "GET":
            path, form = f"{path}?{form.decode()}" if form else path, b""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        return self._read(*self._send(path, form if method == "POST" else None, headers, method))

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        """Send a body and return the JSON value that is answered, checked for success."""
        return self._read(*self._send(path, body, {"Content-Type": content_type}, "POST"))

    def call(self, path: str, value: Any = None, *, method: str = "GET") -> Any:
        """Send a JSON value, or nothing, and return what is answered without an envelope."""
        return self._plain(*self.fetch(path, value, method=method))

    def fetch(self, path: str, value: Any = None, *, method: str = "GET") -> tuple[int, bytes]:
        """Send a JSON value, or nothing, and return the answer's status and body."""
        body = None if value is None else orjson.dumps(value)
        headers = {} if value is None else {"Content-Type": "application/json"}
        status, answer = self._send(path, body, headers, method)
        if status >= 400:
            raise self._refusal(status, answer)
        return status, answer

    def _plain(self, _status: int, body: bytes) -> Any:
        try:
            return orjson.loads(body) if body.strip() else None
        except orjson.JSONDecodeError as fault:
            raise AnswerUnreadable(self.url, f"its body is no JSON ({fault})") from None

    def _read(self, status: int, body: bytes) -> Any:
        if status == http.client.NO_CONTENT:
            return None
        if status >= 400:
            raise self._refusal(status, body)
        document = self._document(body)
        if document.get("status") != "success":
            raise self._refusal(status, body)
        return document

    def _send(
        self, path: str, body: bytes | None, headers: Mapping[str, str], method: str
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            self.url + path, body, {**self._headers, **headers}, method=method
        )
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as answer:
                return answer.status, _unpacked(answer)
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, _unpacked(fault)
        except (OSError, http.client.HTTPException) as fault:
            reason = getattr(fault, "reason", None) or fault
            raise ServerUnreachable(self.url, _reason(reason)) from None

    def _refusal(self, status: int, body: bytes) -> ServerRefused:
        try:
            told = orjson.loads(body)
            return ServerRefused(self.url, status, told["errorType"], told["error"])
        except (orjson.JSONDecodeError, LookupError, TypeError):
            words = body[:_SHOWN_MAX].decode(errors="replace").strip()
            kind = http.client.responses.get(status, "unknown")
            return ServerRefused(self.url, status, kind, words or "it says nothing more")

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as fault:
            raise AnswerUnreadable(self.url, f"its body is no JSON ({fault})") from None
        if not isinstance(document, dict):
            raise AnswerUnreadable(self.url, "its body is no JSON object")
        return document


def _split_credentials(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url or DEFAULT_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadQuestion(f"{url!r} is not an address of a server: write http://HOST:PORT")
    place = parts.netloc.rpartition("@")[2]
    bare = urllib.parse.urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    if parts.password is None and not parts.username:
        return bare, ""
    user, password = (urllib.parse.unquote(each or "") for each in (parts.username, parts.password))
    return bare, base64.b64encode(f"{user}:{password}".encode()).decode()


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unpacked(answer: Any) -> bytes:
    body: bytes = answer.read()
    return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def _reason(fault: object) -> str:
    return (isinstance(fault, OSError) and fault.strerror) or str(fault) or type(fault).__name__
