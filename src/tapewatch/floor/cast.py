"""Who is on each desk: the services of each pack, and which voices they have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tapewatch.floor.market import COINS, PAIRS, SHARES, VENUES, names
from tapewatch.floor.messages import EXECUTION, FEEDS, RISK, SIGNALS
from tapewatch.floor.size import Size
from tapewatch.floor.voices import crypto_desk, equities, forex, hft, low_latency
from tapewatch.floor.voices.exchange_link import exchange_link
from tapewatch.floor.voices.host import containers, host, kubernetes
from tapewatch.floor.voices.market_data import market_data
from tapewatch.floor.voices.process import process
from tapewatch.floor.voices.risk import risk
from tapewatch.floor.voices.scene import Voice
from tapewatch.floor.voices.watcher import watcher
from tapewatch.floor.voices.web_service import web_service

Roles = Callable[[Sequence[str], Sequence[str]], Mapping[str, Sequence[Voice]]]
"""Venues and services in, the voices of every service out."""


@dataclass(frozen=True, slots=True)
class Cast:
    """One desk: what it trades, where, who does what, and who tells of it."""

    symbols: Sequence[str]
    venues: Sequence[str]
    strategies: tuple[str, ...]
    roles: Roles
    stations: Mapping[str, tuple[str, ...]]
    """The services of the trading path, with what each does there."""

    ending: str = ""
    symbols_max: int = 60
    venues_max: int = 12

    def symbols_of(self, size: Size) -> tuple[str, ...]:
        """What a desk of this size trades."""
        return names(self.symbols, min(size.symbols, self.symbols_max), self.ending)

    def venues_of(self, size: Size) -> tuple[str, ...]:
        """Where a desk of this size trades."""
        return names(self.venues, min(size.venues, self.venues_max))

    def services(self, size: Size, declared: Sequence[str]) -> tuple[str, ...]:
        """Name every service of the desk, the pack's and the stand-ins."""
        return tuple(self.roles(self.venues_of(size), declared))

    def voices(self, service: str, size: Size, declared: Sequence[str]) -> tuple[Voice, ...]:
        """Give the voices of one service; each tells of its process too."""
        return (process, *self.roles(self.venues_of(size), declared)[service])


def _hft(venues: Sequence[str], services: Sequence[str]) -> Mapping[str, Sequence[Voice]]:
    return {
        "connectors": (exchange_link(venues), market_data),
        "strategies": (hft.strategies,),
        "risk_gate": (risk,),
        "state_store": (hft.state_store,),
        "cluster": (host, kubernetes(services)),
        "second_watcher": (watcher,),
    }


def _crypto_desk(venues: Sequence[str], services: Sequence[str]) -> Mapping[str, Sequence[Voice]]:
    return {
        "api": (web_service(12.0),),
        "sync": (crypto_desk.sync,),
        "orders": (exchange_link(venues), web_service()),
        "notifier": (web_service(1.0),),
        "cluster": (host, kubernetes(services), containers(services)),
        "second_watcher": (watcher,),
    }


def _low_latency(_venues: Sequence[str], _services: Sequence[str]) -> Mapping[str, Sequence[Voice]]:
    return {
        "market_data": (low_latency.market_data,),
        "signal_bridge": (low_latency.signal_bridge,),
        "risk_manager": (low_latency.risk_manager,),
        "execution_engine": (low_latency.execution_engine,),
    }


def _forex(_venues: Sequence[str], _services: Sequence[str]) -> Mapping[str, Sequence[Voice]]:
    web = web_service()
    return {
        "trading_gateway_service": (web, forex.trading_gateway),
        "analysis_engine_service": (web,),
        "feature_store_service": (web,),
        "ml_integration_service": (web, forex.ml_integration),
        "strategy_execution_engine": (web, forex.strategy_execution),
        "data_pipeline_service": (web,),
        "postgres_exporter": (forex.postgres,),
        "kafka_exporter": (forex.kafka,),
        "redis_exporter": (forex.redis,),
        "cluster": (host,),
        "second_watcher": (watcher,),
    }


def _equities(_venues: Sequence[str], _services: Sequence[str]) -> Mapping[str, Sequence[Voice]]:
    return {
        "execution_gateway": (equities.execution_gateway,),
        "signal_service": (equities.signal_service,),
        "orchestrator": (equities.orchestrator,),
        "market_data_service": (equities.market_data_service,),
    }


CASTS: Final[Mapping[str, Cast]] = {
    "hft": Cast(
        COINS,
        VENUES,
        ("maker", "hedger"),
        _hft,
        {"connectors": (FEEDS, EXECUTION), "strategies": (SIGNALS,), "risk_gate": (RISK,)},
        "USDT",
    ),
    "crypto_desk": Cast(
        COINS,
        ("binance",),
        ("manual",),
        _crypto_desk,
        {"sync": (FEEDS,), "api": (SIGNALS,), "orders": (RISK, EXECUTION)},
        "USDT",
        venues_max=1,
    ),
    "low_latency": Cast(
        SHARES,
        ("alpaca",),
        ("momentum", "mean_reversion"),
        _low_latency,
        {
            "market_data": (FEEDS,),
            "signal_bridge": (SIGNALS,),
            "risk_manager": (RISK,),
            "execution_engine": (EXECUTION,),
        },
        symbols_max=25,
        venues_max=1,
    ),
    "forex": Cast(
        PAIRS,
        ("bank-a", "bank-b", "bank-c"),
        forex.STRATEGIES,
        _forex,
        {
            "data_pipeline_service": (FEEDS,),
            "ml_integration_service": (SIGNALS,),
            "strategy_execution_engine": (RISK,),
            "trading_gateway_service": (EXECUTION,),
        },
        symbols_max=40,
        venues_max=3,
    ),
    "equities": Cast(
        SHARES,
        ("alpaca",),
        ("model",),
        _equities,
        {
            "market_data_service": (FEEDS,),
            "signal_service": (SIGNALS,),
            "orchestrator": (RISK,),
            "execution_gateway": (EXECUTION,),
        },
        symbols_max=50,
        venues_max=1,
    ),
}
"""The desks by their packs; more symbols than a pack's limits allow would be a fault already."""
