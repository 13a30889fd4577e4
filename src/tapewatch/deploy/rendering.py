"""The engines that a catalog can be rendered for, and what comes out for each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.deploy import alertmanager, loki, pages, prometheus
from tapewatch.deploy.errors import UnknownTarget
from tapewatch.deploy.grafana import files as grafana

Files = Mapping[str, str]
"""Texts by their path, relative to the folder that they are written to."""

TARGETS: Final[Mapping[str, Callable[[Catalog], Files]]] = MappingProxyType(
    {
        "prometheus": prometheus.render,
        "alertmanager": alertmanager.render,
        "grafana": grafana.render,
        "loki": loki.render,
        "docs": pages.render,
    }
)


def render(catalog: Catalog, target: str) -> Files:
    """Render a catalog for one engine; raises ``UnknownTarget``."""
    if target not in TARGETS:
        raise UnknownTarget(target, TARGETS)
    return TARGETS[target](catalog)
