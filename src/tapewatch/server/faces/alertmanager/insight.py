"""``/api/v1/alerting/{history,explain,routes}``: what happened, why, and what would happen."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.book.history import Entry, Happening, Search
from tapewatch.alerting.explain import explain
from tapewatch.alerting.groups import group_hash
from tapewatch.alerting.routing import Route
from tapewatch.model.durations import format_duration_ms, parse_time_ns
from tapewatch.model.errors import BadText
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import match_all
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond

if TYPE_CHECKING:
    from tapewatch.server.server import Server

HISTORY_MAX: Final = 100_000
EXPLAINED_MAX: Final = 100


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/history", history)
    yield endpoint(server, f"{OWN}/explain", explain_alerts)
    yield endpoint(server, f"{OWN}/routes", show_routes)
    yield endpoint(server, f"{OWN}/routes/test", test_routes)


async def history(call: Call) -> Response:
    """Search the history; ``format`` is json, jsonl or csv."""
    search = _search(call)
    found = await asyncio.to_thread(lambda: list(call.desk.history.search(search)))
    form = call.get("format", "json")
    if form not in _FORMS:
        raise Refusal(400, "bad_data", f"format {form!r} is not one of {', '.join(_FORMS)}")
    media_type, write = _FORMS[form]
    return Response(write(found), media_type=media_type)


async def explain_alerts(call: Call) -> Response:
    """Explain the alerts of a ``fingerprint``, or those that pass every ``filter``."""
    wanted, matchers = call.get("fingerprint"), call.matchers()
    if not wanted and not matchers:
        raise Refusal(400, "bad_data", "name a fingerprint, or a filter such as alertname=X")
    desk, now_ns = call.desk, call.now_ns
    if wanted:
        return respond([explain(desk, desk.alert(wanted), now_ns).as_dict()])
    found = [each for each in desk.alerts if match_all(matchers, each.labels)]
    return respond([explain(desk, each, now_ns).as_dict() for each in found[:EXPLAINED_MAX]])


async def show_routes(call: Call) -> Response:
    """Show the routing tree with what every route inherits."""
    return respond(_shown(call.desk.plan.root))


async def test_routes(call: Call) -> Response:
    """Say where an alert with the labels of the query would go, and in which group it would be."""
    pairs = dict(call.request.query_params)
    labels = Labels.of(pairs)
    if not labels:
        raise Refusal(400, "bad_data", "give labels as parameters, as in ?alertname=X&team=exec")
    plan, now_ns = call.desk.plan, call.now_ns
    found = [
        {
            "route": route.key,
            "receiver": route.receiver,
            "channels": [each.name for each in plan.integrations.get(route.receiver, ())],
            "group": dict(route.group_labels(labels)),
            "group_id": group_hash(route.id, route.group_labels(labels)),
            "quiet": list(plan.muted_by(route, now_ns)),
        }
        for route in plan.root.find(pairs)
    ]
    return respond(found)


def _shown(route: Route) -> dict[str, Any]:
    options = route.options
    return {
        "key": route.key,
        "matchers": [str(each) for each in route.matchers],
        "receiver": route.receiver,
        "group_by": list(options.group_by),
        "group_wait": _duration(options.group_wait_ns),
        "group_interval": _duration(options.group_interval_ns),
        "repeat_interval": _duration(options.repeat_interval_ns),
        "update": "in_place" if options.in_place else "message",
        "update_interval": _duration(options.update_interval_ns),
        "mute_time_intervals": list(route.mute_intervals),
        "active_time_intervals": list(route.active_intervals),
        "labels": dict(options.labels),
        "continue": route.goes_on,
        "routes": [_shown(each) for each in route.children],
    }


def _duration(duration_ns: int) -> str:
    return format_duration_ms(duration_ns // 1_000_000)


def _search(call: Call) -> Search:
    limit = call.get("limit", "1000")
    if not limit.isdigit() or int(limit) > HISTORY_MAX:
        raise Refusal(400, "bad_data", f"limit {limit!r} is no number up to {HISTORY_MAX}")
    kinds = call.all("kind")
    for kind in kinds:
        if kind not in set(Happening):
            known = ", ".join(Happening)
            raise Refusal(400, "bad_data", f"kind {kind!r} is not one of {known}")
    return Search(
        since_ns=_time(call, "since", 0),
        until_ns=_time(call, "until", 2**63 - 1),
        kinds=kinds,
        fingerprint=call.get("fingerprint"),
        group_key=call.get("group_key"),
        receiver=call.get("receiver"),
        matchers=call.matchers(),
        text=call.get("text"),
        limit=int(limit),
        newest_first=call.get("order", "newest") == "newest",
    )


def _time(call: Call, name: str, default: int) -> int:
    text = call.get(name)
    try:
        return parse_time_ns(text) if text else default
    except BadText as fault:
        raise Refusal(400, "bad_data", f"{name}: {fault}") from None


def _json(entries: Sequence[Entry]) -> bytes:
    return orjson.dumps([each.as_dict() for each in entries])


def _jsonl(entries: Sequence[Entry]) -> bytes:
    return b"".join(orjson.dumps(each.as_dict()) + b"\n" for each in entries)


def _csv(entries: Sequence[Entry]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(Entry(0, "").as_dict())
    for each in entries:
        row = each.as_dict() | {"labels": str(each.labels)}
        writer.writerow(_harmless(str(value)) for value in row.values())
    return written.getvalue().encode()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking somebody's words for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


_FORMS: Final = {
    "json": ("application/json", _json),
    "jsonl": ("application/x-ndjson", _jsonl),
    "csv": ("text/csv", _csv),
}
