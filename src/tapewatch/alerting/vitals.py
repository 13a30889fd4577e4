"""The numbers of alerting, under names of its own and under those of Alertmanager's dashboards."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tapewatch.alerting.delivery.health import ChannelHealth, Condition
from tapewatch.alerting.desk import Desk
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, MetricType, counter, family, gauge


def families(desk: Desk, now_ns: int, health: Sequence[ChannelHealth]) -> Iterator[Family]:
    """Yield what the desk and the channels know of themselves."""
    yield from _alerts(desk, now_ns)
    yield gauge("tapewatch_alerting_groups", "Groups of alerts.", len(desk.groups))
    yield gauge("tapewatch_outbox_waiting", "Notifications not delivered yet.", len(desk.outbox))
    yield counter("alertmanager_alerts_received_total", "Alerts taken.", desk.accepted)
    yield counter("alertmanager_alerts_invalid_total", "Alerts refused.", desk.invalid)
    limited = [(Labels.of(alertname=n), float(c)) for n, c in sorted(desk.limited.items())]
    yield family(
        "tapewatch_alerts_limited_total",
        MetricType.COUNTER,
        "Alerts that a limit kept out.",
        limited,
    )
    states = Counter(str(each.state(now_ns)) for each in desk.silences)
    told = [(Labels.of(state=s), float(states[s])) for s in ("active", "pending", "expired")]
    yield family("alertmanager_silences", MetricType.GAUGE, "Silences.", told)
    yield from _channels(health)


def _alerts(desk: Desk, now_ns: int) -> Iterator[Family]:
    counts: Counter[str] = Counter()
    for state in desk.firing(now_ns):
        silenced, inhibited = desk.status_of(state, now_ns)
        counts["suppressed" if silenced or inhibited else "active"] += 1
    told = [(Labels.of(state=s), float(counts[s])) for s in ("active", "suppressed")]
    yield family("alertmanager_alerts", MetricType.GAUGE, "Alerts that fire.", told)


def _channels(health: Sequence[ChannelHealth]) -> Iterator[Family]:
    def values(name: str) -> list[tuple[Labels, float]]:
        return [(_labels(each), float(getattr(each, name))) for each in health]

    yield family(
        "tapewatch_channel_delivered_total",
        MetricType.COUNTER,
        "Notifications that a channel has taken.",
        values("delivered"),
    )
    yield family(
        "tapewatch_channel_failed_total",
        MetricType.COUNTER,
        "Attempts that a channel did not take.",
        values("failed"),
    )
    working = [(_labels(e), float(e.condition in _GOOD)) for e in health]
    yield family(
        "tapewatch_channel_up", MetricType.GAUGE, "Whether the last attempt worked.", working
    )


_GOOD = (Condition.WORKING, Condition.UNPROVEN)


def _labels(health: ChannelHealth) -> Labels:
    return Labels.of(receiver=health.receiver, integration=health.integration)
