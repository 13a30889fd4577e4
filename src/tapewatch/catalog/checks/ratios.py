"""Checks of ratios and quantiles: what is divided by what, and what is lost on the way."""

from collections.abc import Iterator

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.meaning import carried, name_of, readings, without_aggregation
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Aggregator,
    Binary,
    Call,
    Operator,
    VectorSelector,
    unwrap,
    walk,
)
from tapewatch.model.matchers import MatchKind


def find_ratio_of_itself(review: Review) -> Iterator[Hit]:
    """Find divisions in which every series finds itself."""
    for expression in review.expressions:
        tree = expression.tree
        for node in walk(tree) if tree is not None else ():
            if isinstance(node, Binary) and node.operator is Operator.DIVIDE:
                label = _divided_by_itself(node, review)
                if label:
                    message = (
                        f"divides each series by itself: both sides still carry {label}, so only "
                        "equal series meet and the answer is 1; write sum(…) / sum(…)"
                    )
                    setting, line = expression.setting, expression.line
                    yield Hit(expression.section, expression.name, setting, message, line)


def _divided_by_itself(node: Binary, review: Review) -> str:
    above, below = _only_selector(node, left=True), _only_selector(node, left=False)
    if above is None or below is None or name_of(above) != name_of(below) or not node.matching:
        return ""
    below_matchers = set(below.matchers)
    pinned = {
        each.name
        for each in above.matchers
        if each.kind in (MatchKind.EQUAL, MatchKind.REGEX) and each not in below_matchers
    }
    matched = [label for label in sorted(pinned) if _is_matched(node, label, review)]
    return matched[0] if matched else ""


def _only_selector(node: Binary, *, left: bool) -> VectorSelector | None:
    found = [each.selector for each in readings(node.left if left else node.right)]
    return found[0] if len(found) == 1 else None


def _is_matched(node: Binary, label: str, review: Review) -> bool:
    """Whether a label takes part in finding the other side."""
    matching = node.matching
    assert matching is not None
    if matching.on != (label in matching.labels):
        return False
    for side in (node.left, node.right):
        labels = carried(side, review.vocabulary.labels_of)
        here = without_aggregation(side) if labels is None else label in labels
        if not here:
            return False
    return True


def find_quantile_without_le(review: Review) -> Iterator[Hit]:
    """Find quantiles of buckets whose bounds are lost."""
    for expression in review.expressions:
        tree = expression.tree
        for node in walk(tree) if tree is not None else ():
            if not (isinstance(node, Call) and node.function == "histogram_quantile"):
                continue
            buckets = [name_of(each.selector).endswith("_bucket") for each in readings(node)]
            labels = carried(node.args[1], review.vocabulary.labels_of)
            if any(buckets) and labels is not None and "le" not in labels:
                message = "loses the bounds of the buckets: write sum by (le, …)"
                setting, line = expression.setting, expression.line
                yield Hit(expression.section, expression.name, setting, message, line)


def find_average_of_quantiles(review: Review) -> Iterator[Hit]:
    """Find quantiles that are averaged or summed."""
    for expression in review.expressions:
        tree = expression.tree
        for node in walk(tree) if tree is not None else ():
            if not (isinstance(node, Aggregate) and node.operator in _MIXING):
                continue
            inner = unwrap(node.expr)
            if isinstance(inner, Call) and inner.function == "histogram_quantile":
                message = (
                    f"the {node.operator} of quantiles is no quantile: sum the buckets first, "
                    "histogram_quantile(0.99, sum by (le) (rate(…)))"
                )
                setting, line = expression.setting, expression.line
                yield Hit(expression.section, expression.name, setting, message, line)


_MIXING = (Aggregator.AVG, Aggregator.SUM)
_ORDERS = """\
metrics:
  orders_total:
    help: Orders.
    labels: {{status: [success, failure], venue: [a, b]}}
records:
  orders:good:ratio:
    expr: {expr}
"""
_LATENCY = """\
metrics:
  latency_us: {{help: Latency., buckets: [1, 2, 5], labels: {{venue: [a, b]}}}}
records:
  latency:p99:
    expr: {expr}
"""
CHECKS = (
    Check(
        "TW121",
        "ratio-of-itself",
        "Two vectors meet where all their labels are equal. A share of successes that is not "
        "summed meets only the successes on the other side, and always is 100 %.",
        _ORDERS.format(expr='rate(orders_total{status="success"}[5m]) / rate(orders_total[5m])'),
        _ORDERS.format(
            expr='sum(rate(orders_total{status="success"}[5m])) / sum(rate(orders_total[5m]))'
        ),
        find_ratio_of_itself,
    ),
    Check(
        "TW122",
        "quantile-without-le",
        "A quantile of a classic histogram needs the label `le`. Summed away, the answer is empty.",
        _LATENCY.format(
            expr="histogram_quantile(0.99, sum by (venue) (rate(latency_us_bucket[5m])))"
        ),
        _LATENCY.format(
            expr="histogram_quantile(0.99, sum by (venue, le) (rate(latency_us_bucket[5m])))"
        ),
        find_quantile_without_le,
    ),
    Check(
        "TW123",
        "average-of-quantiles",
        "The average of the p99s of ten processes is not the p99 of the platform: the slow one "
        "disappears.",
        _LATENCY.format(
            expr="avg(histogram_quantile(0.99, sum by (venue, le) (rate(latency_us_bucket[5m]))))"
        ),
        _LATENCY.format(expr="histogram_quantile(0.99, sum by (le) (rate(latency_us_bucket[5m])))"),
        find_average_of_quantiles,
    ),
)
