"""``/alerts``: taking alerts, and showing those that are known."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.errors import BadAlerts
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import match_all
from tapewatch.server.errors import Refusal
from tapewatch.server.faces.alertmanager.answers import (
    PREFIX,
    REQUIRED,
    WRONG_TYPE,
    Call,
    endpoint,
    respond,
    time_of,
    unreadable,
    words,
)
from tapewatch.server.faces.alertmanager.shapes import passes, show_alert
from tapewatch.watch.alert import Alert

if TYPE_CHECKING:
    from tapewatch.server.server import Server

ONLY_TEXTS: Final = frozenset({str})


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/alerts", post, ("POST",))
    yield endpoint(server, f"{PREFIX}/alerts", show)


async def post(call: Call) -> Response:
    """Take alerts; the good ones of a bad batch too. What is answered with 200 is on disk."""
    told = await call.body("alerts")
    if not isinstance(told, list):
        raise unreadable("alerts", "a list of alerts is expected")
    alerts = [read_alert(place, each) for place, each in enumerate(told)]
    try:
        call.service.take(alerts, call.now_ns)
    except BadAlerts as fault:
        await call.service.written()
        raise words(400, str(fault)) from None
    await call.service.written()
    return Response(status_code=200)


async def show(call: Call) -> Response:
    """Show the alerts that have not ended, in the order of their fingerprints."""
    matchers, receiver, now_ns = call.matchers(), call.receiver(), call.now_ns
    receiver_matchers = call.matchers("receiver_matchers")
    wanted = {name: call.flag(name) for name in ("active", "silenced", "inhibited")}
    desk, found = call.desk, []
    for state in desk.firing(now_ns):
        if not match_all(matchers, state.labels):
            continue
        names = [route.receiver for route, _ in desk.places(state)]
        if receiver is not None and not any(map(receiver.matches, names)):
            continue
        if receiver_matchers and not any(
            match_all(receiver_matchers, desk.plan.receiver_labels(name)) for name in names
        ):
            continue
        muted = sorted({name for group in state.groups for name in group.muted_by})
        shown = show_alert(desk, state, now_ns, list(dict.fromkeys(names)), muted)
        if passes(shown["status"], **wanted):
            found.append(shown)
    found.sort(key=lambda each: str(each["fingerprint"]))
    return respond(found)


def read_alert(place: int, told: Any) -> Alert:
    """Read one alert of a body."""
    if not isinstance(told, dict):
        raise unreadable("alerts", f"alert {place} is no object")
    labels = told.get("labels")
    if labels is None:
        raise Refusal(422, REQUIRED, f"{place}.labels in body is required")
    url = told.get("generatorURL") or ""
    if url and not _is_uri(url):
        message = f'{place}.generatorURL in body must be of type uri: "{url}"'
        raise Refusal(422, WRONG_TYPE, message)
    return Alert(
        read_labels(labels),
        read_labels(told.get("annotations") or {}),
        time_of("alerts", told.get("startsAt")),
        time_of("alerts", told.get("endsAt")),
        url,
    )


def read_labels(told: Any) -> Labels:
    """Read a mapping of texts."""
    if not isinstance(told, dict) or not {*map(type, told.values())} <= ONLY_TEXTS:
        raise unreadable("alerts", "labels and annotations are texts by their names")
    # A storm brings values that nothing else has, so they are not interned as Labels.of does.
    return Labels([pair for pair in sorted(told.items()) if pair[1]])


def _is_uri(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        return bool(urlsplit(url).scheme) or url.startswith("/")
    except ValueError:
        return False
