"""
The pages of services, drawn up when somebody looks.

What a service exposes is known from its series alone, so a page is made of what is there now.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.boards import board
from tapewatch.catalog.derive.service_page import service_page
from tapewatch.catalog.derive.together import PLATFORM_LABEL
from tapewatch.metrics.storage.database import Database
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.server.boards import Dashboard

TAG: Final = "service"
RECENT_MS: Final = 3_600_000


class ServicePages:
    """The page of every declared service."""

    def __init__(self, catalogs: Sequence[Catalog], database: Database) -> None:
        self._catalogs = catalogs
        self._database = database

    def headings(self) -> Iterator[Dashboard]:
        """List the pages without what is on them."""
        for catalog, name in self._services():
            service = catalog.services[name]
            yield {
                "name": page_name(catalog, name),
                "title": service.title or name,
                "description": service.help,
                "tags": _tags(catalog),
            }

    def find(self, name: str) -> Dashboard | None:
        """Draw up the page of that name."""
        for catalog, service in self._services():
            if page_name(catalog, service) == name:
                own = self._own_matchers(catalog, service)
                where = ", ".join(map(str, own))
                page = service_page(catalog, service, where, self._exposed(own))
                return {**board(catalog, _own_name(service), page), "tags": _tags(catalog)}
        return None

    def _services(self) -> Iterator[tuple[Catalog, str]]:
        return ((catalog, name) for catalog in self._catalogs for name in catalog.services)

    def _own_matchers(self, catalog: Catalog, service: str) -> tuple[Matcher, ...]:
        own = Matcher(MatchKind.EQUAL, "service", service)
        if len(self._catalogs) < 2:
            return (own,)
        return own, Matcher(MatchKind.REGEX, PLATFORM_LABEL, f"{catalog.platform.name}|")

    def _exposed(self, own: tuple[Matcher, ...]) -> tuple[str, ...]:
        now_ms = self._database.clock.now_ns() // 1_000_000
        return self._database.find(own, now_ms - RECENT_MS, now_ms).label_values(METRIC_NAME)


def page_name(catalog: Catalog, service: str) -> str:
    """What the page of a service is called."""
    return f"{catalog.platform.name}-{_own_name(service)}"


def _own_name(service: str) -> str:
    return f"service-{service}"


def _tags(catalog: Catalog) -> list[str]:
    return [catalog.platform.title or catalog.platform.name, TAG]
