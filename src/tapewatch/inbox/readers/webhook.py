"""Webhooks in Alertmanager's form, version 4."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tapewatch.inbox.checks import Faults, list_of, no_address, object_of, text_of
from tapewatch.inbox.letter import Letter, State

VERSION: Final = "4"
TEXTS: Final = ("receiver", "groupKey", "externalURL")
MAPS: Final = ("groupLabels", "commonLabels", "commonAnnotations")


def read_webhook(body: bytes) -> Letter:
    """Read a message; one of another form is shown as it is."""
    told = object_of("the webhook", body)
    if "alerts" not in told:
        return Letter(title=text_of(told, "title") or "A message of another form")
    alerts = list_of(told, "alerts")
    names = tuple(dict.fromkeys(filter(None, (_label(each, "alertname") for each in alerts))))
    over = told.get("status") == "resolved"
    state: State = "test" if told.get("notification_reason") == "test" else "firing"
    return Letter(
        title=f"[{'RESOLVED' if over else 'FIRING'}] {', '.join(names) or 'Alerts'}",
        text="\n".join(_line(each) for each in alerts),
        state="resolved" if over and state != "test" else state,
        color="2eb67d" if over else "d91e2e",
        links=tuple(_links(told, alerts)),
        alerts=names,
        faults=tuple(_faults(told, alerts)),
    )


def _label(alert: Mapping[str, Any], name: str, part: str = "labels") -> str:
    found = alert.get(part)
    return text_of(found, name) if isinstance(found, dict) else ""


def _line(alert: Mapping[str, Any]) -> str:
    words = _label(alert, "summary", "annotations") or _label(alert, "description", "annotations")
    labels = alert.get("labels")
    where = labels.items() if isinstance(labels, dict) else ()
    told = " ".join(f"{name}={value}" for name, value in where if name != "alertname")
    return f"{alert.get('status')}: {words} ({told})"


def _links(told: Mapping[str, Any], alerts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    runbooks = dict.fromkeys(_label(each, "runbook_url", "annotations") for each in alerts)
    links = [("Runbook", url) for url in runbooks if url]
    url = text_of(told, "externalURL")
    return [*links, ("Console", url)] if url else links


def _faults(told: Mapping[str, Any], alerts: list[dict[str, Any]]) -> Faults:
    if told.get("version") != VERSION:
        yield f"version is {told.get('version')!r}, not {VERSION!r}"
    for name in TEXTS:
        if not isinstance(told.get(name), str):
            yield f"{name} is missing"
    for name in MAPS:
        if not isinstance(told.get(name), dict):
            yield f"{name} is missing"
    if told.get("status") not in ("firing", "resolved"):
        yield f"status is {told.get('status')!r}, not firing or resolved"
    if not alerts:
        yield "alerts is empty"
    for each in alerts:
        yield from _alert_faults(each)


def _alert_faults(alert: Mapping[str, Any]) -> Faults:
    if alert.get("status") not in ("firing", "resolved"):
        yield f"an alert's status is {alert.get('status')!r}, not firing or resolved"
    for name in ("startsAt", "endsAt"):
        try:
            datetime.fromisoformat(text_of(alert, name))
        except ValueError:
            yield f"an alert's {name} is no time: {text_of(alert, name)[:40]!r}"
    if not _label(alert, "alertname"):
        yield "an alert has no alertname"
    if not text_of(alert, "fingerprint"):
        yield "an alert has no fingerprint"
    if url := text_of(alert, "generatorURL"):
        yield from no_address("generatorURL", url)
