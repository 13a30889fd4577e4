"""The platform as a page of Markdown, for people who do not read YAML."""

from collections.abc import Iterable, Iterator, Sequence

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.forms import format_share
from tapewatch.catalog.metric import type_of, unit_of
from tapewatch.catalog.rule import SEVERITIES
from tapewatch.catalog.units import unit_of_name, with_unit
from tapewatch.model.durations import format_duration_ms


def platform_page(catalog: Catalog) -> str:
    """Write everything that a platform declares as one page."""
    return "\n".join(_page(catalog)) + "\n"


def _page(catalog: Catalog) -> Iterator[str]:
    platform = catalog.platform
    yield f"# {platform.title or platform.name}"
    if platform.help:
        yield from ("", platform.help)
    for part in (_severities, _services, _alerts, _objectives, _limits, _metrics, _pages, _tasks):
        yield from part(catalog)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    written = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if written:
        yield from ("", f"## {title}", "")
        yield f"| {' | '.join(columns)} |"
        yield f"|{'---|' * len(columns)}"
        yield from written


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _severities(catalog: Catalog) -> Iterator[str]:
    words = [(severity, catalog.platform.words(severity)) for severity in SEVERITIES]
    rows = (
        (severity, each.word, each.means, format_duration_ms(each.respond), _list(each.channels))
        for severity, each in words
    )
    yield from _table(
        "Severities", ("severity", "word", "meaning", "answer within", "goes to"), rows
    )


def _services(catalog: Catalog) -> Iterator[str]:
    rows = (
        (
            service.title or name,
            service.help,
            catalog.owner_of(service),
            str(service.tier),
            ", ".join(f"{purpose} {port}" for purpose, port in service.ports.items()),
            _list(service.needs),
        )
        for name, service in catalog.services.items()
    )
    yield from _table("Services", ("service", "does", "owner", "tier", "ports", "needs"), rows)


def _alerts(catalog: Catalog) -> Iterator[str]:
    ordered = sorted(catalog.alerts.items(), key=lambda pair: (pair[1].severity, pair[0]))
    rows = (
        (
            f"`{name}`",
            alert.severity,
            catalog.say(alert.summary),
            f"`{catalog.expand(alert.expr).strip()}`",
            format_duration_ms(alert.for_),
            catalog.owner_of(alert),
            catalog.runbook_of(name, alert),
        )
        for name, alert in ordered
    )
    columns = ("alert", "severity", "says", "fires when", "for", "owner", "runbook")
    yield from _table("Alerts", columns, rows)


def _objectives(catalog: Catalog) -> Iterator[str]:
    rows = (
        (
            objective.title or name,
            format_share(objective.target),
            str(objective.over),
            _measured(objective.bad, objective.good, objective.of, objective.fast, objective.below)
            or f"time for which `{objective.up}` is 1",
            catalog.owner_of(objective),
        )
        for name, objective in catalog.objectives.items()
    )
    yield from _table("Objectives", ("promise", "target", "over", "measured", "owner"), rows)


def _measured(bad: str, good: str, of: str, fast: str, below: str) -> str:
    if fast:
        return f"`{fast}` below {below}"
    if bad or good:
        return f"{'bad' if bad else 'good'} `{bad or good}` of `{of}`"
    return ""


def _limits(catalog: Catalog) -> Iterator[str]:
    rows = (
        (f"`{name}`", with_unit(limit.value, limit.unit or _unit(name)), limit.why)
        for name, limit in catalog.limits.items()
    )
    yield from _table("Limits", ("limit", "value", "why"), rows)


def _unit(name: str) -> str:
    return unit_of_name(name.removesuffix("_max").removesuffix("_min"))


def _metrics(catalog: Catalog) -> Iterator[str]:
    rows = (
        (
            f"`{name}`",
            type_of(name, metric),
            unit_of(name, metric),
            _list(metric.labels.own),
            metric.help,
        )
        for name, metric in catalog.metrics.items()
    )
    yield from _table("Metrics", ("metric", "type", "unit", "labels", "tells"), rows)


def _pages(catalog: Catalog) -> Iterator[str]:
    rows = (
        (dashboard.title, dashboard.help, _list(row.title for row in dashboard.rows))
        for dashboard in catalog.dashboards.values()
    )
    yield from _table("Dashboards", ("page", "for", "rows"), rows)


def _tasks(catalog: Catalog) -> Iterator[str]:
    rows = (
        (name, task.does, f"every {task.every}", task.at, _list(task.mutes))
        for name, task in catalog.maintenance.items()
    )
    yield from _table("Maintenance", ("task", "does", "how often", "at", "quiet meanwhile"), rows)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
