"""``/status/…`` and ``/features``: what the API tells of the server itself."""

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.document.overlay import leaf_paths
from tapewatch.document.printing import to_plain, to_yaml
from tapewatch.metrics.census import Ranking, take_census
from tapewatch.metrics.promql.nodes import Aggregator, Operator
from tapewatch.metrics.promql.signatures import SIGNATURES
from tapewatch.metrics.settings import FEATURES
from tapewatch.metrics.storage.segment import Segment
from tapewatch.model.durations import format_duration_ms, format_time_ns
from tapewatch.model.labels import METRIC_NAME
from tapewatch.model.regex import regex
from tapewatch.model.samples import Family, MetricType, Sample
from tapewatch.server.faces.prometheus.answers import PREFIX, Call, Data, endpoint
from tapewatch.server.settings import Settings
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server

SPOKEN: Final = "3.14.0"
"""The version of Prometheus whose API this is; clients choose what they ask for by it."""
RANKED: Final = 10
_VALUE_KEYS: Final = {MetricType.COUNTER: "counter", MetricType.GAUGE: "gauge"}
_DISCOVERIES: Final = ("dns", "file", "http", "kubernetes", "static")
_EXPERIMENTAL: Final = FEATURES[0]


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/status/buildinfo", buildinfo)
    yield endpoint(server, f"{PREFIX}/status/config", config)
    yield endpoint(server, f"{PREFIX}/status/flags", flags)
    yield endpoint(server, f"{PREFIX}/status/runtimeinfo", runtimeinfo)
    yield endpoint(server, f"{PREFIX}/status/tsdb", tsdb)
    yield endpoint(server, f"{PREFIX}/status/tsdb/blocks", blocks)
    yield endpoint(server, f"{PREFIX}/status/walreplay", walreplay)
    yield endpoint(server, f"{PREFIX}/status/self_metrics", self_metrics)
    yield endpoint(server, f"{PREFIX}/features", features)


async def buildinfo(_call: Call) -> Data:
    """Say what runs."""
    return Data(
        {
            "version": f"{SPOKEN}+tapewatch.{VERSION}",
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": f"python{platform.python_version()}",
        }
    )


async def config(call: Call) -> Data:
    """Show the configuration in use."""
    return Data({"yaml": to_yaml(call.server.settings)})


async def flags(call: Call) -> Data:
    """Show every single setting."""
    plain = to_plain(call.server.settings, Settings)
    return Data({path: _flat(plain, path) for path in leaf_paths(Settings)})


async def runtimeinfo(call: Call) -> Data:
    """Say how the process is."""
    server, database = call.server, call.metrics.database
    return Data(
        {
            "startTime": format_time_ns(server.started_ns),
            "CWD": os.getcwd(),  # noqa: PTH109  # The text that the API shows.
            "hostname": platform.node(),
            "serverTime": format_time_ns(server.clock.now_ns()),
            "reloadConfigSuccess": server.reload_good,
            "lastConfigTime": format_time_ns(server.reloaded_ns),
            "corruptionCount": database.tally.damaged_frames + len(database.tally.damaged_files),
            "goroutineCount": 0,
            "GOMAXPROCS": os.cpu_count() or 1,
            "GOMEMLIMIT": sys.maxsize,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": format_duration_ms(database.settings.retention),
        }
    )


async def tsdb(call: Call) -> Response:
    """Say which metrics and labels make up the head."""
    limit = call.parameters.count("limit", RANKED)
    database = call.metrics.database

    def count() -> Data:
        census = take_census(database, limit)
        return Data(
            {
                "headStats": {
                    "numSeries": census.series,
                    "numLabelPairs": census.label_pairs,
                    "chunkCount": census.stripes,
                    "minTime": census.first_ms,
                    "maxTime": census.last_ms,
                },
                "seriesCountByMetricName": _ranking(census.series_by_metric),
                "labelValueCountByLabelName": _ranking(census.values_by_label),
                "memoryInBytesByLabelName": _ranking(census.bytes_by_label),
                "seriesCountByLabelValuePair": _ranking(census.series_by_pair),
            }
        )

    return await call.beside(count)


async def blocks(call: Call) -> Data:
    """List the blocks."""
    return Data({"blocks": [_block(each) for each in call.metrics.database.blocks]})


async def walreplay(_call: Call) -> Data:
    """Say how far reading the log is: it is read before anybody can ask."""
    return Data({"min": 0, "max": 0, "current": 0})


async def self_metrics(call: Call) -> Data:
    """Show the server's own metrics."""
    pattern = call.parameters.get("metric_name_pattern", ".*")
    matches = regex(pattern).matches
    return Data([_family(each) for each in call.server.families() if matches(each.name)])


async def features(call: Call) -> Data:
    """Say what is there and what is switched on."""
    on = set(call.metrics.settings.query.features)
    functions = {
        name: not each.experimental or _EXPERIMENTAL in on for name, each in SIGNATURES.items()
    }
    aggregators = {str(each): not each.experimental or _EXPERIMENTAL in on for each in Aggregator}
    return Data(
        {
            "api": {
                "admin": call.metrics.settings.enable_admin_api,
                "exemplars": True,
                "federation": True,
                "otlp_write_receiver": True,
                "remote_read": True,
                "remote_write_receiver": True,
                "search": True,
            },
            "otlp_receiver": {"delta_conversion": False, "native_delta_ingestion": False},
            "promql": {name.replace("-", "_"): name in on for name in FEATURES},
            "promql_functions": functions,
            "promql_operators": {**dict.fromkeys(map(str, Operator), True), **aggregators},
            "service_discovery_providers": dict.fromkeys(_DISCOVERIES, True),
        }
    )


def _flat(plain: Any, path: str) -> str:
    """Return one setting as the text that would set it."""
    for key in path.split("."):
        plain = plain[key]
    return "" if plain is None else str(plain)


def _ranking(ranking: Ranking) -> list[dict[str, Any]]:
    return [{"name": name, "value": count} for name, count in ranking]


def _block(block: Segment) -> dict[str, Any]:
    header = block.header
    return {
        "ulid": f"{block.number:026d}",
        "minTime": header.first_ms,
        "maxTime": header.last_ms,
        "stats": {
            "numSamples": header.sample_count,
            "numSeries": len(block.finder.table),
            "numChunks": block.stripe_count,
        },
        "compaction": {"level": 1},
        "version": 1,
    }


def _family(each: Family) -> dict[str, Any]:
    """Write a family as protobuf's JSON form does; histograms become their plain samples."""
    kind = each.type if each.type in _VALUE_KEYS else MetricType.GAUGE
    return {
        "name": each.name,
        "help": each.help,
        "type": kind.upper(),
        "metric": list(_samples(each.samples, _VALUE_KEYS[kind], own_name=each.name)),
    }


def _samples(samples: Iterable[Sample], key: str, *, own_name: str) -> Iterator[dict[str, Any]]:
    for sample in samples:
        labels = [
            {"name": name, "value": value}
            for name, value in sample.labels
            if name != METRIC_NAME or value != own_name
        ]
        told: dict[str, Any] = {key: {"value": sample.value}}
        yield {"label": labels, **told} if labels else told
