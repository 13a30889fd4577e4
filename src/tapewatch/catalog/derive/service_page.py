"""
A page for every service, from what its metrics are: nobody has to draw it.

What the service exposes is shown, its own metrics before those that others have too. A number that
only serves another one, a limit or a time of day, is left to the pages that compare them.
"""

from collections.abc import Collection, Iterator
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.dashboard import Dashboard, Panel, PanelKind, Row, Shown
from tapewatch.catalog.metric import SERIES_SUFFIXES, Metric, type_of, unit_of

PANELS_MAX: Final = 30
PANELS_ABREAST: Final = 3
LINES_MAX: Final = 12
"""More lines than that say nothing in one panel."""
WINDOW: Final = "1m"
LADDER: Final = (0.5, 0.95, 0.99, 0.999)
CHOICES: Final = ("venue", "exchange", "strategy", "symbol")
_SERVES_ANOTHER: Final = (
    *("_timestamp_seconds", "_limit", "_max_bytes", "_max_fds", "_expected_interval_seconds"),
    *("_max", "_info"),
)
_SHOWN_ABOVE: Final = ("process_", "up", "scrape_", "region_", "target_info")


def service_page(catalog: Catalog, name: str, where: str, exposed: Collection[str]) -> Dashboard:
    """
    Draw up the page of a service, whose series ``where`` selects.

    Where nothing is exposed, what it should expose is asked.
    """
    service = catalog.services[name]
    shown = list(_shown(catalog, name, exposed))[:PANELS_MAX]
    has = {label for metric in shown for label in catalog.metrics[metric].labels.own}
    return Dashboard(
        title=service.title or name,
        help=service.help,
        rows=(_health(where), *_rows(catalog, shown, where)),
        choose=tuple(label for label in CHOICES if label in has),
    )


def _shown(catalog: Catalog, name: str, exposed: Collection[str]) -> Iterator[str]:
    def is_there(metric: str) -> bool:
        own = catalog.metrics[metric]
        if not exposed:
            return own.service == name
        suffixes = ("", *SERIES_SUFFIXES[type_of(metric, own)])
        return any(f"{metric}{suffix}" in exposed for suffix in suffixes)

    speaking = (
        metric
        for metric in catalog.metrics
        if not metric.endswith(_SERVES_ANOTHER) and not metric.startswith(_SHOWN_ABOVE)
    )
    there = filter(is_there, speaking)
    yield from sorted(there, key=lambda metric: catalog.metrics[metric].service != name)


def _health(where: str) -> Row:
    up, began = f"up{{{where}}}", f"process_start_time_seconds{{{where}}}"
    busy = f"sum by (instance) (rate(process_cpu_seconds_total{{{where}}}[{WINDOW}]))"
    memory = f"sum by (instance) (process_resident_memory_bytes{{{where}}})"
    firing = f'ALERTS{{alertstate="firing", {where}}}'
    instance = ("instance",)
    return Row(
        "Is it well?",
        (
            _panel("Answers", "status", up, by=instance),
            _panel("Has run for", "number", f"time() - max({began})", unit="seconds"),
            _panel("Cores used", "lines", busy, by=instance, unit="count"),
            _panel("Memory", "lines", memory, by=instance, unit="bytes"),
            _panel("Its alerts", "table", firing, wide=2),
        ),
    )


def _rows(catalog: Catalog, metrics: list[str], where: str) -> Iterator[Row]:
    families: dict[str, list[Panel]] = {}
    for metric in metrics:
        families.setdefault(_family(metric), []).append(_of_metric(catalog, metric, where))
    for family, panels in families.items():
        for first in range(0, len(panels), PANELS_ABREAST):
            title = "" if first else family
            yield Row(title, tuple(panels[first : first + PANELS_ABREAST]))


def _family(metric: str) -> str:
    """The first word of a name says what it is about: orders, venues, risk."""
    return metric.partition("_")[0].capitalize()


def _of_metric(catalog: Catalog, name: str, where: str) -> Panel:
    metric = catalog.metrics[name]
    kind = type_of(name, metric)
    if kind == "histogram":
        return Panel(
            title=_title(name, metric), show=Shown({"": name}), where=where, quantiles=LADDER
        )
    is_state = name in metric.labels.own or (kind == "gauge" and unit_of(name, metric) == "flag")
    by = (name,) if name in metric.labels.own else _telling(catalog, metric)
    shape: PanelKind = "status" if is_state else "lines"
    return _panel(_title(name, metric), shape, name, by=by, where=where)


def _panel(
    title: str,
    kind: PanelKind,
    show: str,
    *,
    by: tuple[str, ...] = (),
    unit: str = "",
    where: str = "",
    wide: int = 1,
) -> Panel:
    shown = Shown({"": show})
    return Panel(title=title, kind=kind, show=shown, by=by, unit=unit, where=where, wide=wide)


def _title(name: str, metric: Metric) -> str:
    """What a metric tells, up to where its description goes into detail."""
    return metric.help.partition(";")[0].rstrip(".") or name


def _telling(catalog: Catalog, metric: Metric) -> tuple[str, ...]:
    """The first label with few values; all series at once where none has."""
    for name, own in metric.labels.own.items():
        declared = own or catalog.labels.get(name)
        if declared is not None and 1 < declared.value_count <= LINES_MAX:
            return (name,)
    return ()
