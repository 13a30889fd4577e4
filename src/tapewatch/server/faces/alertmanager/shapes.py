"""Alerts and silences as API v2 shows them."""

from typing import Any

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.silences import Silence
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.server.faces.alertmanager.answers import format_ms


def show_alert(
    desk: Desk, state: AlertState, now_ns: int, receivers: list[str], muted_by: list[str]
) -> dict[str, Any]:
    """Show an alert with what keeps it quiet at this moment."""
    silenced, inhibited = desk.status_of(state, now_ns)
    suppressed = bool(silenced or inhibited)
    shown: dict[str, Any] = {
        "annotations": dict(state.annotations),
        "endsAt": format_ms(state.ends_ns),
        "fingerprint": state.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": format_ms(state.starts_ns),
        "status": {
            "inhibitedBy": inhibited,
            "mutedBy": muted_by,
            "silencedBy": list(silenced),
            "state": "suppressed" if suppressed else "active",
        },
        "updatedAt": format_ms(state.updated_ns),
        "labels": dict(state.labels),
    }
    if state.generator_url:
        shown["generatorURL"] = state.generator_url
    return shown


def show_silence(silence: Silence, now_ns: int) -> dict[str, Any]:
    """Show a silence; of several matcher sets the first one stands where one is expected."""
    shown: dict[str, Any] = {
        "id": silence.id,
        "status": {"state": str(silence.state(now_ns))},
        "updatedAt": format_ms(silence.updated_ns),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": format_ms(silence.ends_ns),
        "startsAt": format_ms(silence.starts_ns),
        "annotations": dict(silence.annotations),
        "matchers": [show_matcher(each) for each in silence.matcher_sets[0]],
    }
    if len(silence.matcher_sets) > 1:
        sets = [[show_matcher(each) for each in matchers] for matchers in silence.matcher_sets]
        shown["matcherSets"] = sets
    if silence.recurrence:
        shown["recurrence"] = silence.recurrence
    if silence.notices:
        shown["notices"] = True
    return shown


def show_matcher(matcher: Matcher) -> dict[str, Any]:
    """Show a matcher by its four fields."""
    return {
        "isEqual": not matcher.kind.negative,
        "isRegex": matcher.kind in (MatchKind.REGEX, MatchKind.NOT_REGEX),
        "name": matcher.name,
        "value": matcher.value,
    }


def passes(status: dict[str, Any], *, active: bool, silenced: bool, inhibited: bool) -> bool:
    """Say whether an alert of this status was asked for."""
    if not active and status["state"] == "active":
        return False
    if not silenced and status["silencedBy"]:
        return False
    return inhibited or not status["inhibitedBy"]
