"""One group: its rules, evaluated in order at one time, and what it takes over at a reload."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter, thread_time
from typing import Final

from tapewatch.model.errors import TapewatchError
from tapewatch.watch.alert import Alert
from tapewatch.watch.rules.failing import FailingRules
from tapewatch.watch.rules.files import GroupSource
from tapewatch.watch.rules.languages import Selector
from tapewatch.watch.rules.recorder import Recorder
from tapewatch.watch.rules.restore import Tolerance, restore
from tapewatch.watch.rules.rule import AlertingRule, Moment, Rule, Surroundings, make_rule
from tapewatch.watch.rules.views import GroupView

RESTORE_TURN: Final = 2
"""After a restart states are restored when samples had one turn to come in."""

Tell = Callable[[Sequence[Alert], int], None]


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for groups that do not say otherwise."""

    interval_ms: int = 60_000
    query_offset_ms: int = 0
    tolerance: Tolerance = field(default_factory=Tolerance)


class Group:
    """Rules that are evaluated together."""

    def __init__(self, source: GroupSource, usual: Usual, *, restores: bool = False) -> None:
        settings = source.settings
        self.source = source
        self.name, self.file = settings.name, source.file
        self.interval_ns = (settings.interval or usual.interval_ms) * 1_000_000
        offset = settings.query_offset
        self.offset_ns = (usual.query_offset_ms if offset is None else offset) * 1_000_000
        self.rules = [make_rule(each, settings.labels, settings.limit) for each in settings.rules]
        self.turns = 0
        self.missed = 0
        self.seconds = 0.0
        self.busy_seconds = 0.0
        """What the last evaluation took of the clock, and of the processor."""
        self.at_ns = 0
        self.failing_alerts = FailingRules(self.file, self.name)
        self._tolerance = usual.tolerance
        self.restores = restores
        """Whether the states of the alerts before a restart are still to be found."""
        self.orphans: list[Recorder] = []
        """The series of rules that a reload has removed, until they are ended."""
        if restores:
            for rule in self.alerting:
                rule.restored = False

    @property
    def alerting(self) -> Iterable[AlertingRule]:
        """The rules that raise alerts."""
        return (rule for rule in self.rules if isinstance(rule, AlertingRule))

    @property
    def failing(self) -> Sequence[Rule]:
        """The rules that could not be evaluated the last time."""
        return [rule for rule in self.rules if rule.health.error]

    def reads(self) -> Sequence[Selector]:
        """Return the selectors of what the group's rules read."""
        found: dict[Selector, None] = {}
        for rule in self.rules:
            found.update(dict.fromkeys(self.source.language.reads(rule.settings.expr)))
        return tuple(found)

    def turn(self, around: Surroundings, now_ns: int, tell: Tell) -> None:
        """Evaluate every rule; alerts are told as soon as their rule has been evaluated."""
        began, busy = perf_counter(), thread_time()
        moment = Moment(now_ns, self.offset_ns)
        for rule in self.rules:
            rule.evaluate(around, moment)
            if isinstance(rule, AlertingRule):
                alerts = rule.alerts_to_send(around, moment, self.interval_ns)
                if alerts:
                    tell(alerts, now_ns)
        about_itself = self.failing_alerts.turn(self.failing, around, now_ns)
        if about_itself:
            tell(about_itself, now_ns)
        self._close_orphans(moment.sample_ms)
        self.turns += 1
        if self.restores and self.turns >= RESTORE_TURN:
            self._restore(around, now_ns)
        self.seconds, self.busy_seconds = perf_counter() - began, thread_time() - busy
        self.at_ns = now_ns

    def inherit(self, former: "Group") -> None:
        """Take over from the group of the same name before a reload, rule by rule."""
        self.turns, self.missed = former.turns, former.missed
        self.seconds, self.busy_seconds = former.seconds, former.busy_seconds
        self.at_ns = former.at_ns
        self.restores = former.restores
        self.failing_alerts = former.failing_alerts
        left = list(former.rules)
        for rule in self.rules:
            same = next((each for each in left if each.identity == rule.identity), None)
            if same is not None:
                rule.inherit(same)
                left.remove(same)
        self.orphans = former.orphans + [each.recorder for each in left if each.recorder]

    def close(self, at_ms: int | None) -> None:
        """End; with a time, the series of all rules are marked stale there."""
        for rule in self.rules:
            rule.close(at_ms)
        if at_ms is not None:
            self._close_orphans(at_ms)

    def view(self) -> GroupView:
        """Show the group."""
        return GroupView(
            name=self.name,
            file=self.file,
            interval_seconds=self.interval_ns / 1e9,
            rules=[rule.view() for rule in self.rules],
            limit=self.source.settings.limit,
            evaluation_seconds=self.seconds,
            last_evaluation_ns=self.at_ns,
        )

    def _close_orphans(self, at_ms: int) -> None:
        """End the series of rules that a reload has removed."""
        orphans, self.orphans = self.orphans, []
        for each in orphans:
            each.close(at_ms)

    def _restore(self, around: Surroundings, now_ns: int) -> None:
        self.restores = False
        for rule in self.alerting:
            try:
                restore(rule, around.evaluator, now_ns, self._tolerance)
            except TapewatchError as fault:
                # Alerts then count from now, which is late but never silent.
                rule.health.error = f"since when its alerts are active cannot be told: {fault}"
                rule.restored = True
