"""
Prometheus' own benchmark of range queries, over HTTP, beside Prometheus and VictoriaMetrics.

The data are 1,443 series of 18,640 points that grow by one every 10 s. Queries are asked 7 s before
a sample, so that no sample lies on the border of a window: there alone Prometheus before 3.0
differs from the later ones, and answers can be compared point by point.
"""

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import servers
from bench.data import AT_REST, BASE_MS, Sheet, kept_prometheus, kept_victoria, linear_sheets, store
from bench.harness import Outcome, Row, Scale, time_each, version_of
from bench.servers import OURS, PROMETHEUS, VICTORIA, Server, difference, read_answer

QUESTION = "How long does a range query take over HTTP, from the request to the last byte?"
INTERVAL_SECONDS = 10
BEFORE_SECONDS = 7
"""How long before a sample a query asks."""
SLOW_MS = 5.0
QUICK_MS = 1.0
FEATURES = ["promql-experimental-functions", "promql-extended-range-selectors"]


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    points: int
    steps: dict[int, int] = field(default_factory=dict)
    """What stands for each number of steps."""
    repeats: int = 7

    def steps_of(self, steps: int) -> int:
        """Return how many steps are asked for."""
        return self.steps.get(steps, steps)


FULL = Size(18_640)
TINY = Size(400, {100: 5, 1_000: 20, 10_000: 40}, repeats=1)


@dataclass(frozen=True)
class Case:
    """One query, and the number every point of its answer is known to be, where there is one."""

    expression: str
    steps: int
    value: float | None = None
    peers: str | None = None
    """How the peers have it, where it is another; empty where they do not."""
    refused_by: str = ""
    """A server that answers such a query with an error."""

    @property
    def name(self) -> str:
        """What the row is called."""
        return f"{self.expression} × {self.steps}"

    def asked_of(self, server: Server) -> str:
        """Return the expression for a server; empty where it does not know it."""
        if server.name == self.refused_by:
            return UNKNOWN
        return self.expression if server.name == OURS or self.peers is None else self.peers


RATE = 1 / INTERVAL_SECONDS
UNKNOWN = ""
PLAIN = (
    "a_X",
    "-a_X",
    "a_X - b_X",
    "a_X and b_X{l=~'.*[0-4]$'}",
    "a_X or b_X{l=~'.*[0-4]$'}",
    "a_X unless b_X{l=~'.*[0-4]$'}",
    "a_X and b_X{l='notfound'}",
    "abs(a_X)",
    "label_replace(a_X, 'l2', '$1', 'l', '(.*)')",
    "label_join(a_X, 'l2', '-', 'l', 'l')",
    "sum(a_X)",
    "avg(a_X)",
    "sum without (l)(h_X)",
    "sum without (le)(h_X)",
    "sum by (l)(h_X)",
    "sum by (le)(h_X)",
    "topk(1, a_X)",
    "topk(5, a_X)",
    "sum without (l)(rate(a_X[1m]))",
    "sum without (l)(rate(a_X[1m])) / sum without (l)(rate(b_X[1m]))",
    "histogram_quantile(0.9, rate(h_X[5m]))",
    "a_X + on(l) group_right a_one",
    "timestamp(a_X)",
    "changes(a_X[1d])",
    "absent_over_time(a_X[1d])",
)
NEW = (
    "limitk(1, a_X)",
    "limitk(5, a_X)",
    "limit_ratio(0.1, a_X)",
    "limit_ratio(0.5, a_X)",
    "limit_ratio(-0.5, a_X)",
)


def cases() -> Iterator[Case]:
    """List every query of the benchmark."""
    for steps in (1, 1_000):
        for size in ("one", "hundred"):
            yield Case(f"rate(a_{size}[1m])", steps, RATE)
            yield Case(f"rate(a_{size}[1d])", steps)
            yield Case(f"rate(a_{size}[1m] smoothed)", steps, RATE, UNKNOWN)
            yield Case(f"rate(a_{size}[1m]) + rate(b_{size}[1m])", steps, 2 * RATE)
            smoothing = f"double_exponential_smoothing(a_{size}[1d], 0.3, 0.3)"
            yield Case(smoothing, steps, peers=smoothing.replace(smoothing[:28], "holt_winters"))
            yield from (Case(text.replace("X", size), steps) for text in PLAIN)
            yield from (Case(text.replace("X", size), steps, peers=UNKNOWN) for text in NEW)
    yield Case("count_values('value', h_one)", 100)
    yield Case("count_values('value', h_hundred)", 100, refused_by=VICTORIA)
    yield Case('count({__name__!=""})', 1)
    yield Case('count({__name__!="",l=""})', 1)
    yield Case("rate(sparse[1m])", 10_000)
    yield Case("rate(sparse[1m] smoothed)", 10_000, peers=UNKNOWN)
    for size in ("one", "hundred"):
        yield Case(f"rate(a_{size}[1m])", 10_000, RATE)
        yield Case(f"rate(a_{size}[1m] smoothed)", 10_000, RATE, UNKNOWN)
        yield Case(f"a_{size} - b_{size}", 10_000)


@dataclass(frozen=True)
class Found:
    """How long one query took: ours, and the peers that know it."""

    case: Case
    ours: float
    spread: tuple[float, float]
    peers: dict[str, float]

    def row(self) -> Row:
        """Write the figures; rows above 5 ms in Prometheus count in the mean."""
        peer, other = self.peers.get(PROMETHEUS), self.peers.get(VICTORIA)
        return Row(
            self.case.name,
            self.ours,
            "ms",
            peer,
            spread=self.spread,
            compared=peer is not None and peer > SLOW_MS,
            others={} if other is None else {"VictoriaMetrics": other},
        )


def run(scale: Scale) -> Outcome:
    """Ask every query of every server, in turn."""
    size = FULL if scale is Scale.FULL else TINY
    sheets = linear_sheets(size.points)
    with tempfile.TemporaryDirectory() as folder:
        asked = filled(Path(folder), sheets, scale, size)
        with servers.running(*asked):
            wait_until_quiet(asked, scale)
            check_whole(asked, sheets, size)
            found = []
            for case in cases():
                check(case, asked, size)
                found.append(measure(case, asked, size))
    notes = [version_of(s.name) for s in asked if s.name == PROMETHEUS]
    return Outcome([*means(found), *(each.row() for each in found)], notes, peer="Prometheus")


def filled(folder: Path, sheets: Sequence[Sheet], scale: Scale, size: Size) -> list[Server]:
    """Build every server with the data in it."""
    store(folder / OURS / "data", sheets)
    built = [servers.ours(folder / OURS, {"storage": AT_REST, "query": {"features": FEATURES}})]
    key: dict[str, object] = {"data": "linear", "points": size.points, "base_ms": BASE_MS}
    if scale is Scale.FULL and servers.has(PROMETHEUS):
        kept_prometheus("linear", key, sheets, folder / PROMETHEUS)
        built.append(servers.prometheus(folder / PROMETHEUS))
    if scale is Scale.FULL and servers.has(VICTORIA):
        kept_victoria("linear", key, sheets, folder / VICTORIA)
        built.append(servers.victoria(folder / VICTORIA))
    return built


def wait_until_quiet(asked: Sequence[Server], scale: Scale) -> None:
    """Let the servers do what they do after a start: compact, above all."""
    deadline = time.perf_counter() + (60 if scale is Scale.FULL else 0)
    while time.perf_counter() < deadline:
        before = [server.cpu_seconds() for server in asked]
        time.sleep(2)
        if all(
            server.cpu_seconds() - former < 0.1
            for server, former in zip(asked, before, strict=True)
        ):
            return


def check_whole(asked: Sequence[Server], sheets: Sequence[Sheet], size: Size) -> None:
    """Count the samples that each server has."""
    expected = sum(sheet.samples for sheet in sheets)
    names = sorted({labels.name for sheet in sheets for labels in sheet.labels})
    at = BASE_MS / 1000 + size.points * INTERVAL_SECONDS
    for server in asked:
        found = sum(server.number(f"sum(count_over_time({name}[4d]))", at) for name in names)
        assert found == expected, f"{server.name} has {found:.0f} samples of {expected}"


def ask(case: Case, server: Server, size: Size) -> bytes:
    """Ask one query of one server."""
    steps = size.steps_of(case.steps)
    end = BASE_MS // 1000 + size.points * INTERVAL_SECONDS - BEFORE_SECONDS
    start = end - steps * INTERVAL_SECONDS
    return server.query_range(case.asked_of(server), start, end, INTERVAL_SECONDS)


def check(case: Case, asked: Sequence[Server], size: Size) -> None:
    """Compare our answer with what is known and with Prometheus'."""
    mine = read_answer(ask(case, asked[0], size))
    if case.value is not None:
        assert mine, f"{case.name} is empty"
        for _, values in mine.values():
            # The last point is left out: what is smoothed lacks a later sample there.
            assert np.allclose(values[:-1], case.value, rtol=1e-9), f"{case.name}: {values[:5]}"
    for server in asked[1:]:
        if server.name == PROMETHEUS and case.asked_of(server):
            unlike = difference(mine, read_answer(ask(case, server, size)))
            assert not unlike, f"{case.name}: {unlike}"


def measure(case: Case, asked: Sequence[Server], size: Size) -> Found:
    """Time one query in turn on every server that knows it."""
    knowing = [server for server in asked if case.asked_of(server)]
    works = [asking(case, server, size) for server in knowing]
    began = time.perf_counter()
    for work in works:
        work()
    slow = time.perf_counter() - began > 2
    timings = time_each(*works, repeats=min(size.repeats, 3) if slow else size.repeats, warm_ups=0)
    medians = [timing.median * 1000 for timing in timings]
    low, high = timings[0].spread
    peers = {server.name: ms for server, ms in zip(knowing[1:], medians[1:], strict=True)}
    return Found(case, medians[0], (low * 1000, high * 1000), peers)


def asking(case: Case, server: Server, size: Size) -> Callable[[], bytes]:
    """Return the work that is timed."""
    return lambda: ask(case, server, size)


def means(found: Sequence[Found]) -> list[Row]:
    """Write the three figures that are asked for."""
    slow = [f.peers[PROMETHEUS] / f.ours for f in found if f.peers.get(PROMETHEUS, 0) > SLOW_MS]
    beside = [f.peers[VICTORIA] / f.ours for f in found if VICTORIA in f.peers]
    quick = [f.ours for f in found if f.peers.get(PROMETHEUS, math.inf) < QUICK_MS]
    rows = []
    if slow:
        name = "times as fast as Prometheus, mean of the rows above 5 ms"
        rows.append(_mean_row(name, slow, 5.0))
    if beside:
        name = "times as fast as VictoriaMetrics, mean of all rows"
        rows.append(_mean_row(name, beside, 1.0))
    if quick:
        name = "slowest of the rows below 1 ms in Prometheus"
        rows.append(Row(name, max(quick), "ms", must=2.0, compared=False))
    return rows


def _mean_row(name: str, ratios: Sequence[float], must: float) -> Row:
    mean = statistics.geometric_mean(ratios)
    return Row(name, mean, "x", must=must, larger_is_better=True, compared=False)
