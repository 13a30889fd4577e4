"""``/api/v1/alerting/{actions,approvals}``: what can be set off, by whom, and what waits."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from tapewatch.alerting.actions.pull import Approval, Pull
from tapewatch.alerting.channels.channel import Delivered, Outcome
from tapewatch.alerting.errors import NotKnown
from tapewatch.model.durations import format_time_ns, parse_duration_ms
from tapewatch.model.errors import BadText
from tapewatch.server.faces.alertmanager.answers import OWN, Call, endpoint, respond, words
from tapewatch.server.faces.alertmanager.bodies import needed, told_in

if TYPE_CHECKING:
    from tapewatch.server.server import Server


def routes(server: "Server") -> Iterator[BaseRoute]:
    """Yield the routes."""
    yield endpoint(server, f"{OWN}/actions", show)
    # The names of packs' actions hold a slash, however a client writes it.
    yield endpoint(server, f"{OWN}/actions/{{action:path}}/arm", arm, ("POST",))
    yield endpoint(server, f"{OWN}/actions/{{action:path}}/disarm", disarm, ("POST",))
    yield endpoint(server, f"{OWN}/actions/{{action:path}}", act, ("POST",))
    yield endpoint(server, f"{OWN}/approvals", approvals)
    yield endpoint(server, f"{OWN}/approvals/{{id}}/approve", approve, ("POST",))
    yield endpoint(server, f"{OWN}/approvals/{{id}}/decline", decline, ("POST",))


async def show(call: Call) -> Response:
    """Show every action, whether it is armed, and who pulled it last."""
    return respond(list(call.service.crew.actions.shown()))


async def act(call: Call) -> Response:
    """Pull an action by hand: ``{by, why}``; the answer says what came of it."""
    pull = _pull_by_hand(call, await told_in(call))
    return await _answer(call, await call.service.crew.actions.pull(pull))


async def arm(call: Call) -> Response:
    """Arm an action for a while: ``{by, why, for?}``."""
    told = await told_in(call)
    actions = call.service.crew.actions
    lasts_ms = _duration_ms(needed(told, "for")) if "for" in told else actions.settings.arm_for
    return await _answer(call, actions.arm(_pull_by_hand(call, told), lasts_ms))


def _duration_ms(text: str) -> int:
    try:
        return parse_duration_ms(text)
    except BadText as fault:
        raise words(400, str(fault)) from None


async def disarm(call: Call) -> Response:
    """Make an action that was armed by hand a dry run again: ``{by, why}``."""
    pull = _pull_by_hand(call, await told_in(call))
    return await _answer(call, call.service.crew.actions.disarm(pull))


def _pull_by_hand(call: Call, told: dict[str, Any]) -> Pull:
    """Read who wishes what, and why, of an action that there is."""
    name = call.request.path_params["action"]
    if name not in call.service.crew.actions.settings.known:
        raise NotKnown("action", name)
    by, why = needed(told, "by"), needed(told, "why")
    return Pull(name, str(uuid.uuid4()), by, why, call.now_ns, by_person=True)


async def approvals(call: Call) -> Response:
    """Show what waits for a person, the most urgent first."""
    return respond([_shown(each) for each in call.service.crew.actions.approvals()])


async def approve(call: Call) -> Response:
    """Agree to an action: ``{by}``; the answer says what came of it."""
    by = needed(await told_in(call), "by")
    outcome = await call.service.crew.actions.approve(call.request.path_params["id"], by)
    return await _answer(call, outcome)


async def decline(call: Call) -> Response:
    """Say no to an action: ``{by, why?}``."""
    told = await told_in(call)
    name, why = call.request.path_params["id"], str(told.get("why", ""))
    call.service.crew.actions.decline(name, needed(told, "by"), why)
    return await _answer(call, Delivered(detail="declined"))


async def _answer(call: Call, outcome: Outcome) -> Response:
    call.service.turn()
    await call.service.written()
    done = isinstance(outcome, Delivered)
    return respond({"result": "done" if done else "failed", "detail": outcome.detail})


def _shown(approval: Approval) -> dict[str, object]:
    pull = approval.pull
    return {
        "id": approval.id,
        "action": pull.action,
        "by": pull.by,
        "why": pull.why,
        "until": format_time_ns(approval.until_ns),
        "labels": dict(pull.labels),
    }
