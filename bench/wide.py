"""
One wide query over HTTP from sealed blocks: 10,000 series, an hour, 220 steps.

Samples lie 3 s beside the steps, so that none is on the border of a window, where alone Prometheus
before 3.0 differs from the later ones. The answer is compared with the definition of ``rate``.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import servers
from bench.data import AT_REST, BASE_MS, Sheet, counters, load_prometheus, load_victoria, store
from bench.harness import Outcome, Row, Scale, time_each, version_of
from bench.servers import OURS, PROMETHEUS, VICTORIA, Answers, Server, difference, read_answer

QUESTION = "How long does sum by (symbol)(rate(m[5m])) take over 10,000 series and 220 steps?"
EXPRESSION = "sum by (symbol)(rate(orders_total[5m]))"
INTERVAL_SECONDS, WINDOW_SECONDS, STEP_SECONDS, BESIDE_SECONDS = 10, 300, 15, 3
MUST_MS = 25.0


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    series: int
    points: int
    steps: int
    repeats: int


FULL = Size(series=10_000, points=360, steps=220, repeats=15)
TINY = Size(series=100, points=60, steps=20, repeats=1)


def run(scale: Scale) -> Outcome:
    """Ask every server in turn."""
    size = FULL if scale is Scale.FULL else TINY
    sheet = counters(size.series, size.points, INTERVAL_SECONDS * 1000)
    sheet = replace(sheet, times_ms=sheet.times_ms + BESIDE_SECONDS * 1000)
    with tempfile.TemporaryDirectory() as folder:
        asked = filled(Path(folder), [sheet], scale)
        with servers.running(*asked):
            for server in asked:
                if server.name == VICTORIA:
                    load_victoria(server, [sheet])
            check(asked, sheet, size)
            timings = time_each(*(asking(server, size) for server in asked), repeats=size.repeats)
    by_name = dict(zip((server.name for server in asked), timings, strict=True))
    peer, other = by_name.get(PROMETHEUS), by_name.get(VICTORIA)
    low, high = by_name[OURS].spread
    row = Row(
        f"{size.series} series, {size.points} points, {size.steps} steps",
        by_name[OURS].median * 1000,
        "ms",
        peer.median * 1000 if peer else None,
        MUST_MS if scale is Scale.FULL else None,
        spread=(low * 1000, high * 1000),
        others={"VictoriaMetrics": other.median * 1000} if other else {},
    )
    return Outcome([row], [version_of(PROMETHEUS)] if peer else [], peer="Prometheus")


def filled(folder: Path, sheets: Sequence[Sheet], scale: Scale) -> list[Server]:
    """Build every server, ours and Prometheus with blocks."""
    store(folder / OURS / "data", sheets)
    built = [servers.ours(folder / OURS, {"storage": AT_REST})]
    if scale is Scale.FULL and servers.has(PROMETHEUS):
        load_prometheus(folder / PROMETHEUS, sheets)
        built.append(servers.prometheus(folder / PROMETHEUS))
    if scale is Scale.FULL and servers.has(VICTORIA):
        built.append(servers.victoria(folder / VICTORIA))
    return built


def steps_of(size: Size) -> NDArray[np.int64]:
    """Return the seconds of the steps, the last a step before the end of the data."""
    end = size.points * INTERVAL_SECONDS - STEP_SECONDS
    return BASE_MS // 1000 + end - STEP_SECONDS * np.arange(size.steps - 1, -1, -1)


def asking(server: Server, size: Size):
    """Return the work that is timed."""
    steps = steps_of(size)
    first, last = int(steps[0]), int(steps[-1])
    return lambda: server.query_range(EXPRESSION, first, last, STEP_SECONDS)


def check(asked: Sequence[Server], sheet: Sheet, size: Size) -> None:
    """Compare the answers with what follows from the definition."""
    expected = by_definition(sheet, steps_of(size))
    for server in asked:
        if server.name != VICTORIA:  # Its rate is another one, by design.
            unlike = difference(expected, read_answer(asking(server, size)()))
            assert not unlike, f"{server.name}: {unlike}"


def by_definition(sheet: Sheet, steps: NDArray[np.int64]) -> Answers:
    """Work out the sums of rates by symbol, step by step."""
    columns = np.array([_rates(sheet, int(step)) for step in steps]).T
    symbols = np.array([labels.get("symbol") for labels in sheet.labels])
    answer: Answers = {}
    for symbol in np.unique(symbols).tolist():
        told = columns[symbols == symbol].sum(axis=0)
        here = ~np.isnan(told)
        answer[frozenset([("symbol", symbol)])] = steps[here].astype(np.float64), told[here]
    return answer


def _rates(sheet: Sheet, step: int) -> NDArray[np.float64]:
    """Return each counter's rate in the window that ends at ``step``; nothing falls here."""
    times = sheet.times_ms / 1000
    inside = np.flatnonzero((times > step - WINDOW_SECONDS) & (times <= step))
    if len(inside) < 2:
        return np.full(len(sheet.values), np.nan)
    first, last = inside[0], inside[-1]
    growth, start = sheet.values[:, last] - sheet.values[:, first], sheet.values[:, first]
    span = times[last] - times[first]
    usual = span / (len(inside) - 1)
    before, after = (
        gap if gap < 1.1 * usual else usual / 2
        for gap in (times[first] - (step - WINDOW_SECONDS), step - times[last])
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        # A counter is not taken back to before it was zero.
        zero = np.where(growth > 0, span * start / growth, np.inf)
    stretched = (span + np.minimum(before, zero) + after) / span
    return np.asarray(growth * stretched / WINDOW_SECONDS)
