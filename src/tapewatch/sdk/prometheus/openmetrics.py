"""OpenMetrics' text under the names of ``prometheus_client.openmetrics.exposition``."""

from tapewatch.sdk.prometheus.text import CONTENT_TYPE_OPENMETRICS as CONTENT_TYPE_LATEST
from tapewatch.sdk.prometheus.text import generate_openmetrics as generate_latest

__all__ = ["CONTENT_TYPE_LATEST", "generate_latest"]
