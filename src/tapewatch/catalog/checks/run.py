"""Running the checks: every one over one catalog, what it finds at its place."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.checks import (
    care,
    counters,
    dashboards,
    expressions,
    metrics,
    objectives,
    ratios,
    references,
    runbooks,
    silence,
    texts,
    thresholds,
)
from tapewatch.catalog.checks.check import Check, Finding, Hit
from tapewatch.catalog.checks.review import Review
from tapewatch.document.errors import Fault
from tapewatch.document.reading import join

CHECKS: Final[tuple[Check, ...]] = (
    *expressions.CHECKS,
    *thresholds.CHECKS,
    *counters.CHECKS,
    *ratios.CHECKS,
    *silence.CHECKS,
    *metrics.CHECKS,
    *care.CHECKS,
    *texts.CHECKS,
    *runbooks.CHECKS,
    *references.CHECKS,
    *objectives.CHECKS,
    *dashboards.CHECKS,
)
BLOCKING: Final = frozenset(
    ("TW001", "TW002", "TW402", "TW601", "TW701", "TW702", "TW801", "TW802")
)
"""With these a catalog cannot run; with the others it runs, and is wrong."""
UNREADABLE: Final = "TW000"


def check_catalog(
    catalog: Catalog, *, plain: bool = False, calendar: str = ""
) -> tuple[Finding, ...]:
    """Run every check; the findings are sorted by file and line."""
    review = Review(catalog, plain=plain, calendar=calendar)
    found = {
        _placed(catalog, check, hit)
        for check in CHECKS
        if check.plain or not plain
        for hit in check.find(review)
        if not _accepted(catalog, check, hit)
    }
    return tuple(sorted(found))


def _accepted(catalog: Catalog, check: Check, hit: Hit) -> bool:
    things: dict[str, Any] = {"platform": catalog.platform}
    thing = things.get(hit.section)
    if thing is None and hit.section != "runbooks":
        thing = catalog.section(hit.section).get(hit.name)
    return check.code in getattr(thing, "accept", {})


def _placed(catalog: Catalog, check: Check, hit: Hit) -> Finding:
    place = catalog.place(hit.section, hit.name)
    path = ".".join(part for part in (hit.section, hit.name) if part)
    for step in hit.setting:
        path = f"{path}[{step}]" if isinstance(step, int) else join(path, step)
    line = hit.line or place.line_of(*hit.setting)
    return Finding(place.file, line, check.code, check.title, path, hit.message)


def of_faults(faults: Sequence[Fault]) -> Iterator[Finding]:
    """Show what could not be read beside what was found."""
    for fault in faults:
        yield Finding(fault.file, fault.line, UNREADABLE, "unreadable", fault.path, fault.message)


def blocking(findings: Sequence[Finding]) -> list[Fault]:
    """Return what keeps a catalog from running."""
    return [
        Fault(each.file, each.line, each.path, each.message)
        for each in findings
        if each.code in BLOCKING
    ]
