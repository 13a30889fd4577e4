"""Checks of dashboards: whether every panel shows something that is there."""

from collections.abc import Iterator

from tapewatch.catalog.checks.check import Check, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.catalog.dashboard import Dashboard, Panel
from tapewatch.catalog.meaning import name_of, readings
from tapewatch.document.reading import suggestion
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.parse import parse


def _panels(dashboard: Dashboard) -> Iterator[tuple[tuple[str | int, ...], Panel]]:
    for row_index, row in enumerate(dashboard.rows):
        for index, panel in enumerate(row.panels):
            yield ("rows", row_index, "panels", index), panel


def find_nothing_shown(review: Review) -> Iterator[Hit]:
    """Find panels that show what nobody declares."""
    for name, dashboard in review.catalog.dashboards.items():
        for place, panel in _panels(dashboard):
            for text in panel.show.series.values():
                if problem := _problem(review, panel, text):
                    yield Hit("dashboards", name, place, f"{panel.title}: {problem}")


def _problem(review: Review, panel: Panel, text: str) -> str:
    catalog = review.catalog
    if panel.kind == "logs":
        known = catalog.log_queries
        return "" if text in known else f"no log query {text!r}{suggestion(text, known)}"
    if panel.kind == "objective":
        promised = catalog.objectives
        return "" if text in promised else f"no objective {text!r}{suggestion(text, promised)}"
    if panel.kind in ("text", "alerts"):
        return ""
    return _query_problem(review, text)


def _query_problem(review: Review, text: str) -> str:
    vocabulary, metrics = review.vocabulary, review.catalog.metrics
    if text in metrics:
        return ""
    try:
        tree = parse(review.catalog.expand(text))
    except QuerySyntaxError as fault:
        return str(fault)
    for reading in readings(tree):
        name = name_of(reading.selector)
        if name and not vocabulary.knows(name):
            close = suggestion(name, vocabulary.series)
            return f"no metric or record is called {name}{close}"
        known = vocabulary.labels_of(name)
        for matcher in reading.selector.matchers:
            if known is not None and matcher.name not in known | {"__name__"}:
                return f"{name} has no label {matcher.name}{suggestion(matcher.name, known)}"
    return ""


def find_unknown_words(review: Review) -> Iterator[Hit]:
    """Find limits and labels of pages that nobody declares."""
    limits = review.catalog.limits
    for name, dashboard in review.catalog.dashboards.items():
        for place, panel in _panels(dashboard):
            if panel.limit and panel.limit not in limits:
                told = f"there is no limit {panel.limit!r}{suggestion(panel.limit, limits)}"
                yield Hit("dashboards", name, (*place, "limit"), told)
        for index, row in enumerate(dashboard.rows):
            if row.each and row.each not in dashboard.choose:
                told = f"{row.each!r} is not one of the labels to choose"
                yield Hit("dashboards", name, ("rows", index, "each"), told)
        for label in dashboard.choose:
            if not _is_label(review, label):
                told = f"no metric has the label {label}"
                yield Hit("dashboards", name, ("choose",), told)


def _is_label(review: Review, label: str) -> bool:
    metrics = review.catalog.metrics.values()
    known = review.vocabulary.target_labels | frozenset(review.catalog.labels)
    return label in known or any(label in metric.labels.own for metric in metrics)


_PAGE = """\
metrics:
  orders_total: {{help: Orders., labels: {{venue: [a, b]}}}}
dashboards:
  desk:
    title: The desk
    choose: [{choose}]
    rows:
      - title: Orders
        panels:
          - {{title: Orders, show: {show}}}
"""
CHECKS = (
    Check(
        "TW801",
        "nothing-shown",
        "A panel on a metric that is not there shows an empty box, and an empty box looks like a "
        "calm day.",
        _PAGE.format(choose="venue", show="order_total"),
        _PAGE.format(choose="venue", show="orders_total"),
        find_nothing_shown,
        plain=False,
    ),
    Check(
        "TW802",
        "unknown-choice",
        "A choice of a label that no metric has offers nothing, and a limit that is not declared "
        "draws no line.",
        _PAGE.format(choose="venu", show="orders_total"),
        _PAGE.format(choose="venue", show="orders_total"),
        find_unknown_words,
        plain=False,
    ),
)
