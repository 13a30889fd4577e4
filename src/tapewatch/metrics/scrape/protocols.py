"""
Which forms a target is asked for, and which one it answered with.

The names are those of ``scrape_protocols``. A target that says nothing of its form, or something
unknown, is only read where the job names a form to fall back to.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from tapewatch.metrics.scrape.errors import ContentRefused
from tapewatch.wire.exposition.escape import Escaping


class Protocol(StrEnum):
    """The forms of an exposition."""

    PROTOBUF = "PrometheusProto"
    OPENMETRICS_1 = "OpenMetricsText1.0.0"
    OPENMETRICS_0 = "OpenMetricsText0.0.1"
    TEXT_1 = "PrometheusText1.0.0"
    TEXT_0 = "PrometheusText0.0.4"


DEFAULT: Final = (
    Protocol.OPENMETRICS_1,
    Protocol.OPENMETRICS_0,
    Protocol.TEXT_1,
    Protocol.TEXT_0,
)

_MEDIA: Final = {
    Protocol.PROTOBUF: (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    ),
    Protocol.OPENMETRICS_1: "application/openmetrics-text;version=1.0.0",
    Protocol.OPENMETRICS_0: "application/openmetrics-text;version=0.0.1",
    Protocol.TEXT_1: "text/plain;version=1.0.0",
    Protocol.TEXT_0: "text/plain;version=0.0.4",
}
_ESCAPABLE: Final = frozenset({Protocol.OPENMETRICS_1, Protocol.TEXT_1})


def accept_header(protocols: Sequence[Protocol], escaping: Escaping) -> str:
    """Write the ``Accept`` header, the first protocol with the highest weight."""
    weight = len(Protocol) + 1
    parts = []
    for protocol in protocols:
        marked = f";escaping={escaping}" if protocol in _ESCAPABLE else ""
        parts.append(f"{_MEDIA[protocol]}{marked};q=0.{weight}")
        weight -= 1
    return ",".join([*parts, f"*/*;q=0.{weight}"])


@lru_cache(maxsize=256)
def protocol_of(content_type: str, fallback: Protocol | None) -> Protocol:
    """Say which form a body has; raises ``ContentRefused`` where nobody can know."""
    media, _, rest = content_type.lower().partition(";")
    parameters = dict(_parameter(part) for part in rest.split(";"))
    known = _protocol(media.strip(), parameters)
    if known is None and fallback is None:
        raise ContentRefused(content_type)
    return known or fallback or Protocol.TEXT_0


def _protocol(media: str, parameters: dict[str, str]) -> Protocol | None:
    version = parameters.get("version", "")
    if media == "application/openmetrics-text":
        return Protocol.OPENMETRICS_0 if version == "0.0.1" else Protocol.OPENMETRICS_1
    if media == "text/plain":
        return Protocol.TEXT_1 if version == "1.0.0" else Protocol.TEXT_0
    if media == "application/vnd.google.protobuf":
        delimited = parameters.get("encoding", "delimited") == "delimited"
        family = parameters.get("proto", "io.prometheus.client.metricfamily")
        named = family == "io.prometheus.client.metricfamily"
        return Protocol.PROTOBUF if delimited and named else None
    return None


def _parameter(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip().strip('"')
