"""Pushing to a Pushgateway, for jobs that end before anybody reads them."""

import base64
import gzip
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from tapewatch.sdk.prometheus.text import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

Headers = list[tuple[str, str]]
Handler = Callable[[str, str, float | None, Headers, bytes], Callable[[], None]]

_TIMEOUT_S: Final = 30.0
_FAILED: Final = 400


def push_to_gateway(
    gateway: str,
    job: str,
    registry: Any,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = _TIMEOUT_S,
    handler: Handler | None = None,
    compression: str | None = None,
) -> None:
    """Put the metrics in the place of all of this job and grouping key."""
    body, headers = _body(registry, compression)
    _send("PUT", _address(gateway, job, grouping_key), timeout, headers, body, handler)


def pushadd_to_gateway(
    gateway: str,
    job: str,
    registry: Any,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = _TIMEOUT_S,
    handler: Handler | None = None,
    compression: str | None = None,
) -> None:
    """Put the metrics in the place of those of the same names, job and grouping key."""
    body, headers = _body(registry, compression)
    _send("POST", _address(gateway, job, grouping_key), timeout, headers, body, handler)


def delete_from_gateway(
    gateway: str,
    job: str,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = _TIMEOUT_S,
    handler: Handler | None = None,
) -> None:
    """Remove the metrics of this job and grouping key."""
    headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)]
    _send("DELETE", _address(gateway, job, grouping_key), timeout, headers, b"", handler)


def default_handler(
    url: str, method: str, timeout: float | None, headers: Headers, data: bytes
) -> Callable[[], None]:
    """What sends a request; another function of this shape may do so instead."""

    def send() -> None:
        from urllib.request import Request, urlopen

        request = Request(url, data=data, headers=dict(headers), method=method)  # noqa: S310 # The caller's own address.
        with urlopen(request, timeout=timeout) as told:  # noqa: S310 # As above.
            if told.status >= _FAILED:
                raise OSError(f"the gateway answered {told.status} {told.reason}")

    return send


def basic_auth_handler(
    url: str,
    method: str,
    timeout: float | None,
    headers: Headers,
    data: bytes,
    username: str | None = None,
    password: str | None = None,
) -> Callable[[], None]:
    """A handler that says who it is: to be called from one of your own."""
    told = [*headers]
    if username is not None and password is not None:
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        told.append(("Authorization", f"Basic {token}"))
    return default_handler(url, method, timeout, told, data)


def instance_ip_grouping_key() -> dict[str, str]:
    """A grouping key with the address of this host."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("localhost", 0))
        return {"instance": probe.getsockname()[0]}


def _body(registry: Any, compression: str | None) -> tuple[bytes, Headers]:
    headers: Headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)]
    body = generate_latest(registry)
    if compression is None:
        return body, headers
    if compression.lower() != "gzip":
        raise ValueError(f"{compression!r} is no compression that is known here: take 'gzip'")
    return gzip.compress(body), [*headers, ("Content-Encoding", "gzip")]


def _address(gateway: str, job: str, grouping_key: Mapping[str, Any] | None) -> str:
    base = gateway if gateway.startswith(("http://", "https://")) else f"http://{gateway}"
    pairs = [("job", job), *sorted((grouping_key or {}).items())]
    return "/".join(
        [base.rstrip("/"), "metrics", *(_pair(name, str(text)) for name, text in pairs)]
    )


def _pair(name: str, text: str) -> str:
    if not text:
        return f"{name}@base64/="
    if "/" in text or " " in text:
        return f"{name}@base64/{base64.urlsafe_b64encode(text.encode()).decode()}"
    return f"{name}/{quote_plus(text)}"


def _send(
    method: str,
    url: str,
    timeout: float | None,
    headers: Headers,
    body: bytes,
    handler: Handler | None,
) -> None:
    if handler is None:
        default_handler(url, method, timeout, headers, body)()
    else:
        # By name: handlers written for prometheus_client are called so.
        call: Any = handler
        call(url=url, method=method, timeout=timeout, headers=headers, data=body)()
