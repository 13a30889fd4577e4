"""Where a connection leads: scheme, host and port."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

from tapewatch.metrics.scrape.errors import BadAnswer

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._?"


@dataclass(frozen=True, slots=True)
class Origin:
    """The server of a URL."""

    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port, always both."""
        return f"{self._bracketed}:{self.port}"

    @property
    def host_header(self) -> str:
        """Host and port, the port only where it is not the scheme's own."""
        plain = self.port == _DEFAULT_PORTS[self.scheme]
        return self._bracketed if plain else self.authority

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=4096)
def split_url(url: str) -> tuple[Origin, str]:
    """Split a URL into its server and the path to ask for, with the query."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise BadAnswer(f"{url!r} is not a URL: {fault}") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise BadAnswer(f"{url!r} is not a URL such as http://host:port/path")
    origin = Origin(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    return origin, f"{path}?{quote(parts.query, safe=_PATH_SAFE)}" if parts.query else path
