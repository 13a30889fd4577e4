"""
A live node of nautilus_trader with its sandbox execution: an example strategy that trades.

It takes nautilus_trader 1.221 (the last for Python 3.11, 674 MB installed), so it is in no
default set: `pip install 'nautilus_trader==1.221.0'` and run this file.
"""

import asyncio
import itertools
from collections import Counter
from decimal import Decimal

import pytest

from tapewatch.sdk.hooks import metrics
from tapewatch.sdk.hooks.nautilus import BusWatch
from tapewatch.sdk.trading import metrics as trading

pytest.importorskip("nautilus_trader", reason="nautilus_trader is not installed")

from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.adapters.sandbox.factory import SandboxLiveExecClientFactory
from nautilus_trader.common.providers import InstrumentProvider
from nautilus_trader.config import (
    LiveDataClientConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.examples.strategies.ema_cross import EMACross, EMACrossConfig
from nautilus_trader.live.data_client import LiveMarketDataClient
from nautilus_trader.live.factories import LiveDataClientFactory
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType, QuoteTick
from nautilus_trader.model.identifiers import ClientId, Venue
from nautilus_trader.test_kit.providers import TestInstrumentProvider

INSTRUMENT = TestInstrumentProvider.btcusdt_binance()
NAME = "BINANCE"
FILLS_WANTED = 10


class Quotes(LiveMarketDataClient):
    """Quotes that swing, as fast as the loop gives turns."""

    async def _connect(self):
        self._handle_data(INSTRUMENT)

    async def _disconnect(self):
        """Nothing is held."""

    async def _subscribe_quote_ticks(self, command):
        self.create_task(self._quote())

    async def _unsubscribe_quote_ticks(self, command):
        """The task ends with the client."""

    async def _quote(self):
        for turn in itertools.count():
            swing = abs(turn % 120 - 60)
            price = INSTRUMENT.make_price(50_000 + 10 * swing)
            size = INSTRUMENT.make_qty(1)
            now_ns = self._clock.timestamp_ns()
            self._handle_data(QuoteTick(INSTRUMENT.id, price, price, size, size, now_ns, now_ns))
            await asyncio.sleep(0.001)


class QuotesFactory(LiveDataClientFactory):
    @staticmethod
    def create(loop, name, config, msgbus, cache, clock):
        client = ClientId(name)
        return Quotes(loop, client, Venue(NAME), msgbus, cache, clock, InstrumentProvider(), config)


def node_of():
    sandbox = SandboxExecutionClientConfig(
        venue=NAME, starting_balances=["1_000_000 USDT", "10 BTC"], account_type="CASH"
    )
    node = TradingNode(
        TradingNodeConfig(
            logging=LoggingConfig(log_level="ERROR"),
            exec_engine=LiveExecEngineConfig(reconciliation=False),
            data_clients={NAME: LiveDataClientConfig()},
            exec_clients={NAME: sandbox},
            timeout_disconnection=1.0,
            timeout_post_stop=0.5,
        )
    )
    node.add_data_client_factory(NAME, QuotesFactory)
    node.add_exec_client_factory(NAME, SandboxLiveExecClientFactory)
    node.trader.add_strategy(
        EMACross(
            EMACrossConfig(
                instrument_id=INSTRUMENT.id,
                bar_type=BarType.from_str(f"{INSTRUMENT.id}-5-TICK-BID-INTERNAL"),
                trade_size=Decimal("0.01"),
                fast_ema_period=2,
                slow_ema_period=5,
                subscribe_quote_ticks=True,
                subscribe_trade_ticks=False,
                request_bars=False,
                order_id_tag="001",
            )
        )
    )
    node.build()
    return node


async def trade(node, watch, seen):
    running = asyncio.create_task(node.run_async())
    for _ in range(300):
        await asyncio.sleep(0.05)
        watch.look(node.kernel)
        if sum(name == "OrderFilled" for name in seen) >= FILLS_WANTED:
            break
    await node.stop_async()
    await asyncio.wait({running}, timeout=5)


@pytest.mark.filterwarnings("ignore")
def test_a_live_node_is_watched_from_its_bus():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    node, watch, seen, twice = node_of(), BusWatch(), [], []
    bus = node.kernel.msgbus
    watch.attach(bus)
    bus.subscribe(topic="events.order.*", handler=lambda event: seen.append(type(event).__name__))
    bus.subscribe(topic="events.*", handler=lambda event: twice.append(type(event).__name__))
    try:
        loop.run_until_complete(trade(node, watch, seen))
    finally:
        node.dispose()
    told = Counter(seen)
    assert told["OrderFilled"] >= FILLS_WANTED
    assert Counter(twice)["OrderFilled"] == 2 * told["OrderFilled"]
    own = {"venue": NAME, "strategy": "EMACross-001"}
    stages = {
        stage: trading.ORDER_STAGES.bind(**own, stage=stage).value
        for stage in ("signal", "sent", "ack", "fill")
    }
    assert stages == {
        "signal": told["OrderInitialized"],
        "sent": told["OrderSubmitted"],
        "ack": told["OrderAccepted"],
        "fill": told["OrderFilled"],
    }
    assert trading.ORDER_LIFE.bind(**own).count == told["OrderFilled"]
    assert trading.ORDERS_OPEN.bind(**own).value == 0
    filled = [trading.QUANTITY_FILLED.bind(**own, side=side).value for side in ("buy", "sell")]
    assert sum(filled) == pytest.approx(0.01 * told["OrderFilled"])
    position = metrics.POSITION_QUANTITY.bind(**own, symbol="BTCUSDT").value
    assert position == pytest.approx(filled[0] - filled[1])
    assert metrics.ENGINE_CONNECTED.bind(engine="execution").value == 1
