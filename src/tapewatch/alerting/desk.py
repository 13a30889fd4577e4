"""
The desk: the state machine of alerting.

It is told of alerts, of what people do, and of the time; it decides what is to be said to whom and
puts that into the outbox. It is synchronous and reads no clock: whoever drives it asks
``wake_at_ns`` when it wants to be told the time again, calls ``tick`` then, and commits the book
after each turn. A whole turn is one batch of the book, so a crash falls between turns.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from tapewatch.alerting.alerts import AlertState, AlertStore
from tapewatch.alerting.attention import Attention, AttentionStore, Comment
from tapewatch.alerting.book.book import Book
from tapewatch.alerting.book.history import Entry, Happening, History
from tapewatch.alerting.errors import BadAlerts, NotKnown
from tapewatch.alerting.groups import DROP, Group
from tapewatch.alerting.inhibit import Inhibitor
from tapewatch.alerting.matchers import is_label_name
from tapewatch.alerting.notification import Lane, Notification
from tapewatch.alerting.notified import NotifiedLog, Told
from tapewatch.alerting.outbox import Outbox, Parcel
from tapewatch.alerting.plan import Plan
from tapewatch.alerting.routing import Route
from tapewatch.alerting.silences import NOTICE, NOTICE_LABEL, Silence, SilenceStore
from tapewatch.alerting.telling import Teller
from tapewatch.model.labels import Labels
from tapewatch.watch.alert import Alert

Heard = Callable[[Happening, AlertState, int], None]
"""Hears what happens to an alert, and when."""

SECOND_NS: Final = 1_000_000_000
TIDY_NS: Final = 30 * SECOND_NS
FORGET_NS: Final = 3600 * SECOND_NS
RETOLD_NS: Final = 900 * SECOND_NS
"""How long an end that a channel refused is tried again, as long as Prometheus repeats one."""

FLUSHES_MAX: Final = 100
"""How many groups one tick flushes, so that a storm does not hold up whoever waits."""

NOT_UTF8: Final = "invalid label or annotation set: it is not UTF-8"

GROUPS: Final = "SELECT key, place, next_ns, full_ns, flushed_ns, episode, sequence FROM groups"


class Desk:
    """Everything that alerting knows and decides."""

    def __init__(self, book: Book, plan: Plan, *, now_ns: int, new_id: Callable[[], str]) -> None:
        self.book = book
        self.plan = plan
        self.history = History(book)
        self.outbox = Outbox(book, self.history)
        self.log = NotifiedLog(book)
        self.alerts = AlertStore(book)
        self.silences = SilenceStore(book, plan.calendars, new_id)
        self.attention = AttentionStore(book)
        self.groups: dict[tuple[str, Labels], Group] = {}
        self.limited: Counter[str] = Counter()
        self.accepted = 0
        self.invalid = 0
        self.heard: list[Heard] = []
        self._ended_by_peer: dict[str, int] = {}
        """Alerts that are over although this clock does not say so yet, and when it does."""
        self.inhibitor = Inhibitor(plan.inhibit_rules)
        self.teller = Teller(self.outbox, self.log, self.history, self.silences, self.attention)
        self._timers: list[tuple[int, int, Group]] = []
        self._ready: list[tuple[int, int, Group]] = []
        self._order = count()
        self._places = count(1)
        self._tidy_ns = self._forget_ns = now_ns
        self._last_ns = now_ns
        self.outbox.settled.append(self._settled)
        self._apply_limits()
        self._load(now_ns)

    def accept(self, alerts: Sequence[Alert], now_ns: int) -> None:
        """Take alerts; raises ``BadAlerts`` after the good ones of a bad batch were taken."""
        self.silences.refresh(now_ns)
        faults = []
        for alert in alerts:
            fault = self._take(alert, now_ns)
            if fault:
                faults.append(fault)
        self.accepted += len(alerts) - len(faults)
        self.invalid += len(faults)
        if faults:
            raise BadAlerts(faults)

    def tick(self, now_ns: int) -> int:
        """Do what has become due; returns how many groups were flushed."""
        self._mind_steps_back(now_ns)
        self._refresh_silences(now_ns)
        for state in list(self.alerts.ended(now_ns)):
            self._end(state, now_ns)
        flushed = self._flush_due(now_ns)
        if now_ns >= self._tidy_ns:
            self._tidy(now_ns)
        return flushed

    def wake_at_ns(self) -> int:
        """Give when ``tick`` has something to do next; a time gone by is at once."""
        if self._ready:
            return 0
        times = [self._tidy_ns]
        if self._timers:
            times.append(self._timers[0][0])
        times.extend(each for each in (self.alerts.wake_ns(), self.silences.wake_ns()) if each)
        return min(times)

    def silence(self, wanted: Silence, now_ns: int, by: str = "") -> Silence:
        """Make or change a silence; raises ``BadSilence`` or ``NotKnown``."""
        former = wanted.id
        made = self.silences.set(wanted, now_ns)
        kind = Happening.SILENCE_CHANGED if former == made.id else Happening.SILENCE_MADE
        self._note_silence(kind, made, by or made.created_by, now_ns)
        if former and former != made.id:
            self._note_silence(Happening.SILENCE_ENDED, self.silences.get(former), by, now_ns)
        self._refresh_silences(now_ns)
        return made

    def unsilence(self, silence_id: str, now_ns: int, by: str = "") -> Silence:
        """End a silence now; raises ``NotKnown``."""
        ended = self.silences.expire(silence_id, now_ns)
        self._note_silence(Happening.SILENCE_ENDED, ended, by, now_ns)
        self._refresh_silences(now_ns)
        return ended

    def acknowledge(self, fingerprint: str, by: str, now_ns: int, *, until_ns: int = 0) -> None:
        """Note that somebody takes an alert over: it is not repeated while they have it."""
        state = self.alert(fingerprint)
        self.attention.acknowledge(fingerprint, by, until_ns, now_ns)
        self._note(Happening.ACKNOWLEDGED, state, now_ns, by=by)
        self._attend(state, now_ns)

    def release(self, fingerprint: str, by: str, now_ns: int) -> None:
        """Note that an alert is nobody's again."""
        state = self.alert(fingerprint)
        self.attention.release(fingerprint)
        self._note(Happening.RELEASED, state, now_ns, by=by)
        self._attend(state, now_ns)

    def assign(self, fingerprint: str, assignee: str, by: str, now_ns: int) -> None:
        """Note whom an alert is given to."""
        state = self.alert(fingerprint)
        self.attention.assign(fingerprint, assignee)
        self._note(Happening.ASSIGNED, state, now_ns, by=by, told=f"to {assignee or 'nobody'}")

    def comment(self, fingerprint: str, text: str, by: str, now_ns: int) -> None:
        """Note what somebody says about an alert."""
        state = self.alert(fingerprint)
        self.attention.comment(fingerprint, Comment(now_ns, by, text))
        self._note(Happening.COMMENTED, state, now_ns, by=by, told=text)

    def heed(self, fingerprint: str, attention: Attention, now_ns: int) -> None:
        """Take over what people did about an alert on another server."""
        before = self.attention.acknowledged_by(fingerprint, now_ns)
        self.attention.adopt(fingerprint, attention)
        after = self.attention.acknowledged_by(fingerprint, now_ns)
        state = self.alerts.get(fingerprint)
        if state is None or before == after:
            return
        kind = Happening.ACKNOWLEDGED if after else Happening.RELEASED
        self._note(kind, state, now_ns, by=after or before, told="on another server")
        self._attend(state, now_ns)

    def join_episode(self, group_key: str, told: Told) -> None:
        """Let a group go on in the episode in which another server has told of it."""
        for fingerprint in told.firing | told.resolved:
            state = self.alerts.get(fingerprint)
            for group in state.groups if state is not None else ():
                if group.key == group_key and told.firing:
                    group.episode = told.episode
                    group.sequence = max(group.sequence, told.sequence)
                    if group.flushed_ns:
                        group.write(self.book)

    def end_with_peer(self, ends_ns: Mapping[str, int], now_ns: int) -> None:
        """
        End alerts that another server knows to be over, and since when.

        A clock here that is behind would let them fire again for as long as it is.
        """
        for fingerprint, ended_ns in ends_ns.items():
            state = self.alerts.get(fingerprint)
            if state is None or state.over:
                continue
            if state.starts_ns < min(ended_ns, now_ns):
                self._ended_by_peer[fingerprint] = ended_ns
                state.ends_ns = now_ns
                self._end(state, now_ns)

    def alert(self, fingerprint: str) -> AlertState:
        """Find an alert; raises ``NotKnown``."""
        state = self.alerts.get(fingerprint)
        if state is None:
            raise NotKnown("alert", fingerprint)
        return state

    def reload(self, plan: Plan, now_ns: int) -> None:
        """Decide by another plan from now on; groups that it still has keep their timers."""
        former, self.groups = self.groups, {}
        self.plan = plan
        self.inhibitor = Inhibitor(plan.inhibit_rules)
        self._apply_limits()
        self._timers, self._ready = [], []
        for state in self.alerts:
            old = {group.id for group in state.groups}
            state.groups, state.places = [], None
            self._enter(state)
            for route, labels in self.places(state):
                if (route.id, labels) in old or not state.is_resolved(now_ns):
                    self._join(state, route, labels, now_ns, former.get((route.id, labels)))
        for name, group in former.items():
            if name not in self.groups:
                group.drop(self.book)
        self.history.note(Entry(now_ns, Happening.RELOADED, told="the configuration was loaded"))

    def clock_stepped(self, by_ns: int, now_ns: int) -> None:
        """Move every waiting time, because the clock was set by so much and no time has passed."""
        for group in self.groups.values():
            group.next_ns += by_ns
            group.full_ns += by_ns
            if group.flushed_ns:
                group.flushed_ns += by_ns
                group.write(self.book)
            self._schedule(group)
        self.alerts.shift(by_ns)
        self.outbox.shift(by_ns)
        self._tidy_ns = self._forget_ns = self._last_ns = now_ns

    def status_of(self, state: AlertState, now_ns: int) -> tuple[tuple[str, ...], list[str]]:
        """Give the silences and the alerts that keep an alert quiet at a time."""
        self.silences.refresh(now_ns)
        inhibited = self.inhibitor.inhibited_by(state.labels, now_ns)
        return self.silences.silenced_by(state), inhibited

    def _take(self, alert: Alert, now_ns: int) -> str:
        """Take one alert; says what is wrong with one that cannot be taken."""
        try:
            fingerprint = alert.labels.fingerprint()
        except UnicodeEncodeError:
            return NOT_UTF8
        starts_ns = alert.starts_at_ns or alert.ends_at_ns or now_ns
        ends_ns = alert.ends_at_ns or now_ns + self.plan.resolve_timeout_ns
        if self._ended_by_peer.get(fingerprint, 0) >= ends_ns:
            ends_ns = min(ends_ns, now_ns)
        state = self.alerts.get(fingerprint)
        same = state is not None and state.annotations == alert.annotations
        fault = "" if same else self._fault_of(alert)
        if ends_ns < starts_ns:
            fault = fault or "start time must be before end time"
        if fault:
            return fault
        if state is None:
            self._meet(_state_of(alert, fingerprint, starts_ns, ends_ns, now_ns), now_ns)
            return ""
        was = (state.over, state.starts_ns)
        state.merge(starts_ns, ends_ns, now_ns, timeout=not alert.ends_at_ns)
        if not same or state.generator_url != alert.generator_url:
            state.annotations, state.generator_url = alert.annotations, alert.generator_url
            self.alerts.write(state)
        self._go_on(state, was, now_ns)
        return ""

    def _fault_of(self, alert: Alert) -> str:
        if not alert.labels:
            return "at least one label pair required"
        for kind, labels in (("label", alert.labels), ("annotation", alert.annotations)):
            for name, value in labels:
                if not is_label_name(name, self.plan.reading):
                    return f'invalid {kind} set: invalid name "{name}"'
                if not (value.isascii() or _is_utf8(value)):
                    return NOT_UTF8
        return ""

    def _meet(self, state: AlertState, now_ns: int) -> None:
        """Take an alert that was not known."""
        if state.is_resolved(now_ns) and not self._awaits(state):
            return  # Senders repeat ends for a while; this one is known, told and forgotten.
        limit = self.alerts.limit_of(state)
        if limit:
            self._limit(state, limit, now_ns)
            return
        state.over = state.is_resolved(now_ns)
        self.alerts.add(state)
        self._enter(state)
        if state.over:
            self._note(Happening.RESOLVED, state, now_ns)
        else:
            self._fire(state, now_ns)
        for route, labels in self.places(state):
            self._join(state, route, labels, now_ns)

    def _go_on(self, state: AlertState, was: tuple[bool, int], now_ns: int) -> None:
        """Draw the conclusions from what was said of a known alert."""
        if not state.over and state.is_resolved(now_ns):
            self._end(state, now_ns)
        else:
            if state.over and not state.is_resolved(now_ns):
                state.over = False
                self._fire(state, now_ns)
            self.alerts.write_times(state)
        places = self.places(state)
        if was == (state.over, state.starts_ns) and len(places) == len(state.groups):
            return  # It is where it was; only its end has moved.
        for route, labels in places:
            if not state.over or self._has(route.id, labels, state):
                self._join(state, route, labels, now_ns)

    def _fire(self, state: AlertState, now_ns: int) -> None:
        """Note that an alert fires, how late it is known, and whether anybody wants to hear it."""
        told = f"{(now_ns - state.starts_ns) / SECOND_NS:.3f} s after it began"
        if self.silences.silenced_by(state):
            told += ", silenced"
        self._note(Happening.FIRED, state, now_ns, told=told)

    def _has(self, route_id: str, labels: Labels, state: AlertState) -> bool:
        group = self.groups.get((route_id, labels))
        return group is not None and state.fingerprint in group.members

    def _awaits(self, state: AlertState) -> bool:
        """Say whether somebody was told that an alert fires, and not that it is over."""
        return any(self._awaits_in(state, *place) for place in self.places(state))

    def _awaits_in(self, state: AlertState, route: Route, labels: Labels) -> bool:
        group = self.groups.get((route.id, labels)) or Group(route, labels, 0, 0)
        for integration in self.plan.integrations.get(route.receiver, ()):
            told = self.log.get(Lane(group.key, integration.receiver, integration.name))
            if told is not None and state.fingerprint in told.firing:
                return True
        return False

    def _enter(self, state: AlertState) -> None:
        state.inhibits = bool(self.inhibitor.rules) and self.inhibitor.add(state)

    def places(self, state: AlertState) -> Sequence[tuple[Route, Labels]]:
        """Give the routes that take an alert, with the labels of its group in each."""
        if state.places is None:
            routes = self.plan.root.find(state.labels.as_dict())
            state.places = [(route, route.group_labels(state.labels)) for route in routes]
        return state.places

    def _join(
        self,
        state: AlertState,
        route: Route,
        labels: Labels,
        now_ns: int,
        former: Group | None = None,
    ) -> None:
        group = self.groups.get((route.id, labels))
        fresh = state.fingerprint not in group.members if group is not None else True
        if group is None:
            group = self._new_group(route, labels, now_ns, former)
        before_ns = group.next_ns
        group.add(state, now_ns)
        if fresh or state.over:
            group.touch(now_ns)
        if group.next_ns != before_ns:
            self._schedule(group)
            if group.flushed_ns:
                group.write(self.book)

    def _new_group(self, route: Route, labels: Labels, now_ns: int, former: Group | None) -> Group:
        due_ns = now_ns + route.options.group_wait_ns
        group = Group(route, labels, due_ns, due_ns)
        group.place = former.place if former is not None else next(self._places)
        if former is not None:
            group.next_ns, group.full_ns = former.next_ns, former.full_ns
            group.flushed_ns = former.flushed_ns
            group.episode, group.sequence = former.episode, former.sequence
        self.groups[group.id] = group
        self._schedule(group)
        return group

    def _schedule(self, group: Group) -> None:
        heapq.heappush(self._timers, (group.next_ns, next(self._order), group))

    def _end(self, state: AlertState, now_ns: int) -> None:
        """Note that an alert is over."""
        state.over = True
        self.alerts.write_times(state)
        self.attention.resolved(state.fingerprint)
        self._note(Happening.RESOLVED, state, now_ns)
        for group in state.groups:
            self._touch(group, now_ns)
        if state.inhibits:
            self._touch_withheld(now_ns)

    def _touch(self, group: Group, now_ns: int) -> None:
        if group.touch(now_ns):
            self._schedule(group)
            group.write(self.book)

    def _touch_withheld(self, now_ns: int) -> None:
        """Look again at the groups that kept something back, because they may not any more."""
        for group in self.groups.values():
            if group.withheld:
                self._touch(group, now_ns)

    def _attend(self, state: AlertState, now_ns: int) -> None:
        for group in state.groups:
            group.acknowledged = True
            self._touch(group, now_ns)

    def _flush_due(self, now_ns: int) -> int:
        """Flush groups that are due, the most urgent first."""
        while self._timers and self._timers[0][0] <= now_ns:
            due_ns, order, group = heapq.heappop(self._timers)
            if group.next_ns == due_ns and self.groups.get(group.id) is group:
                heapq.heappush(self._ready, (group.urgency, order, group))
        flushed = 0
        while self._ready and flushed < FLUSHES_MAX:
            _, _, group = heapq.heappop(self._ready)
            if group.next_ns <= now_ns and self.groups.get(group.id) is group:
                self._flush(group, now_ns)
                flushed += 1
        return flushed

    def _flush(self, group: Group, now_ns: int) -> None:
        self.teller.flush(group, self.plan, self.inhibitor, now_ns)
        if group.members or not group.route.options.in_place:
            group.write(self.book)
            self._schedule(group)
        else:
            # Nothing is left, and the next alert may speak at once.
            self._drop(group)

    def _drop(self, group: Group) -> None:
        del self.groups[group.id]
        group.drop(self.book)

    def _tidy(self, now_ns: int) -> None:
        """Let go of groups without alerts, and of alerts without groups."""
        self._tidy_ns = now_ns + TIDY_NS
        self._ended_by_peer = {
            name: until for name, until in self._ended_by_peer.items() if until > now_ns
        }
        for group in [each for each in self.groups.values() if not each.members]:
            self._drop(group)
        for state in self.alerts.collect(now_ns - RETOLD_NS):
            self.attention.forget(state.fingerprint)
            if state.inhibits:
                self.inhibitor.remove(state)
        if now_ns >= self._forget_ns:
            self._forget_ns = now_ns + FORGET_NS
            limits = self.plan.limits
            self.silences.collect(now_ns)
            if len(self.log):
                busy = {group.key for group in self.groups.values()}
                self.log.collect(now_ns - limits.told_keep_ns, busy)
            self.history.forget(now_ns - limits.history_keep_ns)

    def _refresh_silences(self, now_ns: int) -> None:
        self.silences.refresh(now_ns)
        changes = self.silences.take_changes()
        for silence in changes.begun:
            if silence.notices:
                self._notice(silence, silence.ends_ns, now_ns)
        for silence in changes.ended:
            if silence.notices:
                self._notice(silence, now_ns, now_ns)
        if changes.ended:
            self._touch_withheld(now_ns)

    def _notice(self, silence: Silence, ends_ns: int, now_ns: int) -> None:
        """Tell of a silence by an alert that lasts as long as it does."""
        text = " or ".join(
            "{" + ", ".join(map(str, matchers)) + "}" for matchers in silence.matcher_sets
        )
        labels = Labels.of({"alertname": NOTICE, NOTICE_LABEL: silence.id, "severity": "info"})
        annotations = Labels.of(
            summary=f"{silence.created_by} silences {text}", description=silence.comment
        )
        self.accept([Alert(labels, annotations, silence.starts_ns, ends_ns)], now_ns)

    def _mind_steps_back(self, now_ns: int) -> None:
        """Keep a clock that was set back from holding everything up."""
        if now_ns < self._last_ns - SECOND_NS:
            self.clock_stepped(now_ns - self._last_ns, now_ns)
        self._last_ns = now_ns

    def _settled(self, parcel: Parcel, happening: Happening) -> None:
        told = parcel.notification
        if happening is Happening.DELIVERED:
            self.log.delivered(told.lane, told.episode, told.sequence)
        else:
            self.log.refused(told.lane, told.episode, told.sequence)
            self._keep_ends(told)

    def _keep_ends(self, told: Notification) -> None:
        """Put ends that were refused back into their group, so that its next flush tells them."""
        for view in told.resolved:
            state = self.alerts.get(view.fingerprint)
            if state is None or not state.over or state.ends_ns + RETOLD_NS < self._last_ns:
                continue
            for route, labels in self.places(state):
                group = self.groups.get((route.id, labels))
                if group is None and route.receiver == told.receiver:
                    group = self._new_group(route, labels, self._last_ns, None)
                if group is not None and group.key == told.group_key:
                    group.add(state, self._last_ns)
                    self._schedule(group)

    def _limit(self, said: AlertState, limit: str, now_ns: int) -> None:
        if not self.limited[said.name]:
            self._note(Happening.LIMITED, said, now_ns, told=limit)
        self.limited[said.name] += 1

    def _note(
        self, kind: Happening, state: AlertState, now_ns: int, *, by: str = "", told: str = ""
    ) -> None:
        self.history.note_alert(
            now_ns, kind, state.fingerprint, state.name, by, told, state.labels_json
        )
        for each in self.heard:
            each(kind, state, now_ns)

    def _note_silence(self, kind: Happening, silence: Silence, by: str, now_ns: int) -> None:
        told = f"{silence.id}: {silence.comment}"
        self.history.note(Entry(now_ns, kind, by=by or silence.created_by, told=told))

    def _apply_limits(self) -> None:
        limits = self.plan.limits
        self.alerts.alerts_max = limits.alerts_max
        self.alerts.per_name_max = limits.per_name_max
        self.silences.limits = limits.silences

    def _load(self, now_ns: int) -> None:
        """Take up what the last process left."""
        self.silences.load()
        self.attention.load()
        self.log.load()
        self.outbox.load(now_ns)
        self.alerts.load(now_ns, self.plan.limits.grace_ns)
        rows = {key: rest for key, *rest in self.book.rows(GROUPS)}
        self._places = count(max((place for place, *_ in rows.values()), default=0) + 1)
        kept = set()
        for state in self.alerts:
            self._enter(state)
            for route, labels in self.places(state):
                group = self.groups.get((route.id, labels))
                if group is None:
                    group = self._loaded(route, labels, rows, now_ns)
                kept.add(group.book_key)
                if not state.over or self._awaits_in(state, route, labels):
                    group.add(state, now_ns)
                    if not group.flushed_ns:
                        begun_ns = state.starts_ns + route.options.group_wait_ns
                        group.next_ns = max(now_ns, min(group.next_ns, begun_ns))
        for group in self.groups.values():
            self._schedule(group)
        for key in rows.keys() - kept:
            self.book.write(DROP, (rows[key][0],))

    def _loaded(
        self, route: Route, labels: Labels, rows: dict[str, list[int]], now_ns: int
    ) -> Group:
        # A group that has not spoken has no row: it waits as it would for the same alert anew.
        due_ns = now_ns + route.options.group_wait_ns
        group = Group(route, labels, due_ns, due_ns)
        row = rows.get(group.book_key)
        if row is None:
            group.place = next(self._places)
        else:
            group.place, group.next_ns, group.full_ns, group.flushed_ns, *counts = row
            group.episode, group.sequence = counts
            # The clock may have been set back since; no group waits longer than it would anew.
            options = route.options
            wait_ns = options.group_interval_ns if group.flushed_ns else options.group_wait_ns
            group.next_ns = min(group.next_ns, now_ns + wait_ns)
            group.full_ns = min(group.full_ns, now_ns + wait_ns)
            group.flushed_ns = min(group.flushed_ns, now_ns)
        self.groups[group.id] = group
        return group

    def firing(self, now_ns: int) -> Iterator[AlertState]:
        """Yield the alerts that fire."""
        return (state for state in self.alerts if not state.is_resolved(now_ns))


def _is_utf8(text: str) -> bool:
    """Say whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _state_of(
    alert: Alert, fingerprint: str, starts_ns: int, ends_ns: int, now_ns: int
) -> AlertState:
    return AlertState(
        fingerprint,
        alert.labels,
        alert.annotations,
        starts_ns,
        ends_ns,
        now_ns,
        not alert.ends_at_ns,
        alert.generator_url,
    )
