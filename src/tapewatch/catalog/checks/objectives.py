"""Checks of objectives: whether they can be measured at all."""

from collections.abc import Iterator

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.checks.thresholds import coarse_gap, coarse_words
from tapewatch.catalog.derive.bounds import bound_of
from tapewatch.catalog.meaning import name_of
from tapewatch.catalog.metric import type_of, unit_of
from tapewatch.catalog.objective import Objective
from tapewatch.catalog.vocabulary import SeriesFacts
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.nodes import VectorSelector
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.errors import BadText
from tapewatch.model.numbers import format_float_go


def find_undecidable(review: Review) -> Iterator[Hit]:
    """Find objectives whose bound no bucket knows."""
    for name, objective in review.catalog.objectives.items():
        facts = _histogram(objective, review)
        if facts is None or facts.declared is None:
            continue
        bounds = facts.declared.buckets.bounds
        try:
            below = bound_of(objective, unit_of(facts.metric, facts.declared))
        except BadText as fault:
            yield Hit("objectives", name, ("below",), str(fault))
            continue
        if bounds and below not in bounds:
            told = ", ".join(format_float_go(each) for each in bounds)
            message = (
                f"cannot be decided: {format_float_go(below)} is no bound of {facts.metric}, "
                f"which has {told}; add it, or make the histogram native"
            )
            yield Hit("objectives", name, ("below",), message)
        elif gap := coarse_gap(bounds, below):
            message = coarse_words(facts.metric, below, gap)
            yield Hit("objectives", name, ("below",), message)


def _histogram(objective: Objective, review: Review) -> SeriesFacts | None:
    try:
        selector = parse(objective.fast) if objective.fast else None
    except QuerySyntaxError:
        return None
    if not isinstance(selector, VectorSelector):
        return None
    name = name_of(selector)
    return review.vocabulary.facts(f"{name}_bucket") or review.vocabulary.facts(name)


def find_not_a_selector(review: Review) -> Iterator[Hit]:
    """Find objectives that do not name plain series of the right type."""
    for name, objective in review.catalog.objectives.items():
        for setting, wanted in (
            ("bad", "counter"),
            ("good", "counter"),
            ("of", "counter"),
            ("fast", "histogram"),
        ):
            text = getattr(objective, setting)
            problem = _problem(review, text, wanted) if text else ""
            if problem:
                yield Hit("objectives", name, (setting,), problem)


def _problem(review: Review, text: str, wanted: str) -> str:
    try:
        selector = parse(text)
    except QuerySyntaxError:
        return ""
    if not isinstance(selector, VectorSelector):
        return "must be a metric with matchers; rates and sums are made from it"
    metric = name_of(selector)
    if wanted == "histogram":
        declared = review.catalog.metrics.get(metric)
        kind = type_of(metric, declared) if declared else "metric that nobody declares"
        return "" if kind == wanted else f"{metric} is a {kind}, a declared histogram is needed"
    facts = review.vocabulary.facts(metric)
    if facts is not None and facts.type != wanted:
        return f"{metric} is a {facts.type}, a {wanted} is needed"
    return ""


_FAST = """\
metrics:
  latency_us: {{help: Latency., buckets: [{bounds}]}}
  orders_total: {{help: Orders.}}
objectives:
  fast-orders:
    target: 99%
    fast: latency_us
    below: 10us
"""
_OF = """\
metrics:
  errors_total: {{help: Errors.}}
  requests_total: {{help: Requests.}}
objectives:
  answers:
    target: 99%
    bad: {bad}
    of: requests_total
"""
CHECKS = (
    Check(
        "TW701",
        "objective-undecidable",
        "How many were below a limit is known at the bounds of the buckets alone; and where the "
        "next bound is far, nobody sees how near the limit is.",
        _FAST.format(bounds="1, 2, 5, 10, 25"),
        _FAST.format(bounds="1, 2, 5, 8, 10, 12, 15, 25"),
        find_undecidable,
    ),
    Check(
        "TW702",
        "objective-not-series",
        "An objective names counters or a histogram; the rates over all windows are made here.",
        _OF.format(bad="sum(rate(errors_total[5m]))"),
        _OF.format(bad="errors_total"),
        find_not_a_selector,
    ),
)
