"""
Telling: what one flush of a group says, and to whom.

The steps are Alertmanager's: inhibited alerts are left out, then everything where an interval keeps
the route quiet, then silenced alerts; what is left is compared with what each integration was told.
One step differs: the end of an alert that was told is told too, even where it is silenced by then,
so that no pager keeps ringing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tapewatch.alerting.alerts import ALERT_NAME, AlertState
from tapewatch.alerting.attention import AttentionStore
from tapewatch.alerting.book.history import Entry, Happening, History
from tapewatch.alerting.configuration import Integration
from tapewatch.alerting.groups import Group, in_order
from tapewatch.alerting.inhibit import Inhibitor
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView, Lane, Notification
from tapewatch.alerting.notified import NotifiedLog, Reason, Told, reason_to_tell
from tapewatch.alerting.outbox import Outbox
from tapewatch.alerting.plan import Plan, edits
from tapewatch.alerting.silences import SilenceStore
from tapewatch.model.labels import Labels


@dataclass(slots=True)
class Sorted:
    """The alerts of a group at a flush."""

    firing: list[AlertState] = field(default_factory=list)
    resolved: list[AlertState] = field(default_factory=list)
    silenced_ends: list[AlertState] = field(default_factory=list)
    """Resolved and silenced: told only to those who know that they fired."""
    over: list[AlertState] = field(default_factory=list)
    """Everything resolved, told or not."""
    withheld: bool = False


class Teller:
    """Decides what a flush says, and puts it into the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        log: NotifiedLog,
        history: History,
        silences: SilenceStore,
        attention: AttentionStore,
    ) -> None:
        self._outbox = outbox
        self._log = log
        self._history = history
        self._silences = silences
        self._attention = attention

    def flush(self, group: Group, plan: Plan, inhibitor: Inhibitor, now_ns: int) -> None:
        """Say what there is to say about a group, and let go of what is over."""
        options = group.route.options
        full = now_ns >= group.full_ns or not group.flushed_ns
        group.flushed_ns = now_ns
        if full:
            group.full_ns = now_ns + options.group_interval_ns
        group.next_ns = group.full_ns
        found = self.sort(group, inhibitor, now_ns)
        group.muted_by = plan.muted_by(group.route, now_ns)
        group.withheld = found.withheld or bool(group.muted_by)
        integrations = plan.integrations.get(group.route.receiver, ())
        if not group.muted_by:
            self._tell_all(group, found, integrations, plan, full=full, now_ns=now_ns)
        group.acknowledged = False
        fires = len(found.over) < len(group.members)
        if not fires:
            group.episode = group.sequence = 0
        if full or not fires or all(edits(each) for each in integrations):
            for state in found.over:
                group.remove(state)

    def sort(self, group: Group, inhibitor: Inhibitor, now_ns: int) -> Sorted:
        """Part the alerts of a group by what keeps them back and whether they fire."""
        found = Sorted()
        for state in group.members.values():
            over = state.is_resolved(now_ns)
            if over:
                found.over.append(state)
            if inhibitor.rules and inhibitor.is_inhibited(state.labels, now_ns):
                found.withheld = True
            elif self._silences.silenced_by(state):
                found.withheld = True
                if over:
                    found.silenced_ends.append(state)
            else:
                (found.resolved if over else found.firing).append(state)
        return found

    def reason(
        self, group: Group, found: Sorted, integration: Integration, *, full: bool, now_ns: int
    ) -> tuple[Reason | None, frozenset[str], frozenset[str], list[AlertState]]:
        """Say why an integration is told something, and of which alerts."""
        lane = Lane(group.key, integration.receiver, integration.name)
        told = self._log.get(lane)
        known = told.firing if told is not None else frozenset()
        ends = [state for state in found.silenced_ends if state.fingerprint in known]
        firing = frozenset(state.fingerprint for state in found.firing)
        resolved = frozenset(state.fingerprint for state in (*found.resolved, *ends))
        states = [*found.firing, *found.resolved, *ends]
        if not states:
            return None, firing, resolved, states
        reason = reason_to_tell(
            told,
            firing,
            resolved,
            send_resolved=integration.send_resolved,
            repeat_before_ns=now_ns - group.route.options.repeat_interval_ns,
        )
        if reason is Reason.REPEAT and self._all_acknowledged(found.firing, now_ns):
            reason = None
        if reason is None and group.acknowledged and firing and edits(integration):
            reason = Reason.ACKNOWLEDGED
        waits = reason not in (Reason.FIRST, Reason.ALL_RESOLVED) and not edits(integration)
        return None if waits and not full else reason, firing, resolved, states

    def _tell_all(
        self,
        group: Group,
        found: Sorted,
        integrations: Sequence[Integration],
        plan: Plan,
        *,
        full: bool,
        now_ns: int,
    ) -> None:
        if found.firing and not group.episode:
            group.episode, group.sequence = now_ns, 0
        for integration in integrations:
            reason, firing, resolved, states = self.reason(
                group, found, integration, full=full, now_ns=now_ns
            )
            if reason is None:
                continue
            lane = Lane(group.key, integration.receiver, integration.name)
            former = self._log.get(lane)
            episode = group.episode or (former.episode if former else 0) or now_ns
            group.sequence = max(group.sequence, former.sequence if former else 0) + 1
            told = Told(firing, resolved, now_ns, episode, group.sequence)
            if not integration.send_resolved:
                states = found.firing
            if not states:
                self._log.clear(lane, told)
                continue
            self._log.tell(lane, told)
            made = self._notification(group, integration, told, reason, states, plan, now_ns)
            self._outbox.put(made)
            self._note(made)

    def _notification(
        self,
        group: Group,
        integration: Integration,
        told: Told,
        reason: Reason,
        states: Sequence[AlertState],
        plan: Plan,
        now_ns: int,
    ) -> Notification:
        listed = in_order(_most_urgent(states, plan.limits.listed_max))
        return Notification(
            id=f"{group.book_key}-{told.episode}-{told.sequence}-{integration.name}",
            group_key=group.key,
            episode=told.episode,
            sequence=told.sequence,
            receiver=integration.receiver,
            integration=integration.name,
            status=FIRING if told.firing else RESOLVED,
            reason=str(reason),
            urgency=min(state.urgency for state in states),
            alerts=tuple(self._view(state, now_ns) for state in listed),
            folded=len(states) - len(listed),
            group_labels=group.labels,
            common_labels=_common([state.labels for state in states]),
            common_annotations=_common([state.annotations for state in states]),
            route_labels=Labels.of(group.route.options.labels),
            external_url=plan.external_url,
            created_ns=now_ns,
        )

    def _view(self, state: AlertState, now_ns: int) -> AlertView:
        over = state.is_resolved(now_ns)
        return AlertView(
            labels=state.labels,
            annotations=state.annotations,
            starts_at_ns=state.starts_ns,
            ends_at_ns=state.ends_ns if over else 0,
            generator_url=state.generator_url,
            fingerprint=state.fingerprint,
            status=RESOLVED if over else FIRING,
            acknowledged_by=self._attention.acknowledged_by(state.fingerprint, now_ns),
        )

    def _all_acknowledged(self, states: Iterable[AlertState], now_ns: int) -> bool:
        return all(self._attention.acknowledged_by(s.fingerprint, now_ns) for s in states)

    def _note(self, made: Notification) -> None:
        count = len(made.alerts) + made.folded
        self._history.note(
            Entry(
                made.created_ns,
                Happening.DECIDED,
                alert=made.common_labels.get(ALERT_NAME),
                group_key=made.group_key,
                receiver=made.receiver,
                integration=made.integration,
                told=f"{made.reason}: {count} alerts, {made.status}",
                labels=made.group_labels,
            )
        )


def _most_urgent(states: Sequence[AlertState], count_max: int) -> Sequence[AlertState]:
    if not count_max or len(states) <= count_max:
        return states
    return sorted(states, key=lambda state: (state.over, state.urgency))[:count_max]


def _common(several: Sequence[Labels]) -> Labels:
    if len(several) == 1:
        return several[0]
    common = set(several[0])
    for labels in several[1:]:
        common.intersection_update(labels)
        if not common:
            break
    return Labels(sorted(common))
