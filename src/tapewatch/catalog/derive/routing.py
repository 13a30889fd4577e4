"""
Routing in the form of ``alertmanager.yml``: which alert goes where, and what holds it back.

A receiver is a channel (or an action), so a route test reads as people speak: this alert reaches
pager and chat. Alerts of their own way (own channels, an action, a mute) stand before the four
severities.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.channel import Action, Channel
from tapewatch.catalog.maintenance import DAYS, Maintenance
from tapewatch.catalog.meaning import carried
from tapewatch.catalog.rule import SEVERITIES, Alert
from tapewatch.catalog.vocabulary import Vocabulary
from tapewatch.metrics.promql.errors import QuerySyntaxError
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.labels import quote

Plain = dict[str, Any]
NOWHERE: Final = "nowhere"
"""The receiver of what no severity and no alert sends anywhere."""
_ACTION: Final = "action/"
_TIMING: Final[Mapping[str, Mapping[str, str]]] = {
    "P0": {"group_wait": "0s", "group_interval": "1m", "repeat_interval": "1h"},
    "P1": {"group_wait": "10s", "group_interval": "2m", "repeat_interval": "4h"},
    "P2": {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "1d"},
    "P3": {"group_wait": "1m", "group_interval": "15m", "repeat_interval": "3d"},
}
_AT_ONCE: Final[Mapping[str, str]] = {"group_wait": "0s", "update": "in_place"}
"""Our own delivery tells at once and changes the message as the group grows."""
OURS: Final = frozenset(("command", "file", "ntfy", "mattermost"))
"""The kinds that Alertmanager does not know (or not yet everywhere)."""
_SECTIONS: Final = {"msteams": "msteamsv2_configs"}
"""Where the section has another name; of Teams, workflows are what is left."""
_MINUTE_MS: Final = 60_000
_DAY_MINUTES: Final = 24 * 60
_KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "slack": ("channel", "api_url_file"),
    "pagerduty": ("", "routing_key_file"),
    "email": ("to", "auth_password_file"),
    "discord": ("webhook_url", "webhook_url_file"),
    "webhook": ("url", "url_file"),
    "msteams": ("webhook_url", "webhook_url_file"),
    "opsgenie": ("api_url", "api_key_file"),
    "telegram": ("chat_id", "bot_token_file"),
    "mattermost": ("channel", "webhook_url_file"),
    "pushover": ("device", "token_file"),
    "ntfy": ("topic", "token_file"),
    "command": ("", ""),
    "file": ("path", ""),
}
"""The settings that a channel's ``to`` and ``secret`` become."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What alerts have in common that are routed alike."""

    severity: str
    channels: tuple[str, ...]
    triggers: tuple[str, ...]
    mutes: tuple[str, ...]


def routing(
    catalog: Catalog, *, ours: bool = True, secrets: str = "/etc/tapewatch/secrets"
) -> Plain:
    """
    Return the content of ``alertmanager.yml``.

    ``ours`` keeps what only Tapewatch's own delivery knows (commands, files, ntfy); ``secrets`` is
    the directory of secrets on the machine that reads it.
    """
    used = _receivers(catalog, ours=ours, secrets=secrets)
    names = {receiver["name"] for receiver in used}
    config: Plain = {
        "route": _root(catalog, names, ours=ours),
        "receivers": [{"name": NOWHERE}, *used],
    }
    if inhibitions := list(_inhibitions(catalog)):
        config["inhibit_rules"] = inhibitions
    if muting := {name: task for name, task in catalog.maintenance.items() if task.mutes}:
        config["time_intervals"] = [_interval(name, task) for name, task in muting.items()]
    return config


def _root(catalog: Catalog, names: set[str], *, ours: bool) -> Plain:
    ways = _ways(catalog)
    routes = [_way_route(way, alerts, names) for way, alerts in ways.items()]
    for severity in SEVERITIES:
        channels = _here(catalog.platform.words(severity).channels, names)
        if channels:
            routes.append(_route([f"priority={quote(severity)}"], severity, channels, ()))
    if ours:
        for route in routes:
            route.update(_AT_ONCE)
    return {
        "receiver": NOWHERE,
        "group_by": list(catalog.platform.group_by),
        "routes": routes,
    }


def _ways(catalog: Catalog) -> dict[_Way, list[str]]:
    """Group the alerts that do not simply go where their severity says."""
    muted: dict[str, list[str]] = {}
    for name, task in catalog.maintenance.items():
        for silent in task.mutes:
            muted.setdefault(silent, []).append(name)
    ways: dict[_Way, list[str]] = {}
    for name, alert in catalog.alerts.items():
        mutes = tuple(muted.get(name, ()))
        if alert.channels or alert.triggers or mutes:
            channels = catalog.channels_of(alert)
            way = _Way(alert.severity, channels, alert.triggers, mutes)
            ways.setdefault(way, []).append(name)
    return ways


def _way_route(way: _Way, alerts: list[str], names: set[str]) -> Plain:
    matcher = f"alertname={quote(alerts[0])}"
    if len(alerts) > 1:
        matcher = f"alertname=~{quote('|'.join(alerts))}"
    receivers = (*map(action_receiver, way.triggers), *way.channels)
    return _route([matcher], way.severity, _here(receivers, names), way.mutes)


def _here(receivers: tuple[str, ...], names: set[str]) -> tuple[str, ...]:
    return tuple(each for each in receivers if each in names)


def _route(
    matchers: list[str], severity: str, receivers: tuple[str, ...], mutes: tuple[str, ...]
) -> Plain:
    route: Plain = {"matchers": matchers, **_TIMING[severity]}
    if len(receivers) <= 1:
        route["receiver"] = receivers[0] if receivers else NOWHERE
        return {**route, "mute_time_intervals": list(mutes)} if mutes else route
    # Every channel is a route of its own, so that each has its own messages and its own retries.
    route["routes"] = [
        _leaf(receiver, mutes, last=receiver == receivers[-1]) for receiver in receivers
    ]
    return route


def _leaf(receiver: str, mutes: tuple[str, ...], *, last: bool) -> Plain:
    leaf: Plain = {"receiver": receiver}
    if not last:
        leaf["continue"] = True
    if mutes:
        leaf["mute_time_intervals"] = list(mutes)
    return leaf


def action_receiver(action: str) -> str:
    """Name the receiver that sets an action off."""
    return f"{_ACTION}{action}"


def action_of(receiver: str) -> str:
    """Tell which action a receiver sets off; empty where it is a channel."""
    return receiver.removeprefix(_ACTION) if receiver.startswith(_ACTION) else ""


def _receivers(catalog: Catalog, *, ours: bool, secrets: str) -> list[Plain]:
    receivers = []
    for name, channel in catalog.channels.items():
        if ours or channel.kind not in OURS:
            key = _SECTIONS.get(channel.kind, f"{channel.kind}_configs")
            settings = _settings(channel, secrets)
            if ours and (labels := _may_leave(catalog, name)):
                settings["tapewatch"] = {"labels": labels, **settings.get("tapewatch", {})}
            receivers.append({"name": name, key: [settings]})
    for name, action in catalog.actions.items():
        if ours or action.kind == "webhook":
            pulled = {"action_configs": [{"action": name}]} if ours else _call(action, secrets)
            receivers.append({"name": action_receiver(name), **pulled})
    return receivers


def _may_leave(catalog: Catalog, channel: str) -> list[str]:
    """Name the labels that the alerts of a channel may show there."""
    told = [each for each in catalog.alerts.values() if channel in catalog.channels_of(each)]
    return sorted({label for alert in told for label in catalog.may_leave(alert)})


def _settings(channel: Channel, secrets: str) -> Plain:
    to_key, secret_key = _KEYS[channel.kind]
    settings: Plain = {"send_resolved": channel.resolved}
    if channel.to and to_key:
        settings[to_key] = int(channel.to) if to_key == "chat_id" else channel.to
    if channel.secret and secret_key:
        settings[secret_key] = f"{secrets}/{channel.secret}"
    if channel.kind == "command":
        settings |= {"command": [channel.to], "allowed": [channel.to]}
    if channel.kind == "email":
        settings = {"from": "tapewatch@localhost", "smarthost": "localhost:25", **settings}
    return {**settings, **channel.settings}


def _call(action: Action, secrets: str) -> Plain:
    """Write the action for a server that knows webhooks alone."""
    settings: Plain = {"send_resolved": False, "url": action.to}
    if action.secret:
        token = {"type": "Bearer", "credentials_file": f"{secrets}/{action.secret}"}
        settings["http_config"] = {"authorization": token}
    return {"webhook_configs": [settings]}


def _inhibitions(catalog: Catalog) -> Iterator[Plain]:
    vocabulary = Vocabulary(catalog)
    for name, alert in catalog.alerts.items():
        for consequence in alert.consequences:
            target = catalog.alerts.get(consequence)
            if target is None:
                continue
            rule: Plain = {
                "source_matchers": [f"alertname={quote(name)}"],
                "target_matchers": [f"alertname={quote(consequence)}"],
            }
            if equal := _shared_labels(catalog, alert, target, vocabulary):
                rule["equal"] = equal
            yield rule


def _shared_labels(catalog: Catalog, one: Alert, other: Alert, vocabulary: Vocabulary) -> list[str]:
    """Tell what both are about: an outage at one venue holds back alerts of that venue only."""
    labels = []
    for alert in (one, other):
        try:
            found = carried(parse(catalog.expand(alert.expr)), vocabulary.labels_of)
        except QuerySyntaxError:
            found = None
        labels.append(found if found is not None else frozenset())
    return sorted(labels[0] & labels[1] - {"instance", "job"})


def _interval(name: str, task: Maintenance) -> Plain:
    return {"name": name, "time_intervals": list(_intervals(task))}


def _intervals(task: Maintenance) -> Iterator[Plain]:
    hour, minute = map(int, task.at.split(":"))
    start = hour * 60 + minute
    end = start + task.lasts // _MINUTE_MS
    yield _days(task, _span(start, min(end, _DAY_MINUTES)), task.days)
    if end > _DAY_MINUTES:
        # What goes past midnight ends on the days after.
        later = tuple(_day_after(task, day) for day in task.days)
        yield _days(task, _span(0, end - _DAY_MINUTES), later)


def _span(start: int, end: int) -> Plain:
    return {"start_time": _clock(start), "end_time": _clock(min(end, _DAY_MINUTES))}


def _days(task: Maintenance, span: Plain, days: tuple[str, ...]) -> Plain:
    interval: Plain = {"times": [span], "location": task.time_zone}
    if task.every == "week":
        return {**interval, "weekdays": list(days)}
    return {**interval, "days_of_month": list(days)} if task.every == "month" else interval


def _day_after(task: Maintenance, day: str) -> str:
    if task.every == "week":
        return DAYS[(DAYS.index(day) + 1) % len(DAYS)]
    following = int(day) + 1
    return str(1 if following in (0, 32) else following)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
