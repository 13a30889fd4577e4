"""``/openapi.yaml``: what this API offers, for tools that read OpenAPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import yaml
from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.server.errors import Refusal
from tapewatch.server.faces.prometheus.answers import JSON, PREFIX, Call, endpoint
from tapewatch.version import VERSION

if TYPE_CHECKING:
    from tapewatch.server.server import Server

VERSIONS: Final = {"3.1": "3.1.0", "3.2": "3.2.0"}
NDJSON: Final = "application/x-ndjson"
PROTOBUF: Final = "application/x-protobuf"

_TIME: Final = "a time: RFC 3339, or seconds since 1970"
_DURATION: Final = "a duration: 5m, or a number of seconds"
_SELECTOR: Final = "a selector of series, may be given several times"
_PARAMETERS: Final = {
    "query": "a query in PromQL",
    "time": _TIME,
    "start": _TIME,
    "end": _TIME,
    "step": _DURATION,
    "timeout": _DURATION,
    "lookback_delta": _DURATION,
    "match[]": _SELECTOR,
    "match_target": "a selector of targets by their labels",
    "limit": "the most that is answered; 0 is no limit",
    "limit_per_metric": "the most for each metric; 0 is no limit",
    "stats": "all or true: say what the query has cost",
    "metric": "the name of a metric",
    "label": "the name of a label",
    "state": "active, dropped or any",
    "scrapePool": "the name of a job",
    "labels": "discovered labels, as a JSON object",
    "type": "alert or record",
    "rule_name[]": "a rule, may be given several times",
    "rule_group[]": "a group, may be given several times",
    "file[]": "a file, may be given several times",
    "exclude_alerts": "whether to leave the alerts of rules out",
    "group_limit": "how many groups are on a page",
    "group_next_token": "where the page before ended",
    "metric_name_pattern": "a pattern (RE2) for names",
    "search[]": "what somebody has typed, may be given several times",
    "fuzz_threshold": "how well a name must fit, 0 to 100",
    "fuzz_alg": "subsequence or jarowinkler",
    "case_sensitive": "whether capitals count",
    "sort_by": "alpha or score",
    "sort_dir": "asc or dsc",
    "include_score": "whether to say how well each name fits",
    "include_metadata": "whether to say what metrics say of themselves",
    "batch_size": "how many names are on a line",
    "skip_head": "taken for compatibility; the head is always part of a snapshot",
    "openapi_version": "3.1 or 3.2",
    "name": "the name of a label; U__ begins an escaped one",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One path with what it takes."""

    path: str
    summary: str
    parameters: tuple[str, ...] = ()
    needed: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ("get",)
    media: str = JSON
    body: str = ""


def _operation(
    path: str,
    summary: str,
    parameters: str = "",
    *,
    methods: str = "get",
    media: str = JSON,
    body: str = "",
) -> Operation:
    """Read parameters from one text, those that are needed marked with ``!``."""
    words = parameters.split()
    return Operation(
        path,
        summary,
        tuple(word.rstrip("!") for word in words),
        frozenset(word.rstrip("!") for word in words if word.endswith("!")),
        tuple(methods.split()),
        media,
        body,
    )


_SEARCH: Final = (
    "match[] search[] fuzz_threshold fuzz_alg case_sensitive sort_by sort_dir include_score "
    "start end limit batch_size"
)
OPERATIONS: Final = (
    _operation(
        "/query",
        "Answer a query at one time",
        "query! time timeout limit lookback_delta stats",
        methods="get post",
    ),
    _operation(
        "/query_range",
        "Answer a query at every step of a range",
        "query! start! end! step! timeout limit lookback_delta stats",
        methods="get post",
    ),
    _operation(
        "/query_exemplars",
        "List the exemplars of the series that a query reads",
        "query! start end",
        methods="get post",
    ),
    _operation(
        "/format_query", "Write a query as people read it best", "query!", methods="get post"
    ),
    _operation("/parse_query", "Show the tree of a query", "query!", methods="get post"),
    _operation(
        "/labels", "List the names of labels", "match[] start end limit", methods="get post"
    ),
    _operation(
        "/label/{name}/values", "List the values of one label", "name! match[] start end limit"
    ),
    _operation("/series", "List series", "match[]! start end limit", methods="get post"),
    _operation(
        "/search/metric_names",
        "Find metrics while somebody types",
        f"{_SEARCH} include_metadata",
        methods="get post",
        media=NDJSON,
    ),
    _operation(
        "/search/label_names",
        "Find names of labels while somebody types",
        _SEARCH,
        methods="get post",
        media=NDJSON,
    ),
    _operation(
        "/search/label_values",
        "Find values of a label while somebody types",
        f"label! {_SEARCH}",
        methods="get post",
        media=NDJSON,
    ),
    _operation("/metadata", "Say what metrics say of themselves", "metric limit limit_per_metric"),
    _operation("/targets", "List targets", "state scrapePool"),
    _operation(
        "/targets/metadata",
        "Say what each target says of its metrics",
        "match_target metric limit",
    ),
    _operation(
        "/targets/relabel_steps",
        "Show what each relabelling rule of a job does",
        "scrapePool! labels!",
    ),
    _operation("/scrape_pools", "Name the jobs"),
    _operation("/scrape_pools/config", "Show the configuration of one job", "scrapePool!"),
    _operation(
        "/rules",
        "List groups with their rules",
        "type rule_name[] rule_group[] file[] match[] exclude_alerts group_limit group_next_token",
    ),
    _operation("/alerts", "List alerts that are pending or firing"),
    _operation("/alertmanagers", "List where alerts are sent"),
    _operation("/status/config", "Show the configuration in use"),
    _operation("/status/flags", "Show every single setting"),
    _operation("/status/runtimeinfo", "Say how the process is"),
    _operation("/status/buildinfo", "Say what runs"),
    _operation("/status/tsdb", "Say which metrics and labels make up the head", "limit"),
    _operation("/status/tsdb/blocks", "List the blocks"),
    _operation("/status/walreplay", "Say how far reading the log is"),
    _operation("/status/self_metrics", "Show the server's own metrics", "metric_name_pattern"),
    _operation("/features", "Say what is there and what is switched on"),
    _operation("/notifications", "List what an operator should know at once"),
    _operation("/notifications/live", "The same as it happens", media="text/event-stream"),
    _operation(
        "/read", "Answer another store (remote read)", methods="post", media=PROTOBUF, body=PROTOBUF
    ),
    _operation("/write", "Take samples (remote write)", methods="post", body=PROTOBUF),
    _operation(
        "/otlp/v1/metrics",
        "Take an export of OpenTelemetry",
        methods="post",
        media=PROTOBUF,
        body=PROTOBUF,
    ),
    _operation(
        "/admin/tsdb/delete_series",
        "Delete samples of series",
        "match[]! start end",
        methods="post put",
    ),
    _operation(
        "/admin/tsdb/clean_tombstones", "Remove what was deleted from disk", methods="post put"
    ),
    _operation(
        "/admin/tsdb/snapshot",
        "Copy a consistent state beside the database",
        "skip_head",
        methods="post put",
    ),
    _operation("/openapi.yaml", "This description", "openapi_version", media="application/yaml"),
)


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the route."""
    yield endpoint(server, f"{PREFIX}/openapi.yaml", openapi)


async def openapi(call: Call) -> Response:
    """Describe the API."""
    version = call.parameters.get("openapi_version", "3.1")
    if version not in VERSIONS:
        known = " or ".join(VERSIONS)
        raise Refusal(400, "bad_data", f'no OpenAPI version "{version}": ask for {known}')
    return Response(description(version), media_type="application/yaml")


@cache
def description(version: str) -> str:
    """Write the description in one version of OpenAPI."""
    described = {
        "openapi": VERSIONS[version],
        "info": {
            "title": "Tapewatch: Prometheus' API",
            "version": VERSION,
            "description": "Metrics by the HTTP API that clients of Prometheus speak.",
        },
        "servers": [{"url": PREFIX}],
        "paths": {each.path: _path(each) for each in OPERATIONS},
        "components": {"schemas": _SCHEMAS},
    }
    return str(yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100))


def _path(operation: Operation) -> dict[str, Any]:
    return {method: _method(operation, method) for method in operation.methods}


def _method(operation: Operation, method: str) -> dict[str, Any]:
    word = operation.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
    told: dict[str, Any] = {"operationId": f"{method}_{word}", "summary": operation.summary}
    if operation.parameters:
        told["parameters"] = [
            _parameter(
                name, needed=name in operation.needed, inside="{" + name + "}" in operation.path
            )
            for name in operation.parameters
        ]
    if operation.body:
        told["requestBody"] = {"required": True, "content": {operation.body: {}}}
    told["responses"] = {
        "200": {"description": "Done.", "content": {operation.media: _content(operation.media)}},
        "default": {
            "description": "Refused, and why.",
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        },
    }
    return told


def _parameter(name: str, *, needed: bool, inside: bool) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "name": name,
        "in": "path" if inside else "query",
        "required": needed,
        "description": _PARAMETERS[name],
        "schema": {"type": "array", "items": text} if name.endswith("[]") else text,
    }


def _content(media: str) -> dict[str, Any]:
    if media != JSON:
        return {"schema": {"type": "string"}}
    return {"schema": {"$ref": "#/components/schemas/Success"}}


_SCHEMAS: Final[dict[str, Any]] = {
    "Success": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"const": "success"},
            "data": {},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "infos": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Error": {
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {
            "status": {"const": "error"},
            "errorType": {"type": "string"},
            "error": {"type": "string"},
        },
    },
}
