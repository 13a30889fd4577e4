"""
A letter: a notification that no route decided, addressed to one receiver.

Escalation, hand-over and the daily digest write letters. They go through the same outbox, to the
same channels, through the same filter as everything else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tapewatch.alerting.notification import FIRING, AlertView, Notification
from tapewatch.alerting.outbox import Outbox, Route
from tapewatch.alerting.plan import Plan, edits
from tapewatch.alerting.urgency import most_urgent
from tapewatch.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said to one receiver; the same key, episode and sequence are the same letter."""

    key: str
    """Stands for a group's key: letters of one key are one conversation."""
    episode: int
    sequence: int
    reason: str
    alerts: Sequence[AlertView]
    labels: Labels
    status: str = FIRING
    only_changes: bool = False
    """Whether channels that cannot change a message are left out."""


def post(letter: Letter, receiver: str, outbox: Outbox, plan: Plan, now_ns: int) -> int:
    """Put a letter into the outbox for every channel of a receiver; says how many there are."""
    count = 0
    for integration in plan.integrations.get(receiver, ()):
        if letter.only_changes and not edits(integration):
            continue
        post_to(letter, (receiver, integration.name), outbox, plan, now_ns)
        count += 1
    return count


def post_to(letter: Letter, route: Route, outbox: Outbox, plan: Plan, now_ns: int) -> None:
    """Put a letter into the outbox for one channel."""
    outbox.put(_notification(letter, *route, plan, now_ns))


def _notification(
    letter: Letter, receiver: str, integration: str, plan: Plan, now_ns: int
) -> Notification:
    short = sha256(f"{letter.key}\xff{receiver}".encode()).hexdigest()[:24]
    return Notification(
        id=f"{short}-{letter.episode}-{letter.sequence}-{integration}",
        group_key=letter.key,
        episode=letter.episode,
        sequence=letter.sequence,
        receiver=receiver,
        integration=integration,
        status=letter.status,
        reason=letter.reason,
        urgency=most_urgent(each.labels for each in letter.alerts),
        alerts=tuple(letter.alerts[: plan.limits.listed_max or None]),
        folded=max(len(letter.alerts) - (plan.limits.listed_max or len(letter.alerts)), 0),
        group_labels=letter.labels,
        common_labels=_common(each.labels for each in letter.alerts),
        common_annotations=_common(each.annotations for each in letter.alerts),
        route_labels=Labels.of({}),
        external_url=plan.external_url,
        created_ns=now_ns,
    )


def note(
    name: str, summary: str, labels: Labels, now_ns: int, *, description: str = ""
) -> AlertView:
    """Write an alert that exists in a letter alone."""
    known = Labels.of({"alertname": name, "severity": "info", **dict(labels)})
    told = {"summary": summary, "description": description} if description else {"summary": summary}
    return AlertView(known, Labels.of(told), now_ns, 0, "", known.fingerprint(), FIRING)


def _common(several: Iterable[Labels]) -> Labels:
    sets = [set(each) for each in several]
    return Labels(sorted(set.intersection(*sets))) if sets else Labels.of({})
