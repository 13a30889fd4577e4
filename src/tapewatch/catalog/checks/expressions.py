"""Checks of expressions against what is declared."""

from collections.abc import Iterator
from typing import Final

from tapewatch.catalog.catalog import unknown_limits
from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Expression, Review
from tapewatch.catalog.meaning import name_of, readings
from tapewatch.catalog.metric import Label
from tapewatch.catalog.vocabulary import SeriesFacts
from tapewatch.document.reading import suggestion
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.nodes import Expr, VectorSelector
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import MatchKind
from tapewatch.watch.rules.promql import PromQL

RULES: Final = frozenset(("alerts", "records"))


def _hit(expression: Expression, message: str) -> Hit:
    return Hit(expression.section, expression.name, expression.setting, message, expression.line)


def find_not_promql(review: Review) -> Iterator[Hit]:
    """Find texts that are not PromQL, or whose value no rule can use."""
    rules = PromQL()
    for expression in review.expressions:
        if unknown_limits(expression.text, review.catalog.limits):
            continue
        # A runbook may show a range; a rule cannot use one.
        check = rules.check if expression.section in RULES else parse
        try:
            check(expression.text)
        except QueryError as fault:
            yield _hit(expression, str(fault))


def find_unknown_limit(review: Review) -> Iterator[Hit]:
    """Find limits that nobody declares."""
    limits = review.catalog.limits
    for expression in review.expressions:
        for name in unknown_limits(expression.text, limits):
            yield _hit(expression, f"there is no limit {name}{suggestion(name, limits)}")


def _trees(review: Review) -> Iterator[tuple[Expression, Expr]]:
    for expression in review.expressions:
        tree = expression.tree
        if tree is not None:
            yield expression, tree


def find_unknown_metric(review: Review) -> Iterator[Hit]:
    """Find series that nobody declares."""
    if review.plain and not review.catalog.metrics:
        return
    vocabulary = review.vocabulary
    for expression, tree in _trees(review):
        # An objective names a histogram as a whole, not one of its series.
        whole = review.catalog.metrics if expression.setting == ("fast",) else {}
        names = dict.fromkeys(name_of(reading.selector) for reading in readings(tree))
        for name in names:
            if name and name not in whole and not vocabulary.knows(name):
                close = suggestion(name, vocabulary.series)
                yield _hit(expression, f"no metric or record is called {name}{close}")


def find_unknown_label(review: Review) -> Iterator[Hit]:
    """Find matchers on labels that the metric does not have."""
    for expression, selector, facts in _selectors(review):
        known = review.vocabulary.labels_of(facts.name)
        for matcher in selector.matchers:
            if known is None or matcher.name == METRIC_NAME or matcher.name in known:
                continue
            close = suggestion(matcher.name, known)
            yield _hit(expression, f"{facts.name} has no label {matcher.name}{close}")


def find_unknown_value(review: Review) -> Iterator[Hit]:
    """Find matchers for values that a label never has."""
    for expression, selector, facts in _selectors(review):
        for matcher in selector.matchers:
            label = _label(review, facts, matcher.name)
            if matcher.kind is not MatchKind.EQUAL or not label.values or not matcher.value:
                continue
            if matcher.value not in label.values:
                told = f"never is {matcher.value!r}: it has {', '.join(label.values)}"
                yield _hit(expression, f"the label {matcher.name} of {facts.metric} {told}")


def _label(review: Review, facts: SeriesFacts, name: str) -> Label:
    if facts.declared is None or name not in facts.declared.labels.own:
        return Label()
    return review.catalog.label_of(facts.metric, name)


def _selectors(review: Review) -> Iterator[tuple[Expression, VectorSelector, SeriesFacts]]:
    for expression, tree in _trees(review):
        for reading in readings(tree):
            facts = review.vocabulary.facts(name_of(reading.selector))
            if facts is not None:
                yield expression, reading.selector, facts


_METRICS = """\
metrics:
  orders_total:
    help: Orders.
    labels: {status: [accepted, rejected]}
"""
CHECKS = (
    Check(
        "TW001",
        "not-promql",
        "The rule would be refused by every engine, with all other rules of its file.",
        _METRICS + "records:\n  orders:rate5m:\n    expr: rate(orders_total[5m)\n",
        _METRICS + "records:\n  orders:rate5m:\n    expr: rate(orders_total[5m])\n",
        find_not_promql,
    ),
    Check(
        "TW002",
        "unknown-limit",
        "`$name` in an expression is a limit; one that is not declared cannot be written out.",
        "alerts:\n  Slow:\n    severity: P2\n    expr: latency_seconds > $latency_max\n",
        "limits:\n  latency_max: 2\n"
        "alerts:\n  Slow:\n    severity: P2\n    expr: latency_seconds > $latency_max\n",
        find_unknown_limit,
        plain=False,
    ),
    Check(
        "TW003",
        "unknown-metric",
        "An alert on a series that nobody exposes never fires, and nobody sees that it does not.",
        _METRICS + "records:\n  orders:rate5m:\n    expr: rate(order_total[5m])\n",
        _METRICS + "records:\n  orders:rate5m:\n    expr: rate(orders_total[5m])\n",
        find_unknown_metric,
    ),
    Check(
        "TW004",
        "unknown-label",
        "A matcher on a label that the metric does not have finds nothing, or everything.",
        _METRICS + 'records:\n  orders:bad:\n    expr: rate(orders_total{result="rejected"}[5m])\n',
        _METRICS + 'records:\n  orders:bad:\n    expr: rate(orders_total{status="rejected"}[5m])\n',
        find_unknown_label,
    ),
    Check(
        "TW005",
        "unknown-label-value",
        "A matcher for a value that the label never has finds nothing: the alert is dead.",
        _METRICS + 'records:\n  orders:bad:\n    expr: rate(orders_total{status="reject"}[5m])\n',
        _METRICS + 'records:\n  orders:bad:\n    expr: rate(orders_total{status="rejected"}[5m])\n',
        find_unknown_value,
    ),
)
