"""
Why something was sent, or was not: every step between an alert and each of its channels.

The same code decides and explains: an explanation asks the teller what it would say now, and adds
what the book knows of what it said before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.book.history import Entry, Happening, Search
from tapewatch.alerting.configuration import Integration
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.groups import Group
from tapewatch.alerting.notification import Lane
from tapewatch.alerting.outbox import NEVER_NS, Parcel
from tapewatch.alerting.routing import Route
from tapewatch.model.durations import format_time_ms
from tapewatch.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one channel was told of an alert, or why it was not."""

    receiver: str
    integration: str
    route: str
    group_key: str
    sent: bool
    """Whether the alert, as it is, was told there."""
    why: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Write the verdict as plain values."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"why": list(self.why)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An alert, and the verdict of every channel that its routes lead to."""

    fingerprint: str
    labels: Labels
    state: str
    verdicts: tuple[Verdict, ...]

    def as_dict(self) -> dict[str, Any]:
        """Write the explanation as plain values."""
        return {
            "fingerprint": self.fingerprint,
            "labels": dict(self.labels),
            "state": self.state,
            "verdicts": [each.as_dict() for each in self.verdicts],
        }


def explain(desk: Desk, state: AlertState, now_ns: int) -> Explanation:
    """Explain one alert."""
    verdicts = [
        verdict
        for route, labels in desk.places(state)
        for verdict in _route_verdicts(desk, state, route, labels, now_ns)
    ]
    word = "resolved" if state.is_resolved(now_ns) else "firing"
    return Explanation(state.fingerprint, state.labels, word, tuple(verdicts))


def _route_verdicts(
    desk: Desk, state: AlertState, route: Route, labels: Labels, now_ns: int
) -> Iterator[Verdict]:
    group = desk.groups.get((route.id, labels))
    key = group.key if group is not None else ""
    integrations = desk.plan.integrations.get(route.receiver, ())
    kept = tuple(_kept_back(desk, state, route, now_ns))
    if not integrations:
        why = (*kept, f"the receiver {route.receiver!r} has no channels")
        yield Verdict(route.receiver, "", route.key, key, sent=False, why=why)
    for integration in integrations:
        lane = Lane(key, integration.receiver, integration.name)
        told = desk.log.get(lane)
        over = state.is_resolved(now_ns)
        sets = (told.firing, told.resolved) if told is not None else (frozenset(), frozenset())
        parcel = _parcel(desk, lane)
        sent = state.fingerprint in sets[over] and parcel is None
        why = (*kept, *_told(desk, state, group, integration, now_ns), *_way(parcel))
        yield Verdict(integration.receiver, integration.name, route.key, key, sent=sent, why=why)


def _kept_back(desk: Desk, state: AlertState, route: Route, now_ns: int) -> Iterator[str]:
    """Say what keeps the alert back on every channel of a route."""
    silenced, inhibited = desk.status_of(state, now_ns)
    for silence_id in silenced:
        silence = desk.silences.get(silence_id)
        until = _when(silence.ends_ns)
        yield f"silenced by {silence_id} until {until} ({silence.created_by}: {silence.comment})"
    for fingerprint in inhibited:
        source = desk.alerts.get(fingerprint)
        yield f"inhibited by {source.labels if source else fingerprint}"
    for name in desk.plan.muted_by(route, now_ns):
        kind = "outside of" if name in route.active_intervals else "inside"
        yield f"the route is quiet: {kind} the time interval {name!r}"


def _told(
    desk: Desk, state: AlertState, group: Group | None, integration: Integration, now_ns: int
) -> Iterator[str]:
    """Say what the channel was told, and when it is told again."""
    if group is None or state.fingerprint not in group.members:
        yield "its group has spoken since it ended" if state.over else "it is in no group"
        return
    lane = Lane(group.key, integration.receiver, integration.name)
    told = desk.log.get(lane)
    options = group.route.options
    if told is None:
        yield "the channel took nothing of this group yet"
    elif state.fingerprint in told.firing:
        yield f"told that it fires at {_when(told.at_ns)}"
    elif state.fingerprint in told.resolved:
        yield f"told that it is resolved at {_when(told.at_ns)}"
    else:
        yield f"the group was told of at {_when(told.at_ns)}, without this alert"
    if told is not None and told.folded:
        yield "said by the message of a storm, and by none of its own: too many waited"
    refused = _refused(desk, lane, since_ns=told.at_ns if told is not None else state.starts_ns)
    if refused is not None:
        yield f"refused at {_when(refused.at_ns)}: {refused.told}"
    if state.is_resolved(now_ns) and not integration.send_resolved:
        yield "ends are not sent there (send_resolved is false)"
    by = desk.attention.acknowledged_by(state.fingerprint, now_ns)
    if by:
        yield f"acknowledged by {by}, so it is not repeated"
    elif told is not None and told.firing:
        yield f"repeated from {_when(told.at_ns + options.repeat_interval_ns)} on"
    if not group.flushed_ns:
        yield f"group_wait: the group speaks first at {_when(group.next_ns)}"
    else:
        yield f"the group looks again at {_when(group.next_ns)}"


def _refused(desk: Desk, lane: Lane, *, since_ns: int) -> Entry | None:
    """Find the last refusal of a channel after what it took last."""
    search = Search(
        since_ns=since_ns,
        kinds=(Happening.REFUSED,),
        group_key=lane.group_key,
        receiver=lane.receiver,
    )
    found = desk.history.search(search)
    return next((each for each in found if each.integration == lane.integration), None)


def _way(parcel: Parcel | None) -> Iterator[str]:
    """Say where a notification is that has not arrived."""
    if parcel is None:
        return
    if parcel.due_ns == NEVER_NS:
        yield f"attempt {parcel.attempt} is under way"
    elif parcel.attempt:
        yield f"{parcel.attempt} attempts failed, the next one is due at {_when(parcel.due_ns)}"
    else:
        yield "it waits in the outbox for its first attempt"


def _parcel(desk: Desk, lane: Lane) -> Parcel | None:
    return next(iter(desk.outbox.in_lane(lane)), None)


def _when(time_ns: int) -> str:
    return format_time_ms(time_ns // 1_000_000)
