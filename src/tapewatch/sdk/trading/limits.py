"""
The budgets that venues publish, ready to be counted.

The numbers are those of the venues' own pages in 2026 and change without notice; where an answer
carries the limit, the answer counts. Where a venue sends nothing (OKX, Kraken, Coinbase), these
windows are all there is: what is spent has to be told with ``RateBudget.spend``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tapewatch.sdk.trading.window import FixedWindow, LeakyWindow, SlidingWindow, Window


class Scope(StrEnum):
    """What a budget is counted for."""

    IP = "ip"
    ACCOUNT = "account"
    UID = "uid"
    PAIR = "pair"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Limit:
    """One budget of a venue; the window is its own and is changed by use."""

    name: str
    scope: Scope
    window: Window


def binance_spot() -> tuple[Limit, ...]:
    """Weights per address, orders per account; fixed windows that follow the clock."""
    return (
        Limit("weight_1m", Scope.IP, FixedWindow(6_000, 60)),
        Limit("raw_5m", Scope.IP, FixedWindow(61_000, 300)),
        Limit("orders_10s", Scope.ACCOUNT, FixedWindow(100, 10)),
        Limit("orders_1d", Scope.ACCOUNT, FixedWindow(200_000, 86_400)),
        Limit("sapi_ip_1m", Scope.IP, FixedWindow(12_000, 60)),
        Limit("sapi_uid_1m", Scope.UID, FixedWindow(180_000, 60)),
    )


def binance_futures() -> tuple[Limit, ...]:
    """As spot, with a smaller weight and orders counted per minute as well."""
    return (
        Limit("weight_1m", Scope.IP, FixedWindow(2_400, 60)),
        Limit("orders_10s", Scope.ACCOUNT, FixedWindow(300, 10)),
        Limit("orders_1m", Scope.ACCOUNT, FixedWindow(1_200, 60)),
    )


def bybit() -> tuple[Limit, ...]:
    """Requests per address; the budget of an endpoint comes with each of its answers."""
    return (
        Limit("requests_5s", Scope.IP, SlidingWindow(600, 5)),
        Limit("endpoint", Scope.UID, SlidingWindow(10, 1)),
    )


def okx() -> tuple[Limit, ...]:
    """Orders per two seconds, of one endpoint and of the whole sub-account."""
    return (
        Limit("order", Scope.ENDPOINT, FixedWindow(60, 2)),
        Limit("orders_2s", Scope.ACCOUNT, FixedWindow(1_000, 2)),
    )


KRAKEN_REST: Final = {"starter": (15, 0.33), "intermediate": (20, 0.5), "pro": (20, 1.0)}
KRAKEN_PAIR: Final = {"starter": (60, 1.0), "intermediate": (125, 2.34), "pro": (180, 3.75)}


def kraken(tier: str = "intermediate", pairs: tuple[str, ...] = ()) -> tuple[Limit, ...]:
    """Counters that decay: one for requests, one for the orders of each pair."""
    rest, pair = LeakyWindow(*KRAKEN_REST[tier]), KRAKEN_PAIR[tier]
    return (
        Limit("requests", Scope.ACCOUNT, rest),
        *(Limit(f"orders {name}", Scope.PAIR, LeakyWindow(*pair)) for name in pairs),
    )


def coinbase() -> tuple[Limit, ...]:
    """Requests per second of the Advanced Trade API: private ones per user, public per address."""
    return (
        Limit("private_1s", Scope.UID, SlidingWindow(30, 1)),
        Limit("public_1s", Scope.IP, SlidingWindow(10, 1)),
    )


def deribit() -> tuple[Limit, ...]:
    """Credits: 500 for a request that does not match, one of a few per second for one that does."""
    return (
        Limit("credits", Scope.ACCOUNT, LeakyWindow(50_000, 10_000)),
        Limit("matching", Scope.ACCOUNT, LeakyWindow(20, 5)),
    )


def alpaca() -> tuple[Limit, ...]:
    """Requests per minute of an account."""
    return (Limit("requests_1m", Scope.ACCOUNT, FixedWindow(200, 60)),)


LIMITS: Final[dict[str, Callable[[], tuple[Limit, ...]]]] = {
    "binance_spot": binance_spot,
    "binance_futures": binance_futures,
    "bybit": bybit,
    "okx": okx,
    "kraken": kraken,
    "coinbase": coinbase,
    "deribit": deribit,
    "alpaca": alpaca,
}
