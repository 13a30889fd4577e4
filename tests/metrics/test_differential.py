"""
Generated queries on generated samples: our engine and Debian's Prometheus must say the same.

Prometheus 2.42 and 3 differ on purpose (windows open to the left, the limit of extrapolation to
zero); the samples are laid so that these differences cannot show: none stands on the border of a
window, and counters begin far from zero. What 2.42 has wrong is not generated: ``atan2`` keeps the
metric's name there, ``predict_linear`` forgets its window under ``@``, and the deviation of a
single NaN is 0.
"""

import math
import random

import pytest
from tests.metrics.prometheus_peer import prometheus

from tapewatch.metrics.memory import MemorySource
from tapewatch.metrics.promql.engine import Engine
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.model.labels import Labels
from tapewatch.model.numbers import parse_float

T0 = 1_700_000_100_000
STEP = 15_000
OFF_THE_BORDER = 3_333
QUERIES = 400


def samples(rng, kind):
    value = rng.uniform(1e6, 2e6) if kind == "counter" else rng.uniform(-50, 50)
    for i in range(240):
        if rng.random() < 0.04:
            continue
        if kind == "counter":
            value = rng.uniform(0, 9) if rng.random() < 0.01 else value + rng.expovariate(0.1)
        else:
            value += rng.gauss(0, 3)
        yield T0 + i * STEP + OFF_THE_BORDER, value


def make_series(rng):
    found = {}
    for venue in ("binance", "kraken", "okx"):
        for symbol in ("BTC", "ETH"):
            both = {"venue": venue, "symbol": symbol}
            counter = Labels.of({"__name__": "orders_total", **both})
            found[counter] = list(samples(rng, "counter"))
            for name in ("price", "spread"):
                found[Labels.of({"__name__": name, **both})] = list(samples(rng, "gauge"))
    for le in ("0.1", "1", "10", "+Inf"):
        labels = Labels.of({"__name__": "latency_bucket", "le": le, "venue": "okx"})
        scale = {"0.1": 1, "1": 3, "10": 6, "+Inf": 7}[le]
        found[labels] = [(T0 + i * STEP + OFF_THE_BORDER, 1e6 + i * scale) for i in range(240)]
    return found


class Grammar:
    """Writes random queries that both versions understand."""

    GAUGES = ("price", "spread")
    FUNCTIONS = ("abs", "ceil", "floor", "sqrt", "exp", "ln", "log2", "sgn", "deg", "timestamp")
    WINDOWS = (
        *("avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time"),
        *("last_over_time", "stddev_over_time", "stdvar_over_time", "present_over_time"),
        *("changes", "deriv", "delta", "idelta"),
    )
    COUNTERS = ["rate", "increase", "irate", "resets"]
    AGGREGATES = ["sum", "avg", "min", "max", "count", "group"]
    OPERATORS = [
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "==",
        "!=",
        ">",
        "<",
        ">=",
        "<=",
    ]

    def __init__(self, rng):
        self.rng = rng

    def query(self):
        return self.vector(3)

    def vector(self, depth):
        leaves = [self.selector, self.windowed, self.quantile]
        inner = [self.function, self.aggregate, self.binary, self.set, self.topk, self.subquery]
        return self.rng.choice(leaves if depth <= 0 else leaves + inner * 2)(depth - 1)

    def matchers(self):
        matchers = [
            '{venue="okx"}',
            '{venue=~"o.*|k.*"}',
            '{symbol!="BTC"}',
            '{venue!~"bin.+"}',
            "",
            "",
            "",
        ]
        return self.rng.choice(matchers)

    def modifier(self):
        offset = self.rng.choice([" offset 5m", " offset -1m", f" @ {T0 / 1000 + 900:.0f}"])
        return self.rng.choice(["", "", "", offset])

    def selector(self, _depth):
        return self.rng.choice(self.GAUGES) + self.matchers() + self.modifier()

    def window(self):
        return self.rng.choice(["[1m]", "[5m]", "[90s]", "[20m]"])

    def windowed(self, _depth):
        if self.rng.random() < 0.5:
            name = self.rng.choice(self.COUNTERS)
            return f"{name}(orders_total{self.matchers()}{self.window()}{self.modifier()})"
        metric = self.rng.choice(self.GAUGES) + self.matchers() + self.window()
        placed = metric + self.modifier()
        choices = [f"quantile_over_time(0.3, {placed})", f"predict_linear({metric}, 60)"]
        return self.rng.choice([*choices, f"{self.rng.choice(self.WINDOWS)}({placed})"])

    def quantile(self, _depth):
        by = self.rng.choice(["sum by (le, venue)", "sum by (le)", ""])
        return f"histogram_quantile(0.{self.rng.randrange(1, 10)}, {by}(rate(latency_bucket[5m])))"

    def function(self, depth):
        inner = self.vector(depth)
        special = [
            f"clamp({inner}, -5, 40)",
            f"label_replace({inner}, 'desk', '$1-x', 'venue', '(.).*')",
            f"absent({inner})",
            f"-({inner})",
            f"scalar({inner}) + {self.vector(depth)}",
        ]
        return self.rng.choice([*special, f"{self.rng.choice(self.FUNCTIONS)}({inner})"])

    def grouping(self):
        return self.rng.choice(["", " by (venue)", " by (symbol)", " without (venue)", " by ()"])

    def aggregate(self, depth):
        if self.rng.random() < 0.2:
            # The deviation of a selector's values: nothing under it makes a NaN.
            name = self.rng.choice(["stddev", "stdvar"])
            return f"{name}{self.grouping()} ({self.selector(depth)})"
        return f"{self.rng.choice(self.AGGREGATES)}{self.grouping()} ({self.vector(depth)})"

    def topk(self, depth):
        name = self.rng.choice(["quantile by (symbol) (0.7,", "count by (venue) (", "max ("])
        return f"{name} {self.vector(depth)})"

    def binary(self, depth):
        bool_word = " bool" if (op := self.rng.choice(self.OPERATORS)) in "== != > <" else ""
        match = self.rng.choice(["", " on (venue, symbol)", " ignoring (le)"])
        left = self.vector(depth)
        right = self.rng.choice([self.vector(depth), "2", "0.5"])
        return f"({left}) {op}{bool_word}{match if right[0].isalpha() else ''} ({right})"

    def set(self, depth):
        op = self.rng.choice(["and", "or", "unless"])
        on = self.rng.choice(["", " on (venue)"])
        return f"({self.vector(depth)}) {op}{on} ({self.vector(depth)})"

    def subquery(self, depth):
        name = self.rng.choice(["max_over_time", "avg_over_time", "last_over_time"])
        return f"{name}(({self.vector(depth)})[330s:1m])"


def as_dict(answer):
    return {
        series.labels: dict(zip(series.timestamps_ms.tolist(), series.values.tolist(), strict=True))
        for series in answer.result.series
        if len(series.values)
    }


def told_as_dict(told):
    return {
        Labels.of(series["metric"]): {
            round(float(at) * 1000): parse_float(value) for at, value in series["values"]
        }
        for series in told["data"]["result"]
    }


def close(left, right):
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return left == right or abs(left - right) <= 1e-6 * max(abs(left), abs(right), 1e-6)


def differs(ours, theirs):
    if ours.keys() != theirs.keys():
        return f"series {set(map(str, ours.keys() ^ theirs.keys()))}"
    for labels in ours:
        if ours[labels].keys() != theirs[labels].keys():
            return f"{labels} at {sorted(ours[labels].keys() ^ theirs[labels].keys())[:3]}"
        for at, value in ours[labels].items():
            if not close(value, theirs[labels][at]):
                return f"{labels} at {at}: ours {value!r}, theirs {theirs[labels][at]!r}"
    return ""


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_queries_get_the_same_answers(tmp_path, seed):
    rng = random.Random(seed)
    series = make_series(rng)
    source = MemorySource()
    for labels, points in series.items():
        for at_ms, value in points:
            source.append(labels, at_ms, value)
    engine, grammar, wrong, failed = Engine(), Grammar(rng), [], 0
    window = T0 + 900_000, T0 + 3_000_000, 60_000
    with prometheus(tmp_path, series) as ask:
        for _ in range(QUERIES):
            text = grammar.query()
            told = ask(text, *window)
            try:
                ours = engine.range(source, text, *window)
            except QueryError as fault:
                failed += 1
                if told["status"] != "error":
                    wrong.append(f"{text}\n    ours fails: {fault}")
                continue
            if told["status"] == "error":
                wrong.append(f"{text}\n    theirs fails: {told['error']}")
            elif difference := differs(as_dict(ours), told_as_dict(told)):
                wrong.append(f"{text}\n    {difference}")
    assert not wrong, f"{len(wrong)} of {QUERIES} differ:\n" + "\n".join(wrong[:10])
    assert failed < QUERIES / 3, "most generated queries should be valid"
