"""``/alerts/groups``: alerts as the routing tree groups them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.groups import Group
from tapewatch.model.matchers import Matcher, match_all
from tapewatch.server.faces.alertmanager.answers import PREFIX, Call, endpoint, respond
from tapewatch.server.faces.alertmanager.shapes import passes, show_alert

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{PREFIX}/alerts/groups", show)


async def show(call: Call) -> Response:
    """Show groups in the order of their labels, then of their receivers."""
    receiver, matchers = call.receiver(), call.matchers()
    receiver_matchers = call.matchers("receiver_matchers")
    found = []
    for group in call.desk.groups.values():
        name = group.route.receiver
        if receiver is not None and not receiver.matches(name):
            continue
        if not match_all(receiver_matchers, call.desk.plan.receiver_labels(name)):
            continue
        shown = _show_group(call, group, matchers)
        if shown is not None:
            found.append(shown)
    found.sort(key=lambda each: (sorted(each["labels"].items()), each["receiver"]["name"]))
    return respond(found)


def _show_group(call: Call, group: Group, matchers: list[Matcher]) -> dict[str, Any] | None:
    desk, now_ns = call.desk, call.now_ns
    muted_by = list(desk.plan.muted_by(group.route, now_ns))
    if muted_by and not call.flag("muted"):
        return None
    wanted = {name: call.flag(name) for name in ("active", "silenced", "inhibited")}
    alerts = []
    for state in group.members.values():
        if state.is_resolved(now_ns) or not match_all(matchers, state.labels):
            continue
        names = [route.receiver for route, _ in desk.places(state)]
        shown = show_alert(desk, state, now_ns, list(dict.fromkeys(names)), muted_by)
        if passes(shown["status"], **wanted):
            alerts.append(shown)
    if not alerts:
        return None
    if not call.flag("muted") and all(each["status"]["state"] == "suppressed" for each in alerts):
        return None
    alerts.sort(key=lambda each: str(each["fingerprint"]))
    return {
        "alerts": alerts,
        "labels": dict(group.labels),
        "receiver": {"name": group.route.receiver},
        "routeLabels": dict(group.route.options.labels),
    }
