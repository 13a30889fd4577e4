"""
nautilus_trader, unchanged: its Binance adapter reads our venue, and its sandbox fills beside it.

It takes nautilus_trader 1.221 (the last for Python 3.11), which is in no default set:
`pip install 'nautilus_trader==1.221.0'` and run this file.
"""

import asyncio
import threading
from decimal import Decimal

import pytest

from tapewatch.floor.venues.opening import open_venue

pytest.importorskip("nautilus_trader", reason="nautilus_trader is not installed")
pytest.importorskip("websockets", reason="websockets is not installed")

from nautilus_trader.adapters.binance.config import BinanceDataClientConfig
from nautilus_trader.adapters.binance.factories import BinanceLiveDataClientFactory
from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.adapters.sandbox.factory import SandboxLiveExecClientFactory
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    StrategyConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

NAME = "BINANCE"
BTC = InstrumentId.from_str(f"BTCUSDT.{NAME}")
FILLS_WANTED = 4
SECONDS_MAX = 40


class Turning(Strategy):
    """Buys and sells by turns, at every quote."""

    def on_start(self):
        self.filled, self.trades = [], 0
        self.subscribe_quote_ticks(BTC)
        self.subscribe_trade_ticks(BTC)

    def on_quote_tick(self, tick):
        assert tick.bid_price < tick.ask_price
        if len(self.filled) < FILLS_WANTED and not self.cache.orders_open():
            side = OrderSide.SELL if len(self.filled) % 2 else OrderSide.BUY
            quantity = self.cache.instrument(BTC).make_qty(Decimal("0.1"))
            self.submit_order(self.order_factory.market(BTC, side, quantity))

    def on_trade_tick(self, tick):
        self.trades += 1

    def on_order_filled(self, event):
        self.filled.append(event)


def node_of(address, strategy):
    data = BinanceDataClientConfig(
        api_key="someone",
        api_secret="nothing",
        base_url_http=f"http://{address}",
        base_url_ws=f"ws://{address}",
        instrument_provider=InstrumentProviderConfig(load_ids=frozenset([BTC])),
    )
    sandbox = SandboxExecutionClientConfig(
        venue=NAME, starting_balances=["1_000_000 USDT", "10 BTC"], account_type="CASH"
    )
    node = TradingNode(
        TradingNodeConfig(
            logging=LoggingConfig(log_level="ERROR"),
            exec_engine=LiveExecEngineConfig(reconciliation=False),
            data_clients={NAME: data},
            exec_clients={NAME: sandbox},
            timeout_disconnection=1.0,
            timeout_post_stop=0.5,
        )
    )
    node.add_data_client_factory(NAME, BinanceLiveDataClientFactory)
    node.add_exec_client_factory(NAME, SandboxLiveExecClientFactory)
    node.trader.add_strategy(strategy)
    node.build()
    return node


async def trade(node, strategy):
    running = asyncio.create_task(node.run_async())
    for _ in range(SECONDS_MAX * 20):
        await asyncio.sleep(0.05)
        if len(getattr(strategy, "filled", ())) >= FILLS_WANTED and strategy.trades:
            break
    await node.stop_async()
    await asyncio.wait({running}, timeout=5)


class Opened:
    """A venue on a thread of its own, as it is in a process of its own."""

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._ready.wait(20)
        return self.address

    async def _run(self):
        async with open_venue(symbols=2, seed=1, port=0) as self.address:
            self._ready.set()
            await self._stop.wait()

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self._loop.close()


@pytest.mark.filterwarnings("ignore")
def test_a_node_reads_the_venue_and_its_sandbox_fills_at_the_venues_prices():
    with Opened() as address:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        strategy = Turning(StrategyConfig(order_id_tag="001"))
        node = node_of(address, strategy)
        try:
            loop.run_until_complete(trade(node, strategy))
            instrument = node.cache.instrument(BTC)
            quotes = node.cache.quote_ticks(BTC)
        finally:
            node.dispose()
    assert instrument.maker_fee == Decimal("0.001")
    assert str(instrument.price_increment) == "0.01"
    assert len(strategy.filled) >= FILLS_WANTED
    assert strategy.trades > 0
    prices = {quote.ask_price for quote in quotes} | {quote.bid_price for quote in quotes}
    assert {event.last_px for event in strategy.filled} <= prices
