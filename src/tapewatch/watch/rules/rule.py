"""
One evaluation of one rule.

``Surroundings`` is what rules share: who evaluates, where series go, how the server is called. A
rule keeps its health, and what it made the last time; what goes wrong is kept and told, and never
leaves the rule.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import quote_plus

import numpy as np

from tapewatch.metrics.intake import Intake
from tapewatch.metrics.selection import LabelSets
from tapewatch.model.errors import TapewatchError
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import EMPTY, METRIC_NAME, Labels
from tapewatch.watch.alert import ALERT_NAME, Alert
from tapewatch.watch.errors import DuplicateSeries, LimitExceeded
from tapewatch.watch.rules.files import RuleSettings
from tapewatch.watch.rules.languages import Evaluator, Vector
from tapewatch.watch.rules.recorder import Recorder
from tapewatch.watch.rules.states import Active, AlertStates, Seen, State
from tapewatch.watch.rules.views import ALERTING, RECORDING, AlertView, RuleView
from tapewatch.watch.rules.wording import Occasion, Wording
from tapewatch.watch.templates.prometheus import QuerySample, rule_functions
from tapewatch.watch.templates.values import TextMap

log = logging.getLogger(__name__)

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"
STATE_LABEL: Final = "alertstate"
VALID_TURNS: Final = 4
"""A told alert holds for so many intervals or resends: two may be lost."""

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules share."""

    evaluator: Evaluator
    intake: Intake
    external_url: str = ""
    external_labels: Labels = EMPTY
    deadline_s: float = 10.0
    resend_ns: int = 60 * _NS


@dataclass(frozen=True, slots=True)
class Moment:
    """One evaluation: its time, and how far back expressions look from there."""

    at_ns: int
    offset_ns: int = 0

    @property
    def sample_ms(self) -> int:
        """The time that expressions are asked for, and that their series are written at."""
        return (self.at_ns - self.offset_ns) // 1_000_000


@dataclass(slots=True)
class Health:
    """How a rule is."""

    error: str = ""
    evaluations: int = 0
    failures: int = 0
    failing_since_ns: int = 0
    seconds: float = 0.0
    at_ns: int = 0

    def fail(self, error: str, at_ns: int) -> None:
        """Note that an evaluation failed."""
        self.error = error
        self.failures += 1
        self.failing_since_ns = self.failing_since_ns or at_ns

    @property
    def word(self) -> str:
        """The word of the API."""
        return "err" if self.error else "ok" if self.evaluations else "unknown"


class Rule(ABC):
    """What recording and alerting rules have in common."""

    kind: str

    def __init__(self, settings: RuleSettings, group_labels: Mapping[str, str], limit: int) -> None:
        self.settings = settings
        self.labels = Labels.of({**group_labels, **settings.labels})
        self.limit = limit
        self.health = Health()
        self.recorder: Recorder | None = None

    @property
    def name(self) -> str:
        """The name of the rule."""
        return self.settings.name

    @property
    def identity(self) -> tuple[str, str, Labels]:
        """What a rule is known by across a reload."""
        return self.kind, self.name, self.labels

    def inherit(self, former: "Rule") -> None:
        """Take over what the same rule knew before a reload."""
        self.health = former.health
        self.recorder = former.recorder

    def evaluate(self, around: Surroundings, moment: Moment) -> None:
        """Evaluate once; what goes wrong is kept in ``health``."""
        began = perf_counter()
        health = self.health
        health.evaluations += 1
        try:
            self._evaluate(around, moment)
        except TapewatchError as fault:
            health.fail(str(fault), moment.at_ns)
        except Exception as fault:  # A mistake of ours in one rule must not blind the others.
            log.exception("a rule failed unexpectedly", extra={"rule": self.name})
            health.fail(f"unexpected {type(fault).__name__}: {fault}", moment.at_ns)
        else:
            health.error, health.failing_since_ns = "", 0
        health.seconds = perf_counter() - began
        health.at_ns = moment.at_ns

    def close(self, at_ms: int | None) -> None:
        """End the rule's series; with a time, they are marked stale there."""
        if self.recorder is not None:
            self.recorder.close(at_ms)

    @abstractmethod
    def _evaluate(self, around: Surroundings, moment: Moment) -> None:
        """Ask, and write what is answered."""

    @abstractmethod
    def view(self) -> RuleView:
        """Show the rule."""

    def _ask(self, around: Surroundings, moment: Moment) -> Vector:
        return around.evaluator.evaluate(
            self.settings.expr, moment.sample_ms, timeout_s=around.deadline_s
        )

    def _recorder(self, around: Surroundings) -> Recorder:
        if self.recorder is None:
            self.recorder = Recorder(around.intake, f"rule {self.name}")
        return self.recorder


class RecordingRule(Rule):
    """Writes the expression's answer under a name of its own."""

    kind = RECORDING

    def __init__(self, settings: RuleSettings, group_labels: Mapping[str, str], limit: int) -> None:
        super().__init__(settings, group_labels, limit)
        self._changes = {**dict(self.labels), METRIC_NAME: settings.name}
        # An empty label removes the one that the expression answers with.
        self._changes |= {name: "" for name, text in settings.labels.items() if not text}

    def _evaluate(self, around: Surroundings, moment: Moment) -> None:
        vector = self._ask(around, moment)
        labels = self._relabelled(vector.labels)
        if 0 < self.limit < len(labels):
            raise LimitExceeded(self.limit, len(labels), "series")
        self._recorder(around).write(moment.sample_ms, labels, vector.values, vector.histograms)

    def _relabelled(self, labels: Sequence[Labels]) -> Sequence[Labels]:
        if isinstance(labels, LabelSets):
            return labels.derive(("recorded", *self.identity), lambda: self._relabel(labels))
        return self._relabel(labels)

    def _relabel(self, labels: Sequence[Labels]) -> Sequence[Labels]:
        changed = tuple(each.replace(self._changes) for each in labels)
        if len(set(changed)) < len(changed):
            raise DuplicateSeries("rule labels")
        return changed

    def view(self) -> RuleView:
        health = self.health
        return RuleView(
            kind=self.kind,
            name=self.name,
            query=self.settings.expr,
            labels=self.labels,
            health=health.word,
            last_error=health.error,
            evaluation_seconds=health.seconds,
            last_evaluation_ns=health.at_ns,
        )


class AlertingRule(Rule):
    """Keeps the alerts that the expression's answer stands for, and tells of them."""

    kind = ALERTING

    def __init__(self, settings: RuleSettings, group_labels: Mapping[str, str], limit: int) -> None:
        super().__init__(settings, group_labels, limit)
        self.states = AlertStates(
            (settings.hold or 0) * 1_000_000, (settings.keep_firing_for or 0) * 1_000_000
        )
        self.restored = True
        """Whether the rule knows since when its alerts are active; until then it writes none."""
        self._labels = [(name, Wording(text, self.name)) for name, text in self.labels]
        self._annotations = [
            (name, Wording(text, self.name)) for name, text in settings.annotations.items()
        ]

    def inherit(self, former: Rule) -> None:
        super().inherit(former)
        assert isinstance(former, AlertingRule)
        self.states.inherit(former.states)
        self.restored = former.restored

    def _evaluate(self, around: Surroundings, moment: Moment) -> None:
        vector = self._ask(around, moment)
        if not len(vector) and not len(self.states):
            # The usual case: all is quiet, and was so before.
            if self.recorder is not None:
                self.recorder.write(moment.sample_ms, (), np.empty(0))
            return
        seen = list(self._seen(vector, around, moment))
        if len({each.labels for each in seen}) < len(seen):
            raise DuplicateSeries("alert labels")
        count = self.states.see(seen, moment.at_ns)
        if 0 < self.limit < count:
            self.states.forget()
            raise LimitExceeded(self.limit, count, "alerts")
        if self.restored:
            self._write(around, moment)

    def _seen(self, vector: Vector, around: Surroundings, moment: Moment) -> Iterator[Seen]:
        functions = rule_functions(
            lambda text: query_samples(around, text, moment), moment.at_ns, around.external_url
        )
        external = TextMap(around.external_labels)
        for row, labels in enumerate(vector.labels):
            value = vector.value(row)
            shown = value if isinstance(value, float) else str(value)
            occasion = Occasion(TextMap(labels), shown, external, around.external_url)
            changes = {name: each.render(occasion, functions) for name, each in self._labels}
            changes |= {METRIC_NAME: "", ALERT_NAME: self.name}
            told = {name: each.render(occasion, functions) for name, each in self._annotations}
            number = value if isinstance(value, float) else 0.0
            yield Seen(labels.replace(changes), Labels.of(told), number)

    def _write(self, around: Surroundings, moment: Moment) -> None:
        written: list[Labels] = []
        values: list[float] = []
        for alert in self.states:
            if alert.state is State.INACTIVE:
                continue
            state = {METRIC_NAME: ALERTS, STATE_LABEL: str(alert.state)}
            written += [
                alert.labels.replace(state),
                alert.labels.replace({METRIC_NAME: ALERTS_FOR_STATE}),
            ]
            values += [1.0, float(alert.active_at_ns // _NS)]
        self._recorder(around).write(moment.sample_ms, written, np.array(values))

    def alerts_to_send(
        self, around: Surroundings, moment: Moment, interval_ns: int
    ) -> Sequence[Alert]:
        """Return the alerts that are to be told now."""
        if not len(self.states) or self.health.error:
            return ()
        valid_ns = VALID_TURNS * max(around.resend_ns, interval_ns)
        chosen = self.states.to_send(moment.at_ns, resend_ns=around.resend_ns, valid_ns=valid_ns)
        return [self._told(each, around) for each in chosen]

    def _told(self, alert: Active, around: Surroundings) -> Alert:
        own = dict(alert.labels)
        labels = Labels.of({**dict(around.external_labels), **own})
        return Alert(
            labels=labels,
            annotations=alert.annotations,
            starts_at_ns=alert.fired_at_ns,
            ends_at_ns=alert.resolved_at_ns or alert.valid_until_ns,
            generator_url=generator_url(around.external_url, self.settings.expr),
        )

    def view(self) -> RuleView:
        health = self.health
        return RuleView(
            kind=self.kind,
            name=self.name,
            query=self.settings.expr,
            labels=self.labels,
            annotations=Labels.of(self.settings.annotations),
            state=str(self.states.state),
            for_seconds=self.states.hold_ns / _NS,
            keep_firing_seconds=self.states.keep_firing_ns / _NS,
            alerts=[_view(each) for each in self.states if each.state is not State.INACTIVE],
            health=health.word,
            last_error=health.error,
            evaluation_seconds=health.seconds,
            last_evaluation_ns=health.at_ns,
        )


def _view(alert: Active) -> AlertView:
    return AlertView(
        alert.labels,
        alert.annotations,
        str(alert.state),
        alert.active_at_ns,
        alert.value,
        alert.keep_firing_since_ns,
    )


def make_rule(settings: RuleSettings, group_labels: Mapping[str, str], limit: int) -> Rule:
    """Make the rule that was written."""
    kind = RecordingRule if settings.record else AlertingRule
    return kind(settings, group_labels, limit)


def query_samples(around: Surroundings, text: str, moment: Moment) -> Sequence[QuerySample]:
    """Answer a query that a template asks."""
    vector = around.evaluator.evaluate(text, moment.sample_ms, timeout_s=around.deadline_s)
    return [
        QuerySample(TextMap(labels), _number(vector.value(row)))
        for row, labels in enumerate(vector.labels)
    ]


def _number(value: float | Histogram) -> float:
    return value if isinstance(value, float) else value.count


def generator_url(external_url: str, expression: str) -> str:
    """Return where the expression of an alert can be looked at."""
    return f"{external_url}/graph?g0.expr={quote_plus(expression)}&g0.tab=1"
