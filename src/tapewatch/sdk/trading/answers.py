"""
What the answers of venues say of a budget.

One reader a venue: headers in, readings out, nothing kept. A header that cannot be read raises
``ValueError``, which ``RateBudget`` counts. OKX, Kraken and Coinbase send nothing to read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_MILLISECOND_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says of one budget; ``limit`` is empty where the caller knows which."""

    limit: str
    used: float | None = None
    remaining: float | None = None
    maximum: float | None = None
    reset_ns: int | None = None


Headers = Mapping[str, str]
Reader = Callable[[Headers], Iterator[Reading]]

_BINANCE: Final = re.compile(
    r"x-(?:mbx-(used-weight|order-count)|sapi-used-(ip|uid)-weight)-([0-9]+)([smhd])"
)
_BINANCE_NAMES: Final = {
    "used-weight": "weight",
    "order-count": "orders",
    "ip": "sapi_ip",
    "uid": "sapi_uid",
}


def binance(headers: Headers) -> Iterator[Reading]:
    """``X-MBX-USED-WEIGHT-1M``, ``X-MBX-ORDER-COUNT-10S``, ``X-SAPI-USED-IP-WEIGHT-1M``."""
    for name, value in headers.items():
        match = _BINANCE.fullmatch(name.lower())
        if match is not None:
            own, sapi, count, unit = match.groups()
            yield Reading(f"{_BINANCE_NAMES[own or sapi]}_{count}{unit}", used=float(value))


def bybit(headers: Headers) -> Iterator[Reading]:
    """``X-Bapi-Limit`` and ``-Status`` of the endpoint that answered."""
    found = _named(headers, "x-bapi-limit", "x-bapi-limit-status", "x-bapi-limit-reset-timestamp")
    maximum, remaining, reset_ms = found
    if remaining is None:
        return
    # The time of the reset is only told once the budget is gone; else it is the time of the answer.
    reset_ns = int(float(reset_ms) * _MILLISECOND_NS) if reset_ms and remaining == "0" else None
    yield Reading("", None, float(remaining), float(maximum) if maximum else None, reset_ns)


def alpaca(headers: Headers) -> Iterator[Reading]:
    """``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset`` (Unix seconds)."""
    found = _named(headers, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    maximum, remaining, reset_s = found
    if remaining is not None:
        yield Reading(
            "requests_1m",
            None,
            float(remaining),
            float(maximum) if maximum else None,
            int(float(reset_s)) * _SECOND_NS if reset_s else None,
        )


def nothing(headers: Headers) -> Iterator[Reading]:  # noqa: ARG001 # One shape.
    """No header of this venue tells of a budget."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests may come at once, and how many come back in a second."""

    burst: float
    per_s: float


def deribit_allowances(summary: Mapping[str, Any]) -> dict[str, Allowance]:
    """
    Read the ``limits`` of ``private/get_account_summary``, by their path.

    ``matching_engine.trading.total`` and ``non_matching_engine`` are the ones that matter to a
    market maker; an account with limits by currency has one total a currency.
    """
    return dict(_allowances("", summary.get("limits", {})))


def _allowances(path: str, node: object) -> Iterator[tuple[str, Allowance]]:
    if not isinstance(node, Mapping):
        return
    if "burst" in node and "rate" in node:
        yield path, Allowance(float(node["burst"]), float(node["rate"]))
        return
    for name, inner in node.items():
        yield from _allowances(f"{path}.{name}" if path else str(name), inner)


def _named(headers: Headers, *names: str) -> list[str | None]:
    lowered = {name.lower(): value for name, value in headers.items()}
    return [lowered.get(name) for name in names]


READERS: Final[dict[str, Reader]] = {
    "binance_spot": binance,
    "binance_futures": binance,
    "bybit": bybit,
    "okx": nothing,
    "kraken": nothing,
    "coinbase": nothing,
    "deribit": nothing,
    "alpaca": alpaca,
}
