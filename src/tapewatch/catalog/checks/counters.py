"""Checks of counters, gauges, and the functions that fit each."""

from collections.abc import Iterator
from typing import Final

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.meaning import Reading, name_of, readings
from tapewatch.metrics.promql.nodes import Binary, Expr, Operator, walk
from tapewatch.model.durations import format_duration_ms

_OF_COUNTERS: Final = frozenset(("rate", "irate", "increase"))
_OF_GAUGES: Final = frozenset(("delta", "idelta", "deriv", "predict_linear"))
_ALLOWED: Final = _OF_COUNTERS | {"resets", "changes", "absent", "timestamp", "count_over_time"}


def _is_counter(review: Review, name: str) -> bool:
    facts = review.vocabulary.facts(name)
    if facts is not None:
        return facts.type == "counter"
    return name.endswith("_total") and not review.vocabulary.knows(name)


def find_bare_counter(review: Review) -> Iterator[Hit]:
    """Find counters that are compared with a number as they are."""
    for reviewed in review.alerts:
        for comparison in reviewed.comparisons:
            if _subtracts(comparison.subject):
                continue
            for reading in readings(comparison.subject):
                name = name_of(reading.selector)
                bare = not any(_is_call(each, _ALLOWED) for each in reading.around)
                if bare and _is_counter(review, name):
                    message = (
                        f"compares {name} as it is: it counts from the start of the process, so "
                        "the alert fires until the next restart; write increase(…[5m])"
                    )
                    yield Hit("alerts", reviewed.name, ("expr",), message)
                    break


def _is_call(node: Expr, functions: frozenset[str]) -> bool:
    return getattr(node, "function", "") in functions


def _subtracts(node: Expr) -> bool:
    """Whether counters are subtracted from each other, as with their own past."""
    return any(
        isinstance(each, Binary) and each.operator is Operator.SUBTRACT for each in walk(node)
    )


def find_rate_of_gauge(review: Review) -> Iterator[Hit]:
    """Find rates of what can fall."""
    for section, name, setting, line, reading in _all_readings(review):
        facts = review.vocabulary.facts(name_of(reading.selector))
        if facts is None or reading.function not in _OF_COUNTERS:
            continue
        if facts.type == "gauge" and facts.metric:
            message = (
                f"{reading.function} of {facts.metric}, which is a gauge: every fall counts as a "
                "restart; write delta, deriv or avg_over_time"
            )
            yield Hit(section, name, setting, message, line)


def find_delta_of_counter(review: Review) -> Iterator[Hit]:
    """Find differences of what restarts at zero."""
    for section, name, setting, line, reading in _all_readings(review):
        metric = name_of(reading.selector)
        if reading.function in _OF_GAUGES and _is_counter(review, metric):
            message = (
                f"{reading.function} of {metric}, which is a counter: it falls to zero at every "
                "restart; write increase or rate"
            )
            yield Hit(section, name, setting, message, line)


def find_short_window(review: Review) -> Iterator[Hit]:
    """Find windows that hold too few samples."""
    for section, name, setting, line, reading in _all_readings(review):
        if reading.function not in _OF_COUNTERS | _OF_GAUGES or not reading.window_ms:
            continue
        facts = review.vocabulary.facts(name_of(reading.selector))
        every_ms = review.catalog.platform.scrape_every
        if facts is not None and facts.declared is not None:
            every_ms = review.scrape_every_ms.get(facts.declared.service, every_ms)
        if reading.window_ms < 2 * every_ms:
            window, every = format_duration_ms(reading.window_ms), format_duration_ms(every_ms)
            message = (
                f"a window of {window} holds fewer than two samples of what is scraped every "
                f"{every}: write at least [{format_duration_ms(4 * every_ms)}]"
            )
            yield Hit(section, name, setting, message, line)


def _all_readings(
    review: Review,
) -> Iterator[tuple[str, str, tuple[str | int, ...], int, Reading]]:
    for expression in review.expressions:
        tree = expression.tree
        if tree is not None:
            for reading in readings(tree):
                place = (expression.section, expression.name, expression.setting, expression.line)
                yield *place, reading


_BREAKER = """\
metrics:
  breaker_total: {{help: Times that the breaker has tripped.}}
alerts:
  BreakerTripped:
    severity: P0
    expr: {expr}
"""
_RECORD = """\
metrics:
  queue_depth: {{help: Messages that wait.}}
  orders_total: {{help: Orders.}}
records:
  queue:change: {{expr: "{expr}"}}
"""
CHECKS = (
    Check(
        "TW111",
        "counter-against-constant",
        "A counter counts from the start of its process. One event long ago keeps it above zero, "
        "so the alert fires until somebody restarts the service.",
        _BREAKER.format(expr="breaker_total > 0"),
        _BREAKER.format(expr="increase(breaker_total[5m]) > 0"),
        find_bare_counter,
    ),
    Check(
        "TW112",
        "rate-of-gauge",
        "`rate` and `increase` take every fall for a restart. Of a gauge they tell nonsense.",
        _RECORD.format(expr="rate(queue_depth[5m])"),
        _RECORD.format(expr="deriv(queue_depth[5m])"),
        find_rate_of_gauge,
    ),
    Check(
        "TW113",
        "delta-of-counter",
        "`delta` and `deriv` do not know of restarts: a counter that begins anew looks like a "
        "huge fall.",
        _RECORD.format(expr="delta(orders_total[5m])"),
        _RECORD.format(expr="increase(orders_total[5m])"),
        find_delta_of_counter,
    ),
    Check(
        "TW114",
        "window-too-short",
        "A rate needs two samples. A window that is shorter than two scrapes is empty most of the "
        "time, and the alert is silent.",
        _RECORD.format(expr="rate(orders_total[15s])"),
        _RECORD.format(expr="rate(orders_total[1m])"),
        find_short_window,
    ),
)
