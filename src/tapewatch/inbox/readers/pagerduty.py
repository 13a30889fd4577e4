"""
PagerDuty: events of the second version.

Limits after https://developer.pagerduty.com/docs/events-api-v2/trigger-events/.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tapewatch.inbox.checks import Faults, list_of, no_address, object_of, text_of, too_long
from tapewatch.inbox.errors import Unreadable
from tapewatch.inbox.letter import Letter, State
from tapewatch.inbox.readers.headline import alerts_of, state_of

EVENT_MAX_BYTES: Final = 512 * 1024
SUMMARY_MAX: Final = 1_024
KEY_MAX: Final = 255
ROUTING_KEY_LENGTH: Final = 32
SEVERITIES: Final = {"critical": "d91e2e", "error": "e8730c", "warning": "ecb22e", "info": "2f7ed8"}
ACTIONS: Final[Mapping[str, State]] = {
    "trigger": "firing",
    "acknowledge": "acknowledged",
    "resolve": "resolved",
}


def read_pagerduty(body: bytes, known: Letter | None = None) -> Letter:
    """Read an event; ``known`` is the incident that it is about, where there is one."""
    event = object_of("PagerDuty", body)
    action = text_of(event, "event_action")
    if action not in ACTIONS:
        raise Unreadable("PagerDuty", f"event_action is {action!r}, not {', '.join(ACTIONS)}")
    payload = event.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    title = text_of(payload, "summary") or (known.title if known else text_of(event, "dedup_key"))
    state = ACTIONS[action]
    details = payload.get("custom_details")
    return Letter(
        title=title,
        text=_words(details if isinstance(details, dict) else {}) or (known.text if known else ""),
        state="test" if state_of(title) == "test" else state,
        color="2eb67d" if state == "resolved" else SEVERITIES.get(text_of(payload, "severity"), ""),
        key=text_of(event, "dedup_key"),
        links=_links(event) or (known.links if known else ()),
        alerts=_alerts(details) or alerts_of(title) or (known.alerts if known else ()),
        faults=tuple(_faults(event, action, payload, len(body))),
    )


def key_of(body: bytes) -> str:
    """Tell which incident an event is about."""
    return text_of(object_of("PagerDuty", body), "dedup_key")


def _words(details: Mapping[str, Any]) -> str:
    lines = []
    for name, value in details.items():
        if name in ("firing", "resolved"):
            continue
        told = "; ".join(map(str, value)) if isinstance(value, list) else value
        lines.append(f"{name}: {told}")
    return "\n".join(lines)


def _links(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    links = list_of(event, "links")
    return tuple((text_of(each, "text"), text_of(each, "href")) for each in links)


def _alerts(details: object) -> tuple[str, ...]:
    if not isinstance(details, dict):
        return ()
    names = [
        each["labels"].get("alertname")
        for side in ("firing", "resolved")
        for each in list_of(details, side)
        if isinstance(each.get("labels"), dict)
    ]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _faults(
    event: Mapping[str, Any], action: str, payload: Mapping[str, Any], size_bytes: int
) -> Faults:
    key = text_of(event, "dedup_key")
    if len(text_of(event, "routing_key")) != ROUTING_KEY_LENGTH:
        yield f"routing_key has not {ROUTING_KEY_LENGTH} characters"
    if size_bytes > EVENT_MAX_BYTES:
        yield f"the event has {size_bytes} bytes, above {EVENT_MAX_BYTES}"
    yield from too_long("dedup_key", key, KEY_MAX)
    if action != "trigger":
        if not key:
            yield f"{action} needs a dedup_key"
        return
    yield from _payload_faults(payload)
    for link in list_of(event, "links"):
        yield from no_address("a link's href", text_of(link, "href"))
    for image in list_of(event, "images"):
        yield from no_address("an image's src", text_of(image, "src"))


def _payload_faults(payload: Mapping[str, Any]) -> Faults:
    for name in ("summary", "source"):
        if not text_of(payload, name):
            yield f"payload.{name} is missing"
    yield from too_long("payload.summary", text_of(payload, "summary"), SUMMARY_MAX)
    severity = text_of(payload, "severity")
    if severity not in SEVERITIES:
        yield f"payload.severity is {severity!r}, not {', '.join(SEVERITIES)}"
    if moment := text_of(payload, "timestamp"):
        try:
            datetime.fromisoformat(moment)
        except ValueError:
            yield f"payload.timestamp {moment[:40]!r} is no time of ISO 8601"
