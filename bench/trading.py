"""
The SDK's trading objects, call by call: what they cost the paths they stand in.

Every figure is the median over repeats of one operation, the empty loop taken off, on one core.
"""

import itertools
import logging
import os
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness import Outcome, Row, Scale, Timing, time_each
from tapewatch.sdk import events
from tapewatch.sdk.logs import LineHandler, RingHandler
from tapewatch.sdk.redaction import Redactor
from tapewatch.sdk.tracing import Operation
from tapewatch.sdk.trading.budget import RateBudget
from tapewatch.sdk.trading.executions import Slippage
from tapewatch.sdk.trading.feed import Feed
from tapewatch.sdk.trading.kill_switch import KillSwitch
from tapewatch.sdk.trading.order_life import ACK, FILL, PARTIAL, RISK, SENT, OrderLife

QUESTION = "What do the trading objects cost the order path and the path of market data?"

STATEMENTS = {
    "loop": "pass",
    "source": "next_id()",
    "mark": "mark('same', PARTIAL)",
    "mark of many": "mark(next_id(), PARTIAL)",
    "life": "signal('a'); mark('a', RISK); mark('a', SENT); mark('a', ACK); mark('a', FILL)",
    "number": "next_number()",
    "feed": "message(next_number())",
    "switch": "switch.tripped",
    "slippage": "buy(price=100.05, reference=100.0)",
    "push": "push(form, 1, 2.5)",
    "spend": "spend('weight_1m', 1)",
    "answer": "answer(200, headers)",
    "span": "with submit(order_id='a1'): pass",
    "clean": "text(line)",
    "ring line": "ring_log('Order submitted')",
    "line": "line_log('Order submitted')",
    "stdlib line": "plain_log('Order submitted')",
}


def run(scale: Scale) -> Outcome:
    """Time each of them in turn."""
    full = scale is Scale.FULL
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        rows = operations(calls=20_000 if full else 20, repeats=15 if full else 1)
    finally:
        os.sched_setaffinity(0, before)
    return Outcome(rows, notes=["every figure has the empty loop taken off"], peer="logging")


def operations(*, calls: int, repeats: int) -> list[Row]:
    """The cost of each operation in nanoseconds."""
    names = subjects(calls * (repeats + 1))
    timers = [_loop(statement, names, calls) for statement in STATEMENTS.values()]
    measured = dict(zip(STATEMENTS, time_each(*timers, repeats=repeats), strict=True))
    loop, source, number = (_ns(measured[name], calls) for name in ("loop", "source", "number"))

    def row(name: str, key: str, *, off: float = loop, must: float | None = None) -> Row:
        low, high = (each / calls * 1e9 - off for each in measured[key].spread)
        return Row(name, _ns(measured[key], calls) - off, "ns", must=must, spread=(low, high))

    beside = _ns(measured["stdlib line"], calls) - loop
    ring_line = _ns(measured["ring line"], calls) - loop
    return [
        row("order-life mark", "mark", must=70.0),
        row("order-life mark, over 20,000 orders", "mark of many", off=source, must=70.0),
        row("order life: signal, three stages, end", "life"),
        row("feed message that follows", "feed", off=number),
        row("kill switch, looked at", "switch"),
        row("slippage of a fill", "slippage"),
        row("event of two numbers", "push", must=50.0),
        row("rate budget, spent", "spend"),
        row("rate budget, an answer", "answer"),
        row("span into the ring", "span"),
        row("a clean line of 105 letters, looked through", "clean"),
        Row("log record into the ring", ring_line, "ns", beside),
        row("log record as a JSON line", "line"),
    ]


def subjects(messages: int) -> dict[str, Any]:
    """Everything that the statements name, made once as a program does."""
    orders = OrderLife(open_max=1 << 17).bind(venue="bench", strategy="bench")
    ids = [f"order-{number}" for number in range(20_000)]
    for each in [*ids, "same"]:
        orders.signal(each)
        orders.mark(each, PARTIAL)
    budget = RateBudget("binance_spot", account="bench")
    line = "Order submitted order_id=a1b2c3d4 symbol=AAPL filled_qty=100.0 avg_price=175.23 us=342"
    return {
        "RISK": RISK, "SENT": SENT, "ACK": ACK, "FILL": FILL, "PARTIAL": PARTIAL,
        "mark": orders.mark, "signal": orders.signal,
        "next_id": itertools.cycle(ids).__next__,
        "next_number": iter(range(1, 4 * messages)).__next__,
        "message": Feed("bench", "trades").message,
        "switch": KillSwitch("bench"),
        "buy": Slippage(venue="bench", strategy="bench").buy,
        "push": events.push, "form": events.declare("{a} {b}", target="bench"),
        "spend": budget.spend, "answer": budget.answer,
        "headers": {"X-MBX-USED-WEIGHT-1M": "12", "X-MBX-ORDER-COUNT-10S": "1", "Date": "x"},
        "submit": Operation("bench"),
        "text": Redactor(b"bench").text, "line": line,
        "ring_log": _logger("ring", RingHandler()).info,
        "line_log": _logger("line", LineHandler(_nowhere())).info,
        "plain_log": _logger("plain", logging.StreamHandler(_nowhere())).info,
    }  # fmt: skip


def _logger(name: str, handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger(f"bench.trading.{name}")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.handlers[:] = [handler]
    return logger


def _nowhere() -> Any:
    return Path(os.devnull).open("w")  # It is open as long as the process.


def _loop(statement: str, names: dict[str, Any], calls: int) -> Callable[[], object]:
    timer = timeit.Timer(statement, globals=names)
    return lambda: timer.timeit(calls)


def _ns(timing: Timing, calls: int) -> float:
    return timing.median / calls * 1e9
