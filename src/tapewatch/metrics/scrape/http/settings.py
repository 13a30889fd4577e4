"""How a request is made: who asks, through which proxy, under which TLS (``http_config``)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from tapewatch.document.fields import option
from tapewatch.document.types import FilePath
from tapewatch.metrics.scrape.secrets import InlineSecret

TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]

Faults = Iterator[tuple[str, str]]

RESERVED_HEADERS: Final = frozenset(
    {
        "authorization",
        "host",
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
        "x-prometheus-remote-write-version",
        "x-prometheus-remote-read-version",
        "x-prometheus-scrape-timeout-seconds",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
    }
)
"""Headers that ``http_headers`` may not set, because the client sets them itself."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Whom to trust, and as whom to appear."""

    ca: str = option("Certificates to trust, in PEM.", default="")
    ca_file: FilePath | None = option("File of certificates to trust.", default=None)
    cert: str = option("Our own certificate, in PEM.", default="")
    cert_file: FilePath | None = option("File of our own certificate.", default=None)
    key: InlineSecret | None = option("Key of our own certificate, in PEM.", default=None)
    key_file: FilePath | None = option("File of that key.", default=None)
    server_name: str = option("Name to expect in the server's certificate.", default="")
    insecure_skip_verify: bool = option("Trust any certificate.", default=False)
    min_version: TlsVersion | None = option("Oldest TLS version.", default=None)
    max_version: TlsVersion | None = option("Newest TLS version.", default=None)

    def faults(self) -> Faults:
        """Check that nothing is said twice, and that certificate and key come together."""
        for name in ("ca", "cert", "key"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                yield name, f"{name} and {name}_file exclude each other"
        if bool(self.cert or self.cert_file) is not bool(self.key or self.key_file):
            yield "cert_file", "a client certificate and its key are given together"


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user and a password."""

    username: str = option("The user.", default="")
    username_file: FilePath | None = option("File with the user, read again.", default=None)
    password: InlineSecret | None = option("The password.", default=None)
    password_file: FilePath | None = option("File with the password, read again.", default=None)

    def faults(self) -> Faults:
        """Check that each is given in one way."""
        if self.username and self.username_file:
            yield "username", "username and username_file exclude each other"
        if self.password and self.password_file:
            yield "password", "password and password_file exclude each other"


@dataclass(frozen=True, slots=True)
class Authorization:
    """The words of the ``Authorization`` header."""

    type: str = option("The scheme.", default="Bearer")
    credentials: InlineSecret | None = option("What follows the scheme.", default=None)
    credentials_file: FilePath | None = option("File with it, read again.", default=None)

    def faults(self) -> Faults:
        """Check the scheme and that the credentials are given in one way."""
        if self.type.strip().lower() == "basic":
            yield "type", "use basic_auth for a user and a password"
        if self.credentials and self.credentials_file:
            yield "credentials", "credentials and credentials_file exclude each other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """Through what the request goes."""

    proxy_url: InlineSecret | None = option("The proxy; its URL may hold a password.", default=None)
    no_proxy: str = option("Hosts, domains and networks that are asked directly.", default="")
    proxy_from_environment: bool = option(
        "Take HTTP_PROXY, HTTPS_PROXY and NO_PROXY from the environment.", default=False
    )
    proxy_connect_header: dict[str, tuple[InlineSecret, ...]] = option(
        "Headers for the proxy when it is asked for a tunnel.", default_factory=dict
    )

    def faults(self) -> Faults:
        """Check that the proxy is named once, and by a URL."""
        if self.proxy_from_environment and (self.proxy_url or self.no_proxy):
            yield "proxy_from_environment", "excludes proxy_url and no_proxy"
        if self.no_proxy and not self.proxy_url:
            yield "no_proxy", "needs proxy_url"
        # A proxy without a scheme is plain HTTP, as Prometheus reads it.
        if self.proxy_url and urlsplit(self.proxy_url.reveal()).scheme not in ("http", "https", ""):
            yield "proxy_url", "must begin with http:// or https://"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2(ProxySettings):
    """A token is fetched with our own credentials (the client credentials grant) and kept."""

    client_id: str = option("Who we are.")
    client_secret: InlineSecret | None = option("Our secret.", default=None)
    client_secret_file: FilePath | None = option("File with it, read again.", default=None)
    scopes: tuple[str, ...] = option("What the token is for.", default=())
    token_url: str = option("Where tokens are given out.")
    endpoint_params: dict[str, str] = option("More parameters.", default_factory=dict)
    tls_config: TlsSettings = option("", default_factory=TlsSettings)

    def faults(self) -> Faults:
        """Check what Prometheus checks."""
        yield from ProxySettings.faults(self)
        if not self.client_id:
            yield "client_id", "must not be empty"
        if urlsplit(self.token_url).scheme not in ("http", "https"):
            yield "token_url", f"{self.token_url!r} must begin with http:// or https://"
        if self.client_secret and self.client_secret_file:
            yield "client_secret", "client_secret and client_secret_file exclude each other"


@dataclass(frozen=True, slots=True)
class HeaderValues:
    """The values of one further header, from three places, all of them sent."""

    values: tuple[str, ...] = option("Values that may be shown.", default=())
    secrets: tuple[InlineSecret, ...] = option("Values that may not.", default=())
    files: tuple[FilePath, ...] = option("Files with values, read again.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings(ProxySettings):
    """Everything about a request beside its URL."""

    basic_auth: BasicAuth | None = option("", default=None)
    authorization: Authorization | None = option("", default=None)
    oauth2: OAuth2 | None = option("", default=None)
    bearer_token: InlineSecret | None = option("The old way to say authorization.", default=None)
    bearer_token_file: FilePath | None = option("The old way, from a file.", default=None)
    tls_config: TlsSettings = option("", default_factory=TlsSettings)
    follow_redirects: bool = option("Whether to go where a redirect points.", default=True)
    enable_http2: bool = option(
        "Read and kept for compatibility; requests use HTTP/1.1.", default=True
    )
    http_headers: dict[str, HeaderValues] = option("Further headers.", default_factory=dict)

    def faults(self) -> Faults:
        """Check that one way to authenticate is chosen, and that headers are free to set."""
        yield from ProxySettings.faults(self)
        given = [name for name, value in self._ways().items() if value]
        for name in given[1:]:
            yield name, f"excludes {given[0]}: choose one way to authenticate"
        for header in self.http_headers:
            if header.lower() in RESERVED_HEADERS:
                yield f"http_headers.{header}", "this header is set by the client itself"

    def _ways(self) -> Mapping[str, object]:
        return {
            "basic_auth": self.basic_auth,
            "authorization": self.authorization,
            "oauth2": self.oauth2,
            "bearer_token": self.bearer_token,
            "bearer_token_file": self.bearer_token_file,
        }
