"""
PagerDuty's events, version 2: trigger, acknowledge, resolve.

The dedup key is the hash of the group's key, as Alertmanager has it, so incidents go on where it
left them.
"""

from functools import cached_property
from hashlib import sha256
from typing import Any, Final

import orjson

from tapewatch.alerting.channels.base import reveal
from tapewatch.alerting.channels.channel import Delivered, Outcome, Pace
from tapewatch.alerting.channels.context import Context
from tapewatch.alerting.channels.limits import fit, size_bytes
from tapewatch.alerting.channels.settings.pagerduty import PagerDutySettings
from tapewatch.alerting.channels.updates import is_acknowledged
from tapewatch.alerting.channels.web import WebChannel, told_by
from tapewatch.alerting.outbox import Parcel

SUMMARY_MAX: Final = 1_024
EVENT_MAX_BYTES: Final = 512_000
LINK_TEXT_MAX: Final = 255
SEVERITIES: Final = ("critical", "error", "warning", "info")

DETAILS: Final = {
    "firing": "{{ .Alerts.Firing | toJson }}",
    "resolved": "{{ .Alerts.Resolved | toJson }}",
    "num_firing": "{{ .Alerts.Firing | len }}",
    "num_resolved": "{{ .Alerts.Resolved | len }}",
}
"""Details that are sent unless others stand under the same names."""


class PagerDutyChannel(WebChannel[PagerDutySettings]):
    """One integration of a PagerDuty service."""

    kind = "pagerduty"
    usual_pace = Pace(5.0, 20)
    closes = True

    @cached_property
    def destination(self) -> str:
        """The service, without its key."""
        settings = self.settings
        key = settings.routing_key or settings.service_key
        file = settings.routing_key_file or settings.service_key_file
        name = key.reveal() if key else str(file)
        return f"pagerduty {told_by(f'{settings.url}#{name}')}"

    async def attempt(self, parcel: Parcel, message: Context) -> Outcome:
        """Send the event that brings the incident to where the group is."""
        event = self._event(parcel, message)
        answer = await self.post(self.settings.url, _sized(event))
        return Delivered(
            {"dedup_key": event["dedup_key"]}, f"{event['event_action']}: {answer.status}"
        )

    def _event(self, parcel: Parcel, message: Context) -> dict[str, Any]:
        settings = self.settings
        key = reveal(settings.routing_key, settings.routing_key_file)
        event: dict[str, Any] = {
            "routing_key": key or reveal(settings.service_key, settings.service_key_file),
            "event_action": _action(parcel),
            "dedup_key": dedup_key(parcel),
        }
        if event["event_action"] != "trigger":
            return event
        links = [
            {"href": message.text(link.href), "text": message.text(link.text)}
            for link in settings.links
        ] or [{"href": link.url, "text": link.text} for link in message.story.links]
        images = [
            {name: message.text(getattr(image, name)) for name in ("src", "alt", "href")}
            for image in settings.images
        ]
        told = {
            "client": message.text(settings.client),
            "client_url": message.text(settings.client_url),
            "payload": self._payload(message),
            "links": [{**link, "text": fit(link["text"], LINK_TEXT_MAX)} for link in links],
            "images": [image for image in images if image["src"]],
        }
        return event | {name: value for name, value in told.items() if value}

    def _payload(self, message: Context) -> dict[str, Any]:
        settings, story = self.settings, message.story
        summary = message.text(settings.description, f"{story.title}: {story.summary}")
        severity = message.text(settings.severity).lower()
        firing = message.data.alerts.firing()
        written = {
            "summary": fit(summary, SUMMARY_MAX),
            "source": message.text(settings.source or settings.client, "Tapewatch"),
            "severity": severity if severity in SEVERITIES else SEVERITIES[min(story.urgency, 3)],
            "timestamp": min(alert.starts_at.format(_TIME) for alert in firing) if firing else "",
            "class": message.text(settings.class_),
            "component": message.text(settings.component),
            "group": message.text(settings.group),
            "custom_details": self._details(message),
        }
        return {name: value for name, value in written.items() if value}

    def _details(self, message: Context) -> dict[str, Any]:
        told = {fact.name: fact.value for fact in message.story.facts}
        ours = {**told, "action": message.story.action, "runbook": message.story.runbook_url}
        steps = {"runbook_steps": list(message.story.steps)}
        rendered = {
            name: _filled(value, message)
            for name, value in {**DETAILS, **self.settings.details}.items()
        }
        return {name: value for name, value in {**ours, **steps, **rendered}.items() if value}


_TIME: Final = "2006-01-02T15:04:05.000Z07:00"


def dedup_key(parcel: Parcel) -> str:
    """Name the incident of a group."""
    return sha256(parcel.notification.group_key.encode()).hexdigest()


def _action(parcel: Parcel) -> str:
    if not parcel.notification.firing and not parcel.notification.folded:
        return "resolve"
    return "acknowledge" if is_acknowledged(parcel) else "trigger"


def _filled(value: Any, message: Context) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, message) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, message) for each in value]
    if not isinstance(value, str):
        return value
    text = message.text(value)
    if text[:1] in ("[", "{"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _sized(event: dict[str, Any]) -> bytes:
    # The longest details go first; summary, severity and links always arrive.
    body = orjson.dumps(event)
    while len(body) > EVENT_MAX_BYTES:
        details = event["payload"]["custom_details"]
        longest = max(details, key=lambda name: size_bytes(str(details[name])))
        details[longest] = "left out: the event was larger than PagerDuty takes"
        body = orjson.dumps(event)
    return body
