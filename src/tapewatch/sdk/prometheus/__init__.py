"""
prometheus_client's face over the region: existing code changes one import.

    from tapewatch.sdk.prometheus import Counter, Histogram, start_http_server

Declarations, labels, decorators, registries, custom collectors and the text are those of
prometheus_client; the numbers lie in the region, so the agent reads them without a port and a
scrape stalls nothing. It is not where new code begins: the instruments of ``tapewatch.sdk`` are
faster and say more. Read ``metrics.py`` first; what serves over HTTP is loaded when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tapewatch.sdk.errors import DuplicateTimeseries
from tapewatch.sdk.prometheus.collectors import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from tapewatch.sdk.prometheus.families import Metric
from tapewatch.sdk.prometheus.metrics import (
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    Summary,
    disable_created_metrics,
    enable_created_metrics,
)
from tapewatch.sdk.prometheus.registry import REGISTRY, CollectorRegistry
from tapewatch.sdk.prometheus.text import (
    CONTENT_TYPE_LATEST,
    CONTENT_TYPE_PLAIN_0_0_4,
    CONTENT_TYPE_PLAIN_1_0_0,
    generate_latest,
)

if TYPE_CHECKING:
    from tapewatch.sdk.prometheus.gateway import (
        delete_from_gateway,
        instance_ip_grouping_key,
        push_to_gateway,
        pushadd_to_gateway,
    )
    from tapewatch.sdk.prometheus.serving import (
        MetricsHandler,
        make_asgi_app,
        make_wsgi_app,
        start_http_server,
        start_wsgi_server,
        write_to_textfile,
    )

_LATER: Final = {
    "delete_from_gateway": "tapewatch.sdk.prometheus.gateway",
    "instance_ip_grouping_key": "tapewatch.sdk.prometheus.gateway",
    "push_to_gateway": "tapewatch.sdk.prometheus.gateway",
    "pushadd_to_gateway": "tapewatch.sdk.prometheus.gateway",
    "MetricsHandler": "tapewatch.sdk.prometheus.serving",
    "make_asgi_app": "tapewatch.sdk.prometheus.serving",
    "make_wsgi_app": "tapewatch.sdk.prometheus.serving",
    "start_http_server": "tapewatch.sdk.prometheus.serving",
    "start_wsgi_server": "tapewatch.sdk.prometheus.serving",
    "write_to_textfile": "tapewatch.sdk.prometheus.serving",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def refresh(registry: CollectorRegistry = REGISTRY) -> None:
    """
    Read every metric once, so that the region has what only functions know.

    Call it from a timer where gauges have a ``set_function`` and nobody scrapes the process.
    """
    for _ in registry.collect():
        pass


__all__ = [
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_PLAIN_0_0_4",
    "CONTENT_TYPE_PLAIN_1_0_0",
    "GC_COLLECTOR",
    "PLATFORM_COLLECTOR",
    "PROCESS_COLLECTOR",
    "REGISTRY",
    "CollectorRegistry",
    "Counter",
    "DuplicateTimeseries",
    "Enum",
    "GCCollector",
    "Gauge",
    "Histogram",
    "Info",
    "Metric",
    "MetricsHandler",
    "PlatformCollector",
    "ProcessCollector",
    "Summary",
    "delete_from_gateway",
    "disable_created_metrics",
    "enable_created_metrics",
    "generate_latest",
    "instance_ip_grouping_key",
    "make_asgi_app",
    "make_wsgi_app",
    "push_to_gateway",
    "pushadd_to_gateway",
    "refresh",
    "start_http_server",
    "start_wsgi_server",
    "write_to_textfile",
]
