"""
``/api/v1/catalog``: what the packs of this server declare, for the console and for anybody.

``…/catalog`` lists platforms; ``…/catalog/{platform}`` holds one whole: services, metrics, alerts,
objectives, owners, tasks; ``…/catalog/{platform}/runbooks/{name}`` is the text of a runbook.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import BaseRoute

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.checks.run import check_catalog
from tapewatch.catalog.file import SECTIONS
from tapewatch.catalog.metric import type_of, unit_of
from tapewatch.document.printing import to_plain
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint

if TYPE_CHECKING:
    from tapewatch.server.server import Server

OWN_PLACE: Final = ("dashboards",)
"""Sections that have an endpoint of their own."""


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/catalog", platforms)
    yield endpoint(server, f"{PREFIX}/catalog/{{platform}}", platform)
    yield endpoint(server, f"{PREFIX}/catalog/{{platform}}/runbooks/{{name}}", runbook)


async def platforms(call: Call) -> Data:
    """List the platforms, and how much each declares."""
    return Data([_summary(catalog) for catalog in call.server.packs.catalogs])


async def platform(call: Call) -> Data:
    """Show everything that one platform declares."""
    return Data(_whole(_asked(call)))


async def runbook(call: Call) -> Data:
    """Show a runbook as it was written."""
    catalog, name = _asked(call), call.request.path_params["name"]
    if name not in catalog.runbooks:
        raise Refusal(404, "not_found", f"there is no runbook {name!r}")
    found = catalog.runbooks[name]
    return Data({"name": name, "title": found.title, "text": found.text})


def _asked(call: Call) -> Catalog:
    name = call.request.path_params["platform"]
    for catalog in call.server.packs.catalogs:
        if catalog.platform.name == name:
            return catalog
    raise Refusal(404, "not_found", f"this server runs no pack {name!r}")


def _summary(catalog: Catalog) -> dict[str, Any]:
    counts = {section: len(getattr(catalog, section)) for section in SECTIONS}
    return {
        "name": catalog.platform.name,
        "title": catalog.platform.title or catalog.platform.name,
        "help": catalog.platform.help,
        "calendar": catalog.platform.calendar,
        "counts": {**counts, "runbooks": len(catalog.runbooks)},
    }


def _whole(catalog: Catalog) -> dict[str, Any]:
    sections = {
        section: {
            name: to_plain(each, type(each)) for name, each in getattr(catalog, section).items()
        }
        for section in SECTIONS
        if section not in OWN_PLACE
    }
    for name, metric in catalog.metrics.items():
        told = {"type": type_of(name, metric), "unit": unit_of(name, metric)}
        sections["metrics"][name] |= told
    for name, alert in catalog.alerts.items():
        told = {"owner": catalog.owner_of(alert), "runbook": catalog.runbook_of(name, alert)}
        sections["alerts"][name] |= {**told, "channels": list(catalog.channels_of(alert))}
    runbooks = {name: {"title": each.title} for name, each in catalog.runbooks.items()}
    findings = [str(finding) for finding in check_catalog(catalog)]
    whole = {**_summary(catalog), "platform": to_plain(catalog.platform, type(catalog.platform))}
    return {**whole, **sections, "runbooks": runbooks, "findings": findings}
