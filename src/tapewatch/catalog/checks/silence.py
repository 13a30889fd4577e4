"""The check of alerts on silence: a market that is closed is silent too."""

import re
from collections.abc import Iterator
from typing import Final

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review, ReviewedAlert
from tapewatch.catalog.meaning import Comparison, name_of, readings
from tapewatch.catalog.platform import ALWAYS_OPEN
from tapewatch.catalog.vocabulary import CALENDAR_OPEN
from tapewatch.metrics.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Operator,
    Unary,
    VectorSelector,
    unwrap,
    walk,
)

_OF_MARKETS = re.compile(
    r"order|fill|trade|quote|market|tick|signal|feed|message|book|price|volume|symbol|bar_|candle"
    r"|execution|strategy|run"
)
_COUNTING: Final = frozenset(("rate", "increase", "irate", "changes", "count_over_time", "delta"))
_GUARDS: Final = frozenset(("hour", "minute", "day_of_week", "month", "day_of_month"))
_SESSION = re.compile(r"(market|session|exchange|trading)_(is_)?open|_session")


def find_unguarded_silence(review: Review) -> Iterator[Hit]:
    """Find alerts on silence that do not ask whether the market is open."""
    if review.calendar == ALWAYS_OPEN:
        return
    for reviewed in review.alerts:
        if reviewed.alert.only_while is None and not _asks_the_time(reviewed.tree):
            metric = _silent_metric(reviewed, review)
            if metric:
                message = (
                    f"fires whenever {metric} is silent, nights and weekends too; {_remedy(review)}"
                )
                yield Hit("alerts", reviewed.name, ("expr",), message)


def _remedy(review: Review) -> str:
    calendar = review.calendar or "XNYS"
    if review.plain:
        return f'add and on () calendar_open{{calendar="{calendar}"}} == 1'
    return f"write only_while: {calendar} open for 5m"


def _asks_the_time(tree: Expr) -> bool:
    for node in walk(tree):
        if isinstance(node, Call) and node.function in _GUARDS:
            return True
        if isinstance(node, VectorSelector):
            name = name_of(node)
            if name == CALENDAR_OPEN or _SESSION.search(name):
                return True
    return False


def _silent_metric(reviewed: ReviewedAlert, review: Review) -> str:
    for node in _sides(reviewed.tree):
        if isinstance(node, Call) and node.function in ("absent", "absent_over_time"):
            return _market_metric(node, review)
    for comparison in reviewed.comparisons:
        if _is_silence(comparison):
            return _market_metric(comparison.subject, review)
    return ""


def _sides(tree: Expr) -> Iterator[Expr]:
    node = unwrap(tree)
    if isinstance(node, Binary) and node.operator.joins_sets:
        yield from _sides(node.left)
        yield from _sides(node.right)
    elif isinstance(node, Binary) and node.operator.compares:
        yield unwrap(node.left)
    else:
        yield node


def _is_silence(comparison: Comparison) -> bool:
    subject = comparison.subject
    if isinstance(subject, Binary):
        return comparison.above and _is_age(subject)
    quiet = comparison.below or (comparison.operator is Operator.EQUAL and comparison.value == 0)
    inner: Expr = subject
    while isinstance(inner, Aggregate | Unary):
        inner = unwrap(inner.expr)
    return quiet and isinstance(inner, Call) and inner.function in _COUNTING


def _is_age(node: Binary) -> bool:
    """Whether it is ``time() - x``: how long ago something was."""
    left = unwrap(node.left)
    is_now = isinstance(left, Call) and left.function == "time"
    return node.operator is Operator.SUBTRACT and is_now


def _market_metric(node: Expr, review: Review) -> str:
    for reading in readings(node):
        name = name_of(reading.selector)
        facts = review.vocabulary.facts(name)
        words = f"{name} {facts.declared.help}" if facts and facts.declared else name
        if _OF_MARKETS.search(words.lower()):
            return name
    return ""


_ORDERS = """\
platform: {{name: equities, calendar: XNYS}}
metrics:
  orders_total: {{help: Orders.}}
alerts:
  NoOrders:
    severity: P1
    expr: sum(increase(orders_total[5m])) == 0
{guard}"""
CHECKS = (
    Check(
        "TW131",
        "calendar-missing",
        "No orders for five minutes is an outage at noon, and normal at midnight. An alert on "
        "silence without a calendar fires every night and every weekend, until it is muted.",
        _ORDERS.format(guard=""),
        _ORDERS.format(guard="    only_while: XNYS open for 5m\n"),
        find_unguarded_silence,
    ),
)
