"""Checks of how metrics are declared."""

import re
from collections.abc import Iterator
from math import prod
from typing import Final

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.metric import Metric, type_of
from tapewatch.model.numbers import format_float_go

SERIES_MAX: Final = 100_000
_UNBOUNDED = re.compile(
    r"(?:^|_)(?:id|uuid|guid|message|msg|amount|price|qty|quantity|timestamp|time|url|uri|ip|email"
    r"|user|username|query|hash|count|value|nonce|address|text|path|trace|span|session)$"
)
_FALLING = re.compile(
    r"(?:^|_)(?:pnl|profit|position|positions|balance|exposure|equity|inventory|depth|current|open"
    r"|active|utilization|usage|percent|ratio|daily|drawdown|temperature)(?:_|$)"
)
_RESET = re.compile(r"\breset(?:s|ting)?\b|\bmidnight\b|\beach day\b|\bper day\b")
_SIGNED = re.compile(
    r"(?:^|_)(?:slippage|pnl|skew|drift|deviation|delta|improvement|offset|imbalance)(?:_|$)"
)


def find_unbounded_label(review: Review) -> Iterator[Hit]:
    """Find labels whose values never end."""
    for name, label in _unbounded(review):
        if _UNBOUNDED.search(label):
            yield Hit(
                "metrics",
                name,
                ("labels",),
                f"the label {label} has a new value for almost every event, and each one is a new "
                "series for ever; put it into the log or the trace instead",
            )


def find_label_without_bound(review: Review) -> Iterator[Hit]:
    """Find labels of which nobody says how many values they have."""
    for name, label in _unbounded(review):
        if not _UNBOUNDED.search(label):
            yield Hit(
                "metrics",
                name,
                ("labels",),
                f"nothing says which values {label} has: declare it under labels, with values or "
                "at_most",
            )


def _unbounded(review: Review) -> Iterator[tuple[str, str]]:
    catalog = review.catalog
    for name, metric in catalog.metrics.items():
        for label in metric.labels.own:
            if not catalog.label_of(name, label).value_count:
                yield name, label


def find_falling_counter(review: Review) -> Iterator[Hit]:
    """Find counters of things that fall."""
    for name, metric in review.catalog.metrics.items():
        if type_of(name, metric) == "counter" and _falls(name, metric):
            yield Hit(
                "metrics",
                name,
                ("type",),
                "is a counter, and what it counts can fall: every fall looks like a restart and "
                "is added once more; make it a gauge, or count gains and losses apart",
            )


def _falls(name: str, metric: Metric) -> bool:
    words = name if not name.endswith("_total") else ""
    signed = metric.signed or _FALLING.search(words) is not None
    return signed or _RESET.search(metric.help.lower()) is not None


def find_rising_gauge(review: Review) -> Iterator[Hit]:
    """Find gauges that are called like counters."""
    for name, metric in review.catalog.metrics.items():
        if type_of(name, metric) == "gauge" and name.endswith("_total"):
            yield Hit(
                "metrics",
                name,
                ("type",),
                "is a gauge, and its name ends in _total as a counter's: make it a counter, or "
                "give it another name",
            )


def find_negative_below_buckets(review: Review) -> Iterator[Hit]:
    """Find histograms of signed values whose buckets begin at zero."""
    for name, metric in review.catalog.metrics.items():
        bounds = metric.buckets.bounds
        signed = metric.signed or _SIGNED.search(name)
        if not bounds or bounds[0] < 0 or not signed:
            continue
        yield Hit(
            "metrics",
            name,
            ("buckets",),
            f"values below zero all fall into the bucket {format_float_go(bounds[0])} and are "
            "lost: begin with negative bounds, or use native buckets",
        )


def find_too_many_series(review: Review) -> Iterator[Hit]:
    """Find metrics whose labels multiply."""
    for name, metric in review.catalog.metrics.items():
        counts = [review.catalog.label_of(name, label).value_count for label in metric.labels.own]
        series = prod(count for count in counts if count) * (len(metric.buckets.bounds) + 3)
        if series > SERIES_MAX:
            yield Hit(
                "metrics",
                name,
                ("labels",),
                f"can become {series} series for each process, {SERIES_MAX} are reasonable: drop a "
                "label, list fewer values, or use native buckets",
            )


CHECKS = (
    Check(
        "TW201",
        "unbounded-label",
        "Every value of a label is a series that is kept and indexed. Identifiers, messages and "
        "amounts make a new one with every event, until memory ends.",
        "metrics:\n  pnl_usd: {help: Profit and loss., labels: [trade_id]}\n",
        "metrics:\n  pnl_usd: {help: Profit and loss., labels: {strategy: [momentum, mean]}}\n",
        find_unbounded_label,
    ),
    Check(
        "TW202",
        "label-without-bound",
        "Who declares a label says which values it has, or how many. Without that, nobody has "
        "thought about how many series there will be.",
        "metrics:\n  ticks_total: {help: Ticks., labels: [symbol]}\n",
        "metrics:\n  ticks_total: {help: Ticks., labels: {symbol: 500}}\n",
        find_label_without_bound,
    ),
    Check(
        "TW203",
        "counter-that-falls",
        "A counter only rises; a fall means that the process has restarted, and what stands after "
        "it is added. Profit, positions and what is set to zero at midnight are gauges.",
        "metrics:\n  realized_pnl_usd: {help: Realised profit and loss., type: counter}\n",
        "metrics:\n  realized_pnl_usd: {help: Realised profit and loss., signed: true}\n",
        find_falling_counter,
    ),
    Check(
        "TW204",
        "gauge-named-total",
        "`_total` tells everybody, and every tool, that this is a counter.",
        "metrics:\n  positions_total: {help: Open positions., type: gauge}\n",
        "metrics:\n  positions_open: {help: Open positions.}\n",
        find_rising_gauge,
    ),
    Check(
        "TW205",
        "negative-below-buckets",
        "Slippage can be a gain, a clock can be early. In a histogram that begins at zero all of "
        "that is one bucket, and the quantiles tell only of the bad half.",
        "metrics:\n  slippage_bps: {help: Slippage., buckets: [0, 1, 5, 10, 25]}\n",
        "metrics:\n  slippage_bps:\n    help: Slippage.\n    signed: true\n"
        "    buckets: [-25, -10, -5, -1, 0, 1, 5, 10, 25]\n",
        find_negative_below_buckets,
    ),
    Check(
        "TW206",
        "too-many-series",
        "The values of labels multiply, and a histogram multiplies them once more by its buckets.",
        "metrics:\n  ticks_total: {help: Ticks., labels: {symbol: 5000, venue: 20, kind: 5}}\n",
        "metrics:\n  ticks_total: {help: Ticks., labels: {symbol: 500, venue: 20}}\n",
        find_too_many_series,
    ),
)
