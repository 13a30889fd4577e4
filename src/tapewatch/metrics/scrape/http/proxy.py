"""Which proxy a request goes through, if any."""

import base64
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from tapewatch.metrics.scrape.errors import Unreachable
from tapewatch.metrics.scrape.http.origin import Origin
from tapewatch.metrics.scrape.http.settings import ProxySettings

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and how to appear before it."""

    origin: Origin
    authorization: str = ""

    @classmethod
    def parse(cls, url: str) -> "Proxy":
        """Read a proxy's URL; one without a scheme is plain HTTP."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise Unreachable("proxy", f"{parts.scheme}://{parts.hostname} is no HTTP proxy")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        return cls(
            Origin(parts.scheme, parts.hostname, port), _basic(parts.username, parts.password)
        )


class ProxyChoice:
    """Decides by settings and, where they say so, by the environment."""

    def __init__(
        self, settings: ProxySettings, environment: Mapping[str, str] | None = None
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._fixed = Proxy.parse(settings.proxy_url.reveal()) if settings.proxy_url else None
        self._exempt = settings.no_proxy
        self._from_environment = settings.proxy_from_environment

    def for_origin(self, origin: Origin) -> Proxy | None:
        """Return the proxy for requests to ``origin``."""
        if self._fixed is not None:
            if self._exempt and is_exempt(origin, self._exempt):
                return None
            return self._fixed
        if not self._from_environment:
            return None
        url = self._said(f"{origin.scheme}_proxy")
        if not url or is_exempt(origin, self._said("no_proxy")):
            return None
        return Proxy.parse(url)

    def _said(self, name: str) -> str:
        return self._environment.get(name.upper()) or self._environment.get(name) or ""


def is_exempt(origin: Origin, no_proxy: str) -> bool:
    """Say whether ``no_proxy`` (or being on this machine) keeps ``origin`` off the proxy."""
    host = origin.host.lower().rstrip(".")
    if host == "localhost" or _is_loopback(host):
        return True
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    return any(_covers(entry, host, origin.port) for entry in entries if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, wanted_port = _split_port(entry)
    if wanted_port and wanted_port != str(port):
        return False
    if name.startswith("*."):
        name = name[1:]
    if name.startswith("."):
        return host.endswith(name)
    return host == name or (host.endswith(f".{name}") and not _is_address(host))


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, port = entry[1:].partition("]")
        return name, port.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _basic(username: str | None, password: str | None) -> str:
    if username is None:
        return ""
    pair = f"{unquote(username)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
