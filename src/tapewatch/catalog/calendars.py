"""Which calendars a catalog asks for: in guards, promises and pages."""

from collections.abc import Iterator

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.forms import ALWAYS
from tapewatch.catalog.platform import ALWAYS_OPEN


def asked_calendars(catalog: Catalog) -> Iterator[tuple[str, str, str, str]]:
    """Yield section, name, setting and calendar of everything that asks for one."""
    if catalog.platform.calendar != ALWAYS_OPEN:
        yield "platform", "", "calendar", catalog.platform.calendar
    for name, alert in catalog.alerts.items():
        guard = alert.only_while
        if guard is not None and guard.calendar != ALWAYS:
            yield "alerts", name, "only_while", guard.calendar
    for name, objective in catalog.objectives.items():
        if objective.over.calendar:
            yield "objectives", name, "over", objective.over.calendar
    for name, dashboard in catalog.dashboards.items():
        if dashboard.calendar:
            yield "dashboards", name, "calendar", dashboard.calendar


def calendar_names(catalog: Catalog) -> tuple[str, ...]:
    """Name the calendars whose state has to be written as series."""
    return tuple(sorted({calendar for *_, calendar in asked_calendars(catalog)}))
