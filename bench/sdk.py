"""
The SDK's instruments beside those of prometheus_client, call by call, and under a reader.

Every figure is the median over repeats of one operation, the empty loop taken off, on one core.
"""

import gc
import itertools
import logging
import os
import random
import resource
import subprocess
import sys
import threading
import time
import timeit
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, generate_latest

from bench.harness import Outcome, Row, Scale, Timing, time_each
from tapewatch.sdk import instruments, prometheus
from tapewatch.sdk.region import cells, cells_pure
from tapewatch.sdk.region.file import Place, default_folder
from tapewatch.sdk.region.reader import Reader
from tapewatch.sdk.registry import Registry, Start

QUESTION = "What does an instrument cost the trading process, and what does being read cost it?"

BUCKETS = tuple(0.5 * 2**power for power in range(10))
VALUES = [random.Random(7).lognormvariate(4, 1) for _ in range(997)]


def run(scale: Scale) -> Outcome:
    """Time our operations and theirs in turn, then a hot loop while somebody reads."""
    full = scale is Scale.FULL
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        rows = operations(calls=100_000 if full else 50, repeats=15 if full else 1)
        rows.append(least(calls=100_000 if full else 50, repeats=25 if full else 1))
    finally:
        os.sched_setaffinity(0, before)
    rows += stalls(seconds=8.0 if full else 0.05, histograms=400 if full else 4)
    rows.append(imported(repeats=9 if full else 1))
    return Outcome(rows, notes=notes(), peer="prometheus_client")


def notes() -> list[str]:
    """Say what the figures lean on."""
    twin = "compiled" if cells.GUARDED else "readable"
    return [
        f"the {twin} twin runs; a clock is {time.get_clock_info('monotonic').implementation}",
        "every figure has the empty loop taken off; ratios are of such figures",
    ]


def operations(*, calls: int, repeats: int) -> list[Row]:
    """The cost of each operation in nanoseconds, ours beside theirs, with what it must reach."""
    names = {**ours(), **theirs(), **drop_in(), **common()}
    statements = {
        "loop": "pass",
        "C no-op call": "nothing()",
        "C no-op call with one argument": "nothing_of(value)",
        "clock": "clock()",
        "value source": "next_value()",
        "inc": "sent.inc()",
        "inc, prebound": "inc()",
        "inc of an amount": "sent.inc(2.0)",
        "set": "depth.set(3.5)",
        "observe": "took.observe(next_value())",
        "labels": "orders.labels('binance', 'limit', 'buy').inc()",
        "labels of new texts": "orders.labels(f'{value}', 'limit', 'buy').inc()",
        "timed": "with took.time(): pass",
        "push": "push(1, 2.5, 7)",
        "push with text": "push(1, 'BTCUSDT', 2.5, 7)",
        "their inc": "p_sent.inc()",
        "their set": "p_depth.set(3.5)",
        "their observe": "p_took.observe(next_value())",
        "their labels": "p_orders.labels('binance', 'limit', 'buy').inc()",
        "their timed": "with p_took.time(): pass",
        "their log line": "log('%s %s', 2.5, 7)",
        "drop-in inc": "d_sent.inc()",
        "drop-in set": "d_depth.set(3.5)",
        "drop-in observe": "d_took.observe(next_value())",
        "drop-in labels": "d_orders.labels('binance', 'limit', 'buy').inc()",
        "drop-in timed": "with d_took.time(): pass",
        "pure inc": "pure_sent.inc()",
        "pure set": "pure_depth.set(3.5)",
        "pure observe": "pure_took.observe(next_value())",
        "pure timed": "with pure_took.time(): pass",
    }
    timers = [_loop(statement, names, calls) for statement in statements.values()]
    measured = time_each(*timers, repeats=repeats)
    told = dict(zip(statements, (_per_call(each, calls) for each in measured), strict=True))
    return _rows({name: _without(ns, told["loop"]) for name, ns in told.items()})


def _loop(statement: str, names: Mapping[str, Any], calls: int) -> Callable[[], object]:
    timer = timeit.Timer(statement, globals=dict(names))
    return lambda: timer.timeit(calls)


def _per_call(timing: Timing, calls: int) -> tuple[float, float, float]:
    low, high = timing.spread
    return timing.median / calls * 1e9, low / calls * 1e9, high / calls * 1e9


def _without(
    ns: tuple[float, float, float], loop: tuple[float, float, float]
) -> tuple[float, float, float]:
    # Few calls beside a loop that was interrupted may look like less than nothing.
    median, low, high = (max(each - loop[0], 0.1) for each in ns)
    return median, low, high


def _rows(ns: Mapping[str, tuple[float, float, float]]) -> list[Row]:
    no_op, no_op_of_one, clock, source = (
        ns[name][0]
        for name in ("C no-op call", "C no-op call with one argument", "clock", "value source")
    )

    def row(
        name: str, key: str, *, peer: str = "", must: float | None = None, compared: bool = True
    ) -> Row:
        median, low, high = ns[key]
        beside = ns[peer][0] if peer else None
        return Row(
            name, median, "ns", beside, must, spread=(low, high), compared=compared and bool(peer)
        )

    return [
        row("counter inc", "inc", peer="their inc", must=min(15.0, 2 * no_op, 2 * no_op_of_one)),
        row("counter inc, method prebound", "inc, prebound"),
        row("counter inc of an amount", "inc of an amount"),
        row("gauge set", "set", peer="their set", must=18.0),
        row("histogram observe, varying", "observe", peer="their observe", must=25.0 + source),
        row("label lookup and inc", "labels", peer="their labels", must=70.0),
        row("label lookup by a new text", "labels of new texts"),
        row("timed block", "timed", peer="their timed", must=2 * clock + 40),
        row("drop-in: inc", "drop-in inc", peer="their inc", must=ns["their inc"][0]),
        row("drop-in: set", "drop-in set", peer="their set", must=ns["their set"][0]),
        row("drop-in: observe, varying", "drop-in observe", peer="their observe",
            must=ns["their observe"][0]),
        row("drop-in: label lookup and inc", "drop-in labels", peer="their labels",
            must=ns["their labels"][0]),
        row("drop-in: timed block", "drop-in timed", peer="their timed",
            must=ns["their timed"][0]),
        row("ring push, two numbers", "push", peer="their log line", must=50.0),
        row("ring push, a text and two numbers", "push with text"),
        row("C no-op call", "C no-op call"),
        row("C no-op call with one argument", "C no-op call with one argument"),
        row("clock read", "clock"),
        row("value source", "value source"),
        row("readable twin: inc", "pure inc", peer="their inc", must=ns["their inc"][0],
            compared=False),
        row("readable twin: set", "pure set", peer="their set", must=ns["their set"][0],
            compared=False),
        row("readable twin: observe", "pure observe", peer="their observe",
            must=ns["their observe"][0], compared=False),
        row("readable twin: timed block", "pure timed", peer="their timed",
            must=ns["their timed"][0], compared=False),
    ]  # fmt: skip


def least(*, calls: int, repeats: int) -> Row:
    """The fastest inc while another core copies the region as often as it can, and without it."""
    home = registry("least")
    sent = instruments.Counter("sent_total", "Sent", registry=home).bind()
    timer = timeit.Timer("inc()", globals={"inc": sent.inc})
    unread = min(timer.repeat(repeats, calls)) / calls * 1e9
    stop = _read_outside(home, pause_seconds=0.001)(0.0)
    try:
        read = min(timer.repeat(repeats, calls)) / calls * 1e9
    finally:
        stop()
    return Row(
        "counter inc, the fastest while read at 1 kHz, with the loop",
        read,
        "ns",
        must=1.2 * unread,
        compared=False,
        others={"unread": unread},
    )


def registry(name: str) -> Registry:
    """Make a registry with a region of its own."""
    made = Registry({})
    made.start(Start("bench", name, Place(default_folder())))
    return made


def ours() -> dict[str, Any]:
    """The operations of the twin in use, and of the readable one."""
    home = registry("sdk")
    labels = ("venue", "type", "side")
    orders = instruments.Counter("orders_total", "Orders", labels=labels, registry=home)
    sent = orders.bind(venue="binance", type="limit", side="buy")
    pure = cells_pure.Memory(1 << 20)
    return {
        "home": home,
        "orders": orders,
        "sent": sent,
        "inc": sent.inc,
        "depth": instruments.Gauge("depth", "Depth", registry=home).bind(),
        "took": instruments.Histogram("took_us", "Time", unit="us", registry=home).bind(),
        "push": home.ring.push,
        "pure_sent": cells_pure.CounterHandle(pure, 4096),
        "pure_depth": cells_pure.GaugeHandle(pure, 4104),
        "pure_took": cells_pure.HistogramHandle(pure, 8192, -79, 320, False, 1e3),
    }


def drop_in() -> dict[str, Any]:
    """The operations of prometheus_client's face over the region."""
    home = prometheus.CollectorRegistry()
    orders = prometheus.Counter(
        "drop_in_orders", "Orders", ["venue", "type", "side"], registry=home
    )
    return {
        "d_orders": orders,
        "d_sent": orders.labels("binance", "limit", "buy"),
        "d_depth": prometheus.Gauge("drop_in_depth", "Depth", registry=home),
        "d_took": prometheus.Histogram("drop_in_took", "Time", buckets=BUCKETS, registry=home),
    }


def theirs() -> dict[str, Any]:
    """The same of prometheus_client, and a line of stdlib logging to nowhere."""
    home = CollectorRegistry()
    labels = ["venue", "type", "side"]
    orders = prometheus_client.Counter("orders", "Orders", labels, registry=home)
    logger = logging.getLogger("bench.sdk")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler(Path(os.devnull).open("w")))  # noqa: SIM115 - kept
    return {
        "p_orders": orders,
        "p_sent": orders.labels("binance", "limit", "buy"),
        "p_depth": prometheus_client.Gauge("depth", "Depth", registry=home),
        "p_took": prometheus_client.Histogram("took", "Time", buckets=BUCKETS, registry=home),
        "log": logger.info,
    }


def common() -> dict[str, Any]:
    """What every statement may use."""
    return {
        "nothing": gc.isenabled,
        "nothing_of": gc.is_tracked,
        "value": 3.5,
        "clock": time.perf_counter_ns,
        "next_value": itertools.cycle(VALUES).__next__,
    }


def stalls(*, seconds: float, histograms: int) -> list[Row]:
    """A hot loop on many histograms: unread, read from outside, and scraped by a thread."""
    home, peer = registry("stalls"), CollectorRegistry()
    handles = _our_handles(home, histograms)
    unread = hot_loop(handles, seconds, lambda _: lambda: None)
    read = hot_loop(handles, seconds, _read_outside(home))
    scraped = hot_loop(_their_handles(peer, histograms), seconds, _scrape_inside(peer))
    name = f"hot loop, {13 * histograms} series read at 1 Hz"
    return [
        Row(
            f"{name}: stalls over 2 ms",
            len([gap for gap in read if gap > 2.0]),
            "",
            len([gap for gap in scraped if gap > 2.0]),
            must=0.0,
            compared=False,
            others={"unread": len([gap for gap in unread if gap > 2.0])},
        ),
        Row(
            f"{name}: the longest",
            max(read, default=0.0),
            "ms",
            max(scraped, default=0.0),
            compared=False,
            others={"unread": max(unread, default=0.0)},
        ),
    ]


def _our_handles(home: Registry, count: int) -> list[Any]:
    family = instruments.Histogram(
        "latency_us", "Time", labels=("symbol",), unit="us", registry=home
    )
    return [family.bind(symbol=f"S{number}") for number in range(count)]


def _their_handles(home: CollectorRegistry, count: int) -> list[Any]:
    family = prometheus_client.Histogram(
        "latency", "Time", ["symbol"], buckets=BUCKETS, registry=home
    )
    return [family.labels(f"S{number}") for number in range(count)]


def hot_loop(
    handles: list[Any], seconds: float, reading: Callable[[float], Callable[[], None]]
) -> list[float]:
    """
    Observe as fast as possible on a core of its own, and keep every gap over 0.2 ms.

    A gap in which the system gave the core to somebody else tells of the machine and not of the
    reading, so those are left out. Waiting for the interpreter's lock is no such gap.
    """
    everywhere = os.sched_getaffinity(0)
    stop = reading(seconds)
    os.sched_setaffinity(threading.get_native_id(), {max(everywhere)})
    try:
        return _gaps_ms(handles, seconds)
    finally:
        os.sched_setaffinity(threading.get_native_id(), everywhere)
        stop()


def _gaps_ms(handles: list[Any], seconds: float) -> list[float]:
    gaps, clock = [], time.perf_counter_ns
    turn = itertools.cycle(handles).__next__
    taken_away = _switches()
    last = clock()
    end = last + round(seconds * 1e9)
    while last < end:
        turn().observe(3.5)
        now = clock()
        if now - last > 200_000:
            if taken_away == _switches():
                gaps.append((now - last) / 1e6)
            taken_away, now = _switches(), clock()
        last = now
    return gaps


def _switches() -> int:
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


_READER = """
import os, sys, time
from pathlib import Path
from tapewatch.sdk.region.layout import Kind
from tapewatch.sdk.region.reader import Reader
cores = set(range(os.cpu_count()))
os.sched_setaffinity(0, cores - {max(cores)} or cores)
reader = Reader(Path(sys.argv[1]))
while True:
    seen = reader.snapshot()
    for series in seen.series:
        if series.family.kind is Kind.HISTOGRAM:
            seen.histogram(series)
    time.sleep(float(sys.argv[2]))
"""


def _read_outside(
    home: Registry, *, pause_seconds: float = 1.0
) -> Callable[[float], Callable[[], None]]:
    path = home.status().path
    assert path is not None
    with Reader(path) as reader:
        assert list(reader.snapshot().series)

    def begin(_: float) -> Callable[[], None]:
        process = subprocess.Popen([sys.executable, "-c", _READER, str(path), str(pause_seconds)])

        def stop() -> None:
            process.kill()
            process.wait()

        return stop

    return begin


def _scrape_inside(home: CollectorRegistry) -> Callable[[float], Callable[[], None]]:
    def begin(seconds: float) -> Callable[[], None]:
        over = threading.Event()

        def scrape() -> None:
            while not over.wait(min(1.0, seconds / 4)):
                generate_latest(home)

        thread = threading.Thread(target=scrape)
        thread.start()

        def stop() -> None:
            over.set()
            thread.join()

        return stop

    return begin


def imported(*, repeats: int) -> Row:
    """How long a fresh interpreter needs for the import, its own start taken off."""
    taken = [_import_ms("tapewatch.sdk") for _ in range(repeats)]
    peers = [_import_ms("prometheus_client") for _ in range(repeats)]
    ours_ms, theirs_ms = Timing(taken), Timing(peers)
    return Row("import", ours_ms.median, "ms", theirs_ms.median, must=30.0, spread=ours_ms.spread)


def _import_ms(module: str) -> float:
    program = (
        f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return float(told.stdout) * 1e3
