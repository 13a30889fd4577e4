"""
The world of one test: a database with the test's series, and rules that are evaluated in it.

The rules are those that a server runs, on a clock that the test moves; so what is tested is what
will happen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tapewatch.catalog.rule_tests.errors import CannotRun
from tapewatch.catalog.rule_tests.reading import PlacedTest
from tapewatch.catalog.vocabulary import CALENDAR_OPEN
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.result import Result
from tapewatch.metrics.promql.script import LoadedSample
from tapewatch.metrics.promql.series import parse_series_description
from tapewatch.metrics.promql.settings import Settings
from tapewatch.metrics.scratch import ScratchEngine
from tapewatch.model.labels import Labels, quote
from tapewatch.watch.rules.files import GroupSource
from tapewatch.watch.rules.promql import EngineEvaluator
from tapewatch.watch.rules.rule import AlertingRule, Moment, Rule, Surroundings, make_rule

_NS_IN_MS: Final = 1_000_000


class World:
    """Rules and series at a time."""

    def __init__(self, engine: ScratchEngine, placed: PlacedTest, groups: Sequence[GroupSource]):
        self.engine = engine
        self.placed = placed
        self.start_ms = placed.test.start_timestamp.time_ms
        self.every_ms = placed.document.evaluation_interval
        ordered = _in_order(groups, placed.document.group_eval_order)
        self.rules: list[Rule] = [
            make_rule(rule, group.settings.labels, group.settings.limit)
            for group in ordered
            for rule in group.settings.rules
        ]
        self.around = Surroundings(
            EngineEvaluator(lambda: engine.engine, engine.source),
            engine.source,
            external_url=placed.test.external_url,
            external_labels=Labels.of(placed.test.external_labels),
        )
        self._load()

    def _load(self) -> None:
        samples: list[LoadedSample] = []
        for text in _series_texts(self.placed):
            try:
                described = parse_series_description(text)
            except QueryError as fault:
                raise CannotRun(f"the series {text[:80]!r} cannot be read: {fault}") from None
            step_ms = self.placed.interval_ms
            for index, each in enumerate(described.values):
                if each.value is not None:
                    at_ms = self.start_ms + index * step_ms
                    samples.append((described.labels, at_ms, each.value, None))
        if samples:
            self.engine.append(sorted(samples, key=lambda sample: sample[1]))

    def steps_ms(self, until_ms: int) -> Iterator[int]:
        """Evaluate every rule again and again; yields the time since the start after each turn."""
        for since_ms in range(0, until_ms + 1, self.every_ms):
            self._turn(self.start_ms + since_ms)
            yield since_ms

    def _turn(self, at_ms: int) -> None:
        moment = Moment(at_ms * _NS_IN_MS)
        failed = []
        for rule in self.rules:
            rule.evaluate(self.around, moment)
            if rule.health.error:
                failed.append(f"rule {rule.name}: {rule.health.error}")
        if failed:
            raise CannotRun("; ".join(failed))

    def alerting(self, name: str = "") -> Iterator[AlertingRule]:
        """Yield the alerting rules, or those of one name."""
        for rule in self.rules:
            if isinstance(rule, AlertingRule) and name in ("", rule.name):
                yield rule

    def instant(self, expr: str, since_ms: int) -> Result:
        """Answer an expression at a time."""
        return self.engine.instant(expr, self.start_ms + since_ms)


@contextmanager
def open_world(placed: PlacedTest, groups: Sequence[GroupSource]) -> Iterator[World]:
    """Build the world of a test, and take it away afterwards."""
    settings = Settings(
        features=EVERYTHING,
        default_subquery_step_ms=placed.document.evaluation_interval,
    )
    with ScratchEngine(settings) as engine:
        yield World(engine, placed, groups)


def _series_texts(placed: PlacedTest) -> Iterator[str]:
    for given in placed.test.input_series:
        yield f"{given.series} {given.values}"
    for calendar, values in placed.test.calendars.items():
        yield f"{CALENDAR_OPEN}{{calendar={quote(calendar)}}} {values}"


def _in_order(groups: Sequence[GroupSource], first: Sequence[str]) -> list[GroupSource]:
    places = {name: place for place, name in enumerate(first)}
    return sorted(groups, key=lambda group: places.get(group.settings.name, 0))
