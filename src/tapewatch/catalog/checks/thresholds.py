"""Checks of what an alert compares with."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review, ReviewedAlert
from tapewatch.catalog.meaning import (
    Comparison,
    comparisons,
    constant,
    name_of,
    readings,
    without_aggregation,
)
from tapewatch.catalog.ranges import range_of
from tapewatch.catalog.vocabulary import SeriesFacts
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Operator,
    Subquery,
    VectorSelector,
    unwrap,
    walk,
)
from tapewatch.model.matchers import MatchKind
from tapewatch.model.numbers import format_float_go

COARSE: Final = 2.0
"""How many times the next bound may be the threshold, and the threshold the one before."""
_A_DAY_MS: Final = 86_400_000
_PER_MINUTE = re.compile(r"(\d+(?:\.\d+)?) ?(?:[a-z]+ )?(?:/|per|a|each|every) ?min(?:ute)?s?\b")
_WHOLE = re.compile(r"\b(daily|total|whole|book|portfolio|overall|combined|account|desk|all)\b")
_ADDITIVE: Final = ("usd", "eur", "count")


def _hit(name: str, message: str) -> Hit:
    return Hit("alerts", name, ("expr",), message)


def quantile_facts(comparison: Comparison, review: Review) -> SeriesFacts | None:
    """Find the buckets of the classic histogram whose quantile is compared."""
    subject = comparison.subject
    if not (isinstance(subject, Call) and subject.function == "histogram_quantile"):
        return None
    for facts in review.facts_in(subject):
        if facts.bounds:
            return facts
    return None


def find_above_buckets(review: Review) -> Iterator[Hit]:
    """Find quantiles that are compared with what they can never exceed."""
    for reviewed in review.alerts:
        for comparison in comparisons(reviewed.tree):
            facts = quantile_facts(comparison, review)
            if facts is None or not comparison.above or comparison.value < facts.bounds[-1]:
                continue
            top, value = (format_float_go(each) for each in (facts.bounds[-1], comparison.value))
            yield _hit(
                reviewed.name,
                f"can never fire: the quantile of {facts.metric} is at most {top}, its largest "
                f"bucket, and is compared with {value}; add buckets well above {value}",
            )


def find_coarse_buckets(review: Review) -> Iterator[Hit]:
    """Find thresholds whose neighbouring buckets are too far away."""
    for reviewed in review.alerts:
        for comparison in comparisons(reviewed.tree):
            facts = quantile_facts(comparison, review)
            gap = coarse_gap(facts.bounds, comparison.value) if facts else None
            if facts and gap:
                yield _hit(reviewed.name, coarse_words(facts.metric, comparison.value, gap))


def coarse_gap(bounds: tuple[float, ...], value: float) -> tuple[float, float] | None:
    """Find the bucket beside a value that is too wide to tell what happens there."""
    if not bounds or value >= bounds[-1] or value <= 0:
        return None
    for low, high in pairwise((0.0, *bounds)):
        beside = low <= value <= high
        if beside and ((low and value / low > COARSE) or high / value > COARSE):
            return low, high
    return None


def coarse_words(metric: str, value: float, gap: tuple[float, float]) -> str:
    """Say that a bucket is too wide."""
    low, high, limit = (format_float_go(each) for each in (*gap, value))
    return (
        f"cannot be told near {limit}: {metric} has no bound between {low} and {high}; add bounds "
        f"within a factor of two on both sides of {limit}"
    )


def find_per_minute(review: Review) -> Iterator[Hit]:
    """Find rates per second that are compared with a number per minute."""
    for reviewed in review.alerts:
        for comparison in reviewed.comparisons:
            claims = _claims(reviewed, comparison, review)
            call = _innermost_call(comparison.subject)
            if claims and call is not None:
                yield from _compare_rate(reviewed, comparison, call, claims)


def _compare_rate(
    reviewed: ReviewedAlert, comparison: Comparison, call: Call, claims: list[float]
) -> Iterator[Hit]:
    value = comparison.value
    if call.function in ("rate", "irate"):
        per_minute = value * 60
    elif call.function == "increase" and value in claims:
        window_ms = next((each.window_ms for each in readings(call)), 0)
        per_minute = value * 60_000 / window_ms if window_ms else value
    else:
        return
    if any(abs(per_minute - claim) <= 0.01 * claim for claim in claims):
        return
    told, said = format_float_go(round(per_minute, 6)), format_float_go(claims[0])
    remedy = f"write 60 * rate(…) {comparison.operator} {said}"
    yield _hit(
        reviewed.name,
        f"{call.function} is {'per second' if call.function != 'increase' else 'per window'}: "
        f"{format_float_go(value)} is {told} a minute, the words say {said}; {remedy}",
    )


def _claims(reviewed: ReviewedAlert, comparison: Comparison, review: Review) -> list[float]:
    """Collect the numbers per minute that the alert speaks of, or else its metric's help."""
    told = [float(each) for each in _PER_MINUTE.findall(reviewed.words)]
    if told:
        return told
    helps = (
        facts.declared.help.lower()
        for facts in review.facts_in(comparison.subject)
        if facts.declared
    )
    return [float(each) for text in helps for each in _PER_MINUTE.findall(text)]


def _innermost_call(node: Expr) -> Call | None:
    """Find the rate behind aggregations; anything else is no rate."""
    inner = unwrap(node)
    while isinstance(inner, Aggregate):
        inner = unwrap(inner.expr)
    return inner if isinstance(inner, Call) else None


def find_per_series(review: Review) -> Iterator[Hit]:
    """Find limits of the whole book that are held against each series alone."""
    for reviewed in review.alerts:
        if not _WHOLE.search(reviewed.words):
            continue
        for comparison in reviewed.comparisons:
            apart = _told_apart(reviewed, comparison, review)
            if apart:
                labels = ", ".join(sorted(apart))
                yield _hit(
                    reviewed.name,
                    f"holds the limit against each {labels} alone, and the words speak of the "
                    f"whole: several that stay below can exceed it together; write sum(…)",
                )


def _told_apart(reviewed: ReviewedAlert, comparison: Comparison, review: Review) -> frozenset[str]:
    subject = comparison.subject
    if not isinstance(subject, VectorSelector) or not without_aggregation(subject):
        return frozenset()
    facts = review.vocabulary.facts(name_of(subject))
    if facts is None or facts.type != "gauge" or facts.unit not in _ADDITIVE or not facts.declared:
        return frozenset()
    pinned = {each.name for each in subject.matchers if each.kind is MatchKind.EQUAL}
    apart = frozenset(facts.declared.labels.own) - pinned
    named = any(f"$labels.{label}" in reviewed.words for label in apart)
    return frozenset() if named else apart


def find_never_fires(review: Review) -> Iterator[Hit]:
    """Find comparisons that no value passes."""
    for reviewed, comparison, low, high in _known_ranges(review):
        value = comparison.value
        never = (comparison.above and value >= high) or (comparison.below and value <= low)
        exactly = comparison.operator in (Operator.GREATER_OR_EQUAL, Operator.LESS_OR_EQUAL)
        if never and not (exactly and value in (low, high)):
            yield _hit(
                reviewed.name,
                f"can never fire: the value lies between {format_float_go(low)} and "
                f"{format_float_go(high)}, and is compared with {format_float_go(value)}",
            )


def find_never_resolves(review: Review) -> Iterator[Hit]:
    """Find comparisons that every value passes."""
    for reviewed, comparison, low, high in _known_ranges(review):
        value = comparison.value
        exactly = comparison.operator in (Operator.GREATER_OR_EQUAL, Operator.LESS_OR_EQUAL)
        beyond = value <= low if exactly else value < low
        above = comparison.above and beyond
        beyond = value >= high if exactly else value > high
        if above or (comparison.below and beyond):
            yield _hit(
                reviewed.name,
                f"never ends: every value lies between {format_float_go(low)} and "
                f"{format_float_go(high)}, so {comparison.operator} {format_float_go(value)} "
                "always holds",
            )
    for reviewed in review.alerts:
        if _always_there(reviewed.tree):
            message = "never ends: one side of `or` is a constant, which is always there"
            yield _hit(reviewed.name, message)


def _known_ranges(
    review: Review,
) -> Iterator[tuple[ReviewedAlert, Comparison, float, float]]:
    for reviewed in review.alerts:
        for comparison in reviewed.comparisons:
            low, high = range_of(comparison.subject, review.vocabulary)
            if not comparison.node.return_bool:
                yield reviewed, comparison, low, high


def _always_there(tree: Expr) -> bool:
    node = unwrap(tree)
    if not (isinstance(node, Binary) and node.operator is Operator.OR):
        return False
    for side in (unwrap(node.left), unwrap(node.right)):
        if isinstance(side, Call) and side.function == "vector":
            return constant(side.args[0]) is not None
        if _always_there(side):
            return True
    return False


def find_baseline_multiple(review: Review) -> Iterator[Hit]:
    """Find series that are compared with a multiple of their own average of days."""
    for reviewed in review.alerts:
        for node in walk(reviewed.tree):
            if isinstance(node, Binary) and node.operator.compares:
                factor = _multiple_of_own(node)
                if factor:
                    yield _hit(
                        reviewed.name,
                        f"compares with {format_float_go(factor)} times its own average: that "
                        "pages on every busy hour and misses whatever stops; use staleness, a "
                        "fixed limit or an objective, and show the average on a page",
                    )


def _multiple_of_own(node: Binary) -> float | None:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        product = unwrap(other)
        if not (isinstance(product, Binary) and product.operator is Operator.MULTIPLY):
            continue
        for number, average in ((product.left, product.right), (product.right, product.left)):
            factor = constant(number)
            if factor and factor > 1 and _long_average(average) and _same_metric(one, average):
                return factor
    return None


def _long_average(node: Expr) -> bool:
    for each in walk(node):
        if isinstance(each, Call) and each.function in ("avg_over_time", "quantile_over_time"):
            window = unwrap(each.args[-1])
            range_ms = getattr(window, "range_ms", 0)
            if range_ms >= _A_DAY_MS:
                return True
        if isinstance(each, VectorSelector | Subquery) and each.offset_ms >= _A_DAY_MS:
            return True
    return False


def _same_metric(one: Expr, other: Expr) -> bool:
    names = [{name_of(each.selector) for each in readings(tree)} for tree in (one, other)]
    return bool(names[0] & names[1])


_HISTOGRAM = """\
metrics:
  latency_us:
    help: Latency.
    buckets: [{bounds}]
alerts:
  Slow:
    severity: P1
    expr: histogram_quantile(0.99, sum by (le) (rate(latency_us_bucket[5m]))) > {limit}
"""
_FAILURES = """\
metrics:
  failures_total: {{help: Failed connections.}}
alerts:
  Failing:
    severity: P1
    expr: {expr}
    summary: The connection fails more than 3 times a minute
"""
_PNL = """\
metrics:
  pnl_usd: {{help: Open profit and loss., labels: {{symbol: 40}}, signed: true}}
alerts:
  DailyLoss:
    severity: P0
    expr: {expr} < -5000
    summary: The desk's daily loss limit is reached
"""
_FILLED = """\
metrics:
  filled_ratio: {{help: Orders that were filled.}}
alerts:
  FillsLow:
    severity: P1
    expr: filled_ratio < {limit}
"""
_TICKS = """\
metrics:
  ticks_total: {{help: Messages of the feed.}}
records:
  ticks:rate5m: {{expr: "sum(rate(ticks_total[5m]))", help: Messages a second.}}
alerts:
  TicksOdd:
    severity: P2
    expr: ticks:rate5m > {limit}
"""
CHECKS = (
    Check(
        "TW101",
        "threshold-above-buckets",
        "A quantile that lies in the bucket +Inf is reported as the largest finite bound. So a "
        "threshold at or above that bound is never exceeded, however slow everything is.",
        _HISTOGRAM.format(bounds="1000, 2500, 5000", limit=5000),
        _HISTOGRAM.format(bounds="1000, 2500, 5000, 7500, 10000", limit=5000),
        find_above_buckets,
    ),
    Check(
        "TW102",
        "bucket-too-coarse",
        "Inside of a bucket a quantile is a guess. Where the bucket beside the threshold is wider "
        "than the threshold itself, the alert tells which bucket it is, not whether the limit is "
        "kept.",
        _HISTOGRAM.format(bounds="1, 2, 5, 10, 25, 50, 100", limit=10),
        _HISTOGRAM.format(bounds="1, 2, 5, 8, 10, 12, 15, 25, 50, 100", limit=10),
        find_coarse_buckets,
    ),
    Check(
        "TW103",
        "rate-per-second",
        "`rate` is per second. Compared with a number that was meant per minute, the alert is "
        "silent at sixty times what was wanted.",
        _FAILURES.format(expr="rate(failures_total[5m]) > 0.6"),
        _FAILURES.format(expr="60 * rate(failures_total[5m]) > 3"),
        find_per_minute,
    ),
    Check(
        "TW104",
        "limit-per-series",
        "A comparison holds for each series alone. A limit for the whole book that is compared "
        "with every symbol is silent while many small losses add up to a large one.",
        _PNL.format(expr="pnl_usd"),
        _PNL.format(expr="sum(pnl_usd)"),
        find_per_series,
    ),
    Check(
        "TW105",
        "never-fires",
        "The declared range of the metric leaves no value that passes: the unit is wrong, or the "
        "metric can be negative and does not say `signed: true`.",
        _FILLED.format(limit="0"),
        _FILLED.format(limit="0.9"),
        find_never_fires,
    ),
    Check(
        "TW106",
        "never-resolves",
        "Every value passes the comparison, so the alert fires from the first sample on and never "
        "ends; often a share is compared with percent.",
        _FILLED.format(limit="90"),
        _FILLED.format(limit="0.9"),
        find_never_resolves,
    ),
    Check(
        "TW107",
        "multiple-of-baseline",
        "A multiple of the own average fires on every busy hour, and is blind to a feed that "
        "stops: nothing is never above twice the average.",
        _TICKS.format(limit="2 * avg_over_time(ticks:rate5m[1w])"),
        _TICKS.format(limit="100000"),
        find_baseline_multiple,
    ),
)
