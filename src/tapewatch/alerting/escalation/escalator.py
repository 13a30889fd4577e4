"""
Climbing the steps of every case.

The desk says what happens to alerts, the driver says the time. A case begins with its first alert
and ends with its last; while all of its alerts are taken over it rests, and goes on where it was
when somebody gives one back. Silenced and inhibited alerts do not climb.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tapewatch.alerting.alerts import AlertState
from tapewatch.alerting.book.history import Entry, Happening
from tapewatch.alerting.book.kept import Kept
from tapewatch.alerting.desk import Desk
from tapewatch.alerting.escalation.case import Case
from tapewatch.alerting.letter import Letter, post
from tapewatch.alerting.notification import FIRING, RESOLVED, AlertView
from tapewatch.alerting.oncall.roster import Roster
from tapewatch.alerting.oncall.settings import EscalationSettings, StepSettings
from tapewatch.alerting.routing import MS
from tapewatch.model.durations import format_duration_ms, format_time_ns
from tapewatch.model.labels import Labels
from tapewatch.model.matchers import Matcher, match_all

QUIET_AGAIN_NS: Final = 30 * 1_000_000_000
"""When a case whose alerts are all kept quiet is looked at again."""
ROUND_MIN_NS: Final = 60 * 1_000_000_000
_HEARD: Final = frozenset(
    {Happening.FIRED, Happening.RESOLVED, Happening.ACKNOWLEDGED, Happening.RELEASED}
)


class Escalator:
    """All cases."""

    def __init__(self, desk: Desk, roster: Roster, now_ns: int) -> None:
        self._desk = desk
        self._roster = roster
        self._kept = Kept(desk.book, "case")
        self._cases: dict[str, Case] = {}
        self._climbing: list[tuple[EscalationSettings, tuple[Matcher, ...]]] = []
        for key, told in self._kept.load():
            self._cases[key] = Case.from_dict(told)
        self.use(now_ns)
        desk.heard.append(self.hear)

    def use(self, now_ns: int) -> None:
        """Take the escalations of the roster's settings; cases of those that are gone end."""
        reading = self._desk.plan.reading
        self._climbing = [
            (each, tuple(each.matchers.parse(reading)))
            for each in self._roster.settings.escalations
        ]
        known = {each.name for each, _ in self._climbing}
        for case in list(self._cases.values()):
            case.members &= {state.fingerprint for state in self._desk.firing(now_ns)}
            if case.escalation not in known:
                self._drop(case)
            elif not case.members:
                self._close(case, now_ns, "it is over")
        if self._climbing:
            for state in self._desk.firing(now_ns):
                self._enter(state, now_ns)

    def hear(self, kind: Happening, state: AlertState, now_ns: int) -> None:
        """Take note of what happened to an alert."""
        if not self._climbing or kind not in _HEARD:
            return
        if kind is Happening.FIRED:
            self._enter(state, now_ns)
            return
        for case in self._cases_of(state):
            if kind is Happening.RESOLVED:
                self._leave(case, state, now_ns)
            elif kind is Happening.ACKNOWLEDGED:
                self._answered(case, now_ns)
            else:
                case.due_ns = self._next_ns(case) or now_ns
                self._keep(case)

    def tick(self, now_ns: int) -> None:
        """Take the steps that are due."""
        for case in [each for each in self._cases.values() if 0 < each.due_ns <= now_ns]:
            self._look(case, now_ns)

    def wake_at_ns(self) -> int:
        """Give when the next step may be due; 0 is never."""
        return min((each.due_ns for each in self._cases.values() if each.due_ns), default=0)

    def clock_stepped(self, by_ns: int) -> None:
        """Go on as before when the clock is set."""
        for case in self._cases.values():
            case.round_ns += by_ns
            case.due_ns += by_ns if case.due_ns else 0
            self._keep(case)

    def shown(self) -> Iterator[dict[str, Any]]:
        """Describe the cases for people."""
        for case in self._cases.values():
            settings = self._settings(case)
            yield {
                "escalation": case.escalation,
                "labels": dict(case.labels),
                "since": format_time_ns(case.begun_ns),
                "alerts": sorted(case.members),
                "step": case.step,
                "steps": len(settings.steps) if settings else 0,
                "round": case.round,
                "told": case.told,
                "next": format_time_ns(case.due_ns) if case.due_ns else None,
            }

    def _enter(self, state: AlertState, now_ns: int) -> None:
        for settings, matchers in self._climbing:
            if not match_all(matchers, state.labels):
                continue
            labels = state.labels.keep(settings.group_by)
            case = Case(settings.name, labels, now_ns, now_ns)
            case = self._cases.setdefault(case.key, case)
            if state.fingerprint in case.members:
                continue
            case.members.add(state.fingerprint)
            # Somebody may rest on what they took over; a new alert is for somebody to look at.
            case.due_ns = case.due_ns or self._next_ns(case)
            self._keep(case)

    def _leave(self, case: Case, state: AlertState, now_ns: int) -> None:
        case.members.discard(state.fingerprint)
        if case.members:
            self._keep(case)
        else:
            self._close(case, now_ns, "all alerts are over", ended=[state])

    def _answered(self, case: Case, now_ns: int) -> None:
        if self._open(case, now_ns):
            return
        case.due_ns = self._handed_back_ns(case)
        self._say(case, "acknowledged", case.told, now_ns, only_changes=True)
        self._keep(case)

    def _look(self, case: Case, now_ns: int) -> None:
        settings = self._settings(case)
        if settings is None or not case.members:
            self._drop(case)
        elif self._open(case, now_ns):
            self._climb(case, settings, now_ns)
        elif self._is_answered(case, now_ns):
            case.due_ns = self._handed_back_ns(case)
            self._keep(case)
        else:
            case.due_ns = now_ns + QUIET_AGAIN_NS
            self._keep(case)

    def _climb(self, case: Case, settings: EscalationSettings, now_ns: int) -> None:
        step = settings.steps[case.step]
        receivers = self._receivers(step, now_ns)
        waited = format_duration_ms(step.after)
        words = f"escalation {case.escalation}: step {case.step + 1} of {len(settings.steps)}"
        words += f", round {case.round + 1}" if case.round else ""
        if self._say(case, f"{words}, nobody has answered for {waited}", receivers, now_ns):
            case.told += [each for each in receivers if each not in case.told]
            told = f"{words}: {', '.join(receivers)}"
        else:
            told = f"{words}: nobody can be told"
        self._note(Happening.ESCALATED, case, told, now_ns)
        self._advance(case, settings, now_ns)

    def _advance(self, case: Case, settings: EscalationSettings, now_ns: int) -> None:
        case.step += 1
        if case.step >= len(settings.steps) and case.round < settings.repeat:
            case.step, case.round, case.round_ns = 0, case.round + 1, now_ns
        case.due_ns = self._next_ns(case)
        if case.due_ns and case.step == 0:
            case.due_ns = max(case.due_ns, now_ns + ROUND_MIN_NS)
        self._keep(case)

    def _receivers(self, step: StepSettings, now_ns: int) -> list[str]:
        """Say whom a step tells now, each receiver once."""
        found = list(step.receivers)
        if step.schedule in self._roster.settings.schedules:
            ask = self._roster.on_call if step.turn == "now" else self._roster.next
            shift = ask(step.schedule, now_ns)
            if shift is not None and (receiver := self._roster.receiver_of(shift.person)):
                found.insert(0, receiver)
        return list(dict.fromkeys(found))

    def _say(
        self,
        case: Case,
        reason: str,
        receivers: Sequence[str],
        now_ns: int,
        *,
        status: str = FIRING,
        views: Sequence[AlertView] = (),
        only_changes: bool = False,
    ) -> int:
        alerts = views or [self._view(state, now_ns) for state in self._members(case)]
        if not alerts:
            return 0
        case.sequence += 1
        letter = Letter(
            case.key,
            case.begun_ns,
            case.sequence,
            reason,
            alerts,
            case.labels,
            status,
            only_changes,
        )
        outbox, plan = self._desk.outbox, self._desk.plan
        return sum(post(letter, each, outbox, plan, now_ns) for each in receivers)

    def _close(self, case: Case, now_ns: int, words: str, ended: Sequence[AlertState] = ()) -> None:
        views = [self._view(state, now_ns) for state in ended]
        if case.told and views:
            self._say(case, words, case.told, now_ns, status=RESOLVED, views=views)
        if case.step:
            self._note(Happening.ESCALATION_ENDED, case, words, now_ns)
        self._drop(case)

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
            acknowledged_by=self._desk.attention.acknowledged_by(state.fingerprint, now_ns),
        )

    def _members(self, case: Case) -> list[AlertState]:
        found = (self._desk.alerts.get(each) for each in sorted(case.members))
        return [state for state in found if state is not None]

    def _open(self, case: Case, now_ns: int) -> bool:
        """Say whether an alert of the case waits for somebody."""
        return any(
            not self._desk.attention.acknowledged_by(state.fingerprint, now_ns)
            and not any(self._desk.status_of(state, now_ns))
            for state in self._members(case)
        )

    def _is_answered(self, case: Case, now_ns: int) -> bool:
        acknowledged_by = self._desk.attention.acknowledged_by
        return all(acknowledged_by(each, now_ns) for each in case.members)

    def _handed_back_ns(self, case: Case) -> int:
        """Say when the first acknowledgement ends by itself; 0 is with its alert."""
        times = [self._desk.attention.of(each).until_ns for each in case.members]
        return min((each for each in times if each), default=0)

    def _next_ns(self, case: Case) -> int:
        settings = self._settings(case)
        if settings is None or case.step >= len(settings.steps):
            return 0
        return case.round_ns + max(settings.steps[case.step].after * MS, 1)

    def _cases_of(self, state: AlertState) -> list[Case]:
        return [each for each in self._cases.values() if state.fingerprint in each.members]

    def _settings(self, case: Case) -> EscalationSettings | None:
        return next((each for each, _ in self._climbing if each.name == case.escalation), None)

    def _keep(self, case: Case) -> None:
        self._kept.keep(case.key, case.as_dict())

    def _drop(self, case: Case) -> None:
        self._cases.pop(case.key, None)
        self._kept.drop(case.key)

    def _note(self, kind: Happening, case: Case, words: str, now_ns: int) -> None:
        entry = Entry(
            now_ns,
            kind,
            group_key=case.key,
            alert=case.labels.get("alertname"),
            told=words,
            labels=Labels(case.labels),
        )
        self._desk.history.note(entry)
