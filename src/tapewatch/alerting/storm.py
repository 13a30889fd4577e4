"""
Storms: more messages than people can read are told together.

A storm begins on a channel where twice ``fold_above`` messages wait that nobody has tried to send.
The most urgent stay; the others are folded into one message that says how many there are of what,
is said again as that changes, and ends when all of them are over. The notified log knows which
groups were folded: what else there is to say of them goes the same way. Pagers and programs are
told group by group, because each of their incidents has to be closed.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tapewatch.alerting.alerts import ALERT_NAME
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.configuration import Integration
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.letter import Letter, post_to
from tapewatch.alerting.notification import FIRING, RESOLVED, STORM, AlertView, Notification
from tapewatch.alerting.notified import Told
from tapewatch.alerting.outbox import Parcel, Route
from tapewatch.alerting.plan import edits, folds
from tapewatch.model.labels import Labels
from tapewatch.model.samples import Family, counter, gauge

NAME: Final = "AlertStorm"
SECOND_NS: Final = 1_000_000_000
GATHER_NS: Final = SECOND_NS
"""How long a storm is looked at before it is told, so that the first message says its size."""

EDIT_NS: Final = 5 * SECOND_NS
MESSAGE_NS: Final = 300 * SECOND_NS
"""How often it is told again: where a message is changed, and where each is a new one."""

FORGOTTEN_NS: Final = 86_400 * SECOND_NS
NAMES_MAX: Final = 50
NAMES_SHOWN, NAMES_IN_SUMMARY = 15, 3
OTHERS: Final = "others"


@dataclass(slots=True)
class Tally:
    """What was folded of the alerts of one name."""

    urgency: int
    groups: int = 0
    alerts: int = 0
    over: int = 0
    """How many of the groups are over."""

    def line(self, name: str) -> str:
        """Say it in one line."""
        over = f", {self.over:,} over" if self.over else ""
        alerts = f" with {self.alerts:,} alerts" if self.alerts != self.groups else ""
        return f"{name} (P{self.urgency}): {_groups(self.groups)}{alerts}{over}"


@dataclass(slots=True)
class Storm:
    """One storm on one channel."""

    began_ns: int
    changed_ns: int
    told_ns: int = 0
    sequence: int = 0
    urgency: int = 9
    told_urgency: int = 9
    names: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Storm":
        """Read what was kept."""
        names = {name: Tally(**tally) for name, tally in told["names"].items()}
        return cls(**{**told, "names": names})

    @property
    def is_over(self) -> bool:
        """Whether every group that was folded is over."""
        return all(each.over >= each.groups for each in self.names.values())

    def due_ns(self, *, edited: bool) -> int:
        """Give when it is told next; 0 where there is nothing new."""
        if not self.told_ns:
            return self.began_ns + GATHER_NS
        if self.changed_ns <= self.told_ns:
            return 0
        pause_ns = EDIT_NS if edited or self.urgency < self.told_urgency or self.is_over else 0
        return self.told_ns + (pause_ns or MESSAGE_NS)

    def count(self, told: Notification, before: Told | None, now_ns: int) -> None:
        """Count one message that was folded."""
        name = told.group_labels.get(ALERT_NAME) or told.common_labels.get(ALERT_NAME) or OTHERS
        if name not in self.names and len(self.names) >= NAMES_MAX:
            name = OTHERS
        tally = self.names.setdefault(name, Tally(told.urgency))
        tally.urgency = min(tally.urgency, told.urgency)
        self.urgency = min(self.urgency, told.urgency)
        alerts = len(told.alerts) + told.folded
        known = before is not None and before.folded and bool(before.firing)
        tally.groups += not known
        tally.alerts += max(alerts - (len(before.firing) if known and before else 0), 0)
        tally.over += told.status == RESOLVED
        self.changed_ns = now_ns

    def in_order(self) -> list[tuple[str, Tally]]:
        """Give the names, the most urgent and then the most frequent first."""
        return sorted(self.names.items(), key=lambda each: (each[1].urgency, -each[1].groups))

    def view(self, now_ns: int) -> AlertView:
        """Write what is told."""
        found = self.in_order()
        groups = sum(each.groups for _, each in found)
        alerts = sum(each.alerts for _, each in found)
        over = sum(each.over for _, each in found)
        most = ", ".join(f"{name} \u00d7{each.groups:,}" for name, each in found[:NAMES_IN_SUMMARY])
        more = f" and {len(found) - NAMES_IN_SUMMARY} more" if len(found) > NAMES_IN_SUMMARY else ""
        size = _groups(groups) + (f" with {alerts:,} alerts" if alerts != groups else "")
        state = f", {over:,} of them over" if over else ""
        summary = f"{size} at once{state}; this one message stands for them: {most}{more}."
        lines = [each.line(name) for name, each in found[:NAMES_SHOWN]]
        labels = Labels.of(alertname=NAME, priority=f"P{self.urgency}")
        annotations = Labels.of(
            summary=summary,
            description="\n".join(lines),
            action="Look for one cause first. `tapewatch alerts list` has every alert.",
        )
        ends_ns = now_ns if self.is_over else 0
        status = RESOLVED if self.is_over else FIRING
        return AlertView(
            labels, annotations, self.began_ns, ends_ns, "", labels.fingerprint(), status
        )


class Storms:
    """Every storm, by its channel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept = Kept(desk.book, "storm")
        self._storms: dict[Route, Storm] = {
            _route_of(key): Storm.from_dict(told) for key, told in self._kept.load()
        }
        self.folded = 0

    def tick(self, now_ns: int) -> None:
        """Fold what is too much, and tell of it."""
        counts = self._desk.outbox.counts()
        if not self._storms and not counts:
            return
        for integration in self._integrations():
            route = (integration.receiver, integration.name)
            if counts.get(route):
                self._fold(route, now_ns)
            if route in self._storms:
                self._go_on(route, integration, now_ns)

    def wake_at_ns(self) -> int:
        """Give when a storm is told next; 0 is never."""
        times = [
            self._storms[route].due_ns(edited=edits(each))
            for each in (self._integrations() if self._storms else ())
            if (route := (each.receiver, each.name)) in self._storms
        ]
        return min((each for each in times if each), default=0)

    def families(self) -> Iterator[Family]:
        """Yield how many storms there are."""
        yield gauge("tapewatch_alert_storms", "Channels with a storm.", len(self._storms))
        yield counter("tapewatch_alerts_folded_total", "Messages told together.", self.folded)

    def _integrations(self) -> Iterator[Integration]:
        for integrations in self._desk.plan.integrations.values():
            yield from filter(folds, integrations)

    def _fold(self, route: Route, now_ns: int) -> None:
        storm, keep = self._storms.get(route), self._desk.plan.limits.fold_above
        waiting = self._desk.outbox.counts()[route]
        if storm is None and (not keep or waiting <= 2 * keep):
            return
        found = [each for each in self._desk.outbox.of_route(route) if self._is_first(each)]
        fated = [each for each in found if self._is_in_storm(each)] if storm else []
        others = sorted((each for each in found if each not in fated), key=_urgency) if keep else []
        kept = max(keep - (waiting - len(found)), 0)
        for parcel in [*fated, *others[kept:]]:
            self._fold_one(route, parcel, now_ns)

    def _fold_one(self, route: Route, parcel: Parcel, now_ns: int) -> None:
        storm = self._storms.setdefault(route, Storm(now_ns, now_ns))
        told = parcel.notification
        known = self._desk.log.get(told.lane)
        storm.count(told, known.before if known else None, now_ns)
        self._desk.outbox.fold(told.lane, now_ns, f"{told.reason}: told with a storm of alerts")
        if known is not None:
            self._desk.log.fold(told.lane)
        self.folded += 1

    def _is_first(self, parcel: Parcel) -> bool:
        """Say whether the channel was told nothing of a group by a message of its own."""
        known = self._desk.log.get(parcel.notification.lane)
        if known is None:
            # What another channel refused, or a letter, which no route decided.
            return parcel.notification.is_copy
        before = known.before
        return before is None or before.folded or not before.firing

    def _is_in_storm(self, parcel: Parcel) -> bool:
        known = self._desk.log.get(parcel.notification.lane)
        before = known.before if known is not None else None
        return before is not None and before.folded and bool(before.firing)

    def _go_on(self, route: Route, integration: Integration, now_ns: int) -> None:
        storm = self._storms[route]
        due_ns = storm.due_ns(edited=edits(integration))
        if due_ns and due_ns <= now_ns:
            self._tell(route, storm, now_ns)
        # Where ends are not told, quiet is the end.
        patience_ns = FORGOTTEN_NS if integration.send_resolved else 2 * MESSAGE_NS
        done = storm.is_over or storm.changed_ns < now_ns - patience_ns
        if done and storm.changed_ns <= storm.told_ns:
            del self._storms[route]
            self._kept.drop(_key_of(route))
        elif now_ns in (storm.changed_ns, storm.told_ns):
            self._kept.keep(_key_of(route), asdict(storm))

    def _tell(self, route: Route, storm: Storm, now_ns: int) -> None:
        storm.sequence += 1
        storm.told_ns, storm.told_urgency = now_ns, storm.urgency
        view = storm.view(now_ns)
        letter = Letter(
            f"storm:{_key_of(route)}",
            storm.began_ns,
            storm.sequence,
            STORM,
            [view],
            Labels.of(alertname=NAME),
            view.status,
        )
        post_to(letter, route, self._desk.outbox, self._desk.plan, now_ns)


def _groups(count: int) -> str:
    return f"{count:,} group{'s' if count != 1 else ''}"


def _urgency(parcel: Parcel) -> int:
    return parcel.notification.urgency


def _key_of(route: Route) -> str:
    return "|".join(route)


def _route_of(key: str) -> Route:
    receiver, _, integration = key.rpartition("|")
    return receiver, integration
