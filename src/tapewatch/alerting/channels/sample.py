"""A notification to look at: an example of ours, or made of alerts as they are posted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from tapewatch.alerting.errors import BadAlerts
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView, Notification
from tapewatch.alerting.urgency import urgency_of
from tapewatch.model.durations import parse_time_ns
from tapewatch.model.labels import EMPTY, Labels

_AGO_NS: Final = 4 * 60 * 1_000_000_000

EXAMPLE: Final = {
    "labels": {
        "alertname": "FeedStale",
        "severity": "critical",
        "venue": "BINANCE",
        "symbol": "BTCUSDT",
        "team": "execution",
        "account": "DU1234567",
        "position_usd": "1500000",
    },
    "annotations": {
        "summary": "No market data from BINANCE for 7.2 s on account DU1234567",
        "value": "7.2 s",
        "threshold": "5 s",
        "impact": "Quotes for BTCUSDT are stale; new orders are held",
        "action": "Fail over to the second feed",
        "runbook_steps": "Look at the feed's page\nSwitch to feed B\nCall the venue's desk",
        "runbook_url": "https://runbooks.example/feed-stale",
        "pnl": "-20000",
    },
    "generatorURL": "",
}


def sample(now_ns: int, external_url: str, *, resolved: bool = False) -> Notification:
    """Make the example, with labels that must not leave."""
    return _made([EXAMPLE], now_ns, external_url, resolved=resolved)


def sample_of(
    text: bytes, now_ns: int, external_url: str, *, resolved: bool = False
) -> Notification:
    """Make a notification of alerts in the form of the API; raises ``BadAlerts``."""
    try:
        alerts = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise BadAlerts([f"no JSON: {fault}"]) from None
    if not isinstance(alerts, list) or not alerts or not all(_is_alert(each) for each in alerts):
        raise BadAlerts(["write a list of alerts, each an object with labels"])
    return _made(alerts, now_ns, external_url, resolved=resolved)


def _is_alert(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("labels"), dict)


def _made(
    alerts: Sequence[Mapping[str, Any]], now_ns: int, external_url: str, *, resolved: bool
) -> Notification:
    views = tuple(_view(each, now_ns, resolved=resolved) for each in alerts)
    name = Labels.of(alertname=views[0].labels.get("alertname"))
    return Notification(
        id="preview",
        group_key=f"{{}}:{name}",
        episode=now_ns,
        sequence=1,
        receiver="preview",
        integration="",
        status=RESOLVED if resolved else FIRING,
        reason="first notification",
        urgency=min(urgency_of(view.labels) for view in views),
        alerts=views,
        folded=0,
        group_labels=name,
        common_labels=_common([view.labels for view in views]),
        common_annotations=_common([view.annotations for view in views]),
        route_labels=EMPTY,
        external_url=external_url,
        created_ns=now_ns,
    )


def _view(alert: Mapping[str, Any], now_ns: int, *, resolved: bool) -> AlertView:
    labels = Labels.of(alert["labels"])
    began = alert.get("startsAt")
    return AlertView(
        labels=labels,
        annotations=Labels.of(alert.get("annotations") or {}),
        starts_at_ns=parse_time_ns(began) if began else now_ns - _AGO_NS,
        ends_at_ns=now_ns if resolved else 0,
        generator_url=alert.get("generatorURL") or "",
        fingerprint=labels.fingerprint(),
        status=RESOLVED if resolved else FIRING,
    )


def _common(sets: Sequence[Labels]) -> Labels:
    return Labels.from_pairs(set(sets[0]).intersection(*map(set, sets[1:])))
