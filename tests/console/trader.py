"""A small trading process, as the page of the desk sees one: feeds with gaps, orders, a switch."""

import random
import time

from tapewatch.sdk import Gauge, beat, promise
from tapewatch.sdk.trading.budget import RateBudget
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.kill_switch import KillSwitch
from tapewatch.sdk.trading.order_life import ACK, FILL, REJECT, RISK, SENT, OrderLife, clock_ns
from tapewatch.sdk.trading.reconciler import Reconciler
from tapewatch.sdk.trading.session import Session

STEP_S = 0.02


def main():
    """Trade until somebody ends it."""
    rng = random.Random(7)
    feeds = [
        Feed(venue, "depth", symbol, expected_interval_s=0.5)
        for venue in ("binance", "okx")
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    numbers = [0] * len(feeds)
    connected = Gauge("venue_connected", "Whether it stands.", labels=("venue", "channel"))
    connected.bind(venue="binance", channel="depth").set(1)
    connected.bind(venue="okx", channel="depth").set(0)
    budget = RateBudget("binance_spot")
    orders = OrderLife().bind(venue="binance", strategy="maker")
    Reconciler("binance", kind="position").compare({"BTCUSDT": 1.5}, {"BTCUSDT": 1.25})
    Session("binance", {"mon-sun": "00:00 open"})
    KillSwitch("desk").trip("ana", "<b>reviewing</b> the fills of 14:20")
    promise(1.0)
    print("ready", flush=True)
    step = 0
    while True:
        step += 1
        for place, feed in enumerate(feeds):
            # Every hundredth message is followed by a hole of three.
            numbers[place] += 4 if numbers[place] % 100 == 50 else 1
            feed.message(numbers[place])
        name = str(step)
        orders.signal(name, clock_ns())
        for stage in (RISK, SENT, REJECT) if rng.random() < 0.1 else (RISK, SENT, ACK, FILL):
            orders.mark(name, stage)
        budget.spend("weight_1m", 1)
        beat()
        time.sleep(STEP_S)


if __name__ == "__main__":
    main()
