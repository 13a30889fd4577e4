"""Running test files and telling what failed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import alert_labels, rule_file
from tapewatch.catalog.meaning import name_of, readings
from tapewatch.catalog.rule_tests.errors import CannotRun
from tapewatch.catalog.rule_tests.format import AlertCase, RouteCase, RuleTest
from tapewatch.catalog.rule_tests.judge import judge_alerts, judge_expression
from tapewatch.catalog.rule_tests.reading import PlacedTest, ReadFile, read_tests
from tapewatch.catalog.rule_tests.routes import Routes
from tapewatch.catalog.rule_tests.world import World, open_world
from tapewatch.document.errors import DocumentError
from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.features import EVERYTHING
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.result import ScalarResult, VectorResult
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.errors import TapewatchError
from tapewatch.model.labels import Labels
from tapewatch.model.regex import Regex
from tapewatch.watch.rules.files import GroupSource, load_rules, read_rules_text
from tapewatch.watch.rules.promql import PromQL
from tapewatch.watch.rules.states import State

LANGUAGE: Final = PromQL(EVERYTHING)


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """One expectation that did not hold."""

    file: str
    line: int
    test: str
    message: str

    def __str__(self) -> str:
        name = f"{self.test}: " if self.test else ""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {name}{self.message}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test went; without complaints it held."""

    file: str
    test: str
    complaints: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """How many tests held, and what failed in the others."""

    passed: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def join(self, other: "Report") -> None:
        """Add what another report tells."""
        self.passed += other.passed
        self.failed += other.failed
        self.failures += other.failures
        self.outcomes += other.outcomes

    def add(self, placed: PlacedTest, file: Path, complaints: Sequence[str]) -> None:
        """Count one test."""
        self.passed += not complaints
        self.failed += bool(complaints)
        self.outcomes.append(Outcome(str(file), placed.test.name, tuple(complaints)))
        for complaint in complaints:
            self.failures.append(Failure(str(file), placed.line, placed.test.name, complaint))

    def refuse(self, file: Path, fault: TapewatchError) -> None:
        """Note a file that cannot be run at all."""
        self.failed += 1
        self.outcomes.append(Outcome(str(file), "", (str(fault),)))
        if isinstance(fault, DocumentError):
            for each in fault.faults:
                message = f"{each.path}: {each.message}" if each.path else each.message
                self.failures.append(Failure(each.file, each.line, "", message))
        else:
            self.failures.append(Failure(str(file), 0, "", str(fault)))


def run_file(path: Path, *, only: str = "") -> Report:
    """Run a test file on the rule files that it names; ``only`` is a pattern for test names."""
    report = Report()
    try:
        read = read_tests(path)
        patterns = [path.parent / each for each in read.rule_files]
        groups = load_rules(patterns, LANGUAGE)
    except TapewatchError as fault:
        report.refuse(path, fault)
        return report
    runner = Runner(groups)
    runner.run(read, report, only)
    return report


def run_pack(catalog: Catalog, *, only: str = "") -> Report:
    """Run the tests of a pack on the rules that are made from it."""
    report = Report()
    runner = PackRunner(catalog)
    for path in catalog.tests:
        if path.parent.parent.resolve() != catalog.folder.resolve():
            continue
        try:
            read = read_tests(path)
        except TapewatchError as fault:
            report.refuse(path, fault)
            continue
        runner.run(read, report, only)
    return report


class Runner:
    """Runs tests on the rules of rule files."""

    def __init__(self, groups: Sequence[GroupSource]) -> None:
        self.groups = groups

    def run(self, read: ReadFile, report: Report, only: str) -> None:
        """Run the tests of a file whose names match."""
        pattern = Regex(f".*(?:{only}).*") if only else None
        for placed in read.tests:
            if pattern is None or pattern.matches(placed.test.name):
                report.add(placed, read.path, self._complaints(placed))

    def _complaints(self, placed: PlacedTest) -> list[str]:
        try:
            complaints = list(self._route_complaints(placed.test))
            if until_ms := _until_ms(placed.test):
                with open_world(placed, self.groups_for(placed)) as world:
                    return complaints + list(self._play(world, placed, until_ms - 1))
        except TapewatchError as fault:
            return [str(fault)]
        return complaints

    def groups_for(self, _placed: PlacedTest) -> Sequence[GroupSource]:
        """Return the rules that a test needs."""
        return self.groups

    def own_labels(self, _alert: str) -> dict[str, str] | None:
        """Return the labels that need not be written; none in a plain file."""
        return None

    def _play(self, world: World, placed: PlacedTest, until_ms: int) -> Iterator[str]:
        for since_ms in world.steps_ms(until_ms):
            end_ms = since_ms + world.every_ms
            for state, cases in _alert_cases(placed.test):
                for case in cases:
                    if since_ms <= case.eval_time < end_ms:
                        yield from self._judge(world, case, state)
            yield from self._message_complaints(world, placed.test, since_ms)
        yield from self._expression_complaints(world, placed)

    def _judge(self, world: World, case: AlertCase, state: State) -> Iterator[str]:
        given = [
            alert
            for rule in world.alerting(case.alertname)
            for alert in rule.states
            if alert.state is state
        ]
        own = self.own_labels(case.alertname)
        complaint = judge_alerts(case, given, word=str(state), own=own)
        if complaint:
            yield complaint

    def _expression_complaints(self, world: World, placed: PlacedTest) -> Iterator[str]:
        for case in placed.test.promql_expr_test:
            at = f"{case.expr!r} at {format_duration_ms(case.eval_time)}"
            try:
                result = world.instant(case.expr, case.eval_time)
            except QueryError as fault:
                yield f"{at}: {fault}"
                continue
            if not isinstance(result, VectorResult | ScalarResult):
                yield f"{at}: rule result is not a vector or scalar"
                continue
            complaint = judge_expression(case, result, fuzzy=placed.document.fuzzy_compare)
            if complaint:
                yield complaint

    def _route_complaints(self, test: RuleTest) -> Iterator[str]:
        if test.route_test or test.message_test:
            yield "routes are known in packs alone: run it with `tapewatch test pack`"

    def _message_complaints(self, _world: World, _test: RuleTest, _since_ms: int) -> Iterator[str]:
        return iter(())


class PackRunner(Runner):
    """Runs tests on the rules of a pack, and on its routes."""

    def __init__(self, catalog: Catalog) -> None:
        text = yaml.safe_dump(rule_file(catalog), sort_keys=False)
        super().__init__(read_rules_text(text, LANGUAGE, file=str(catalog.folder)))
        self.catalog = catalog
        self.routes = Routes(catalog)
        self._needs = _Needs(self.groups)

    def groups_for(self, placed: PlacedTest) -> Sequence[GroupSource]:
        """Leave out what cannot change the outcome: a pack has hundreds of rules."""
        return self._needs.groups_for(placed.test)

    def own_labels(self, alert: str) -> dict[str, str] | None:
        declared = self.catalog.alerts.get(alert)
        if declared is not None:
            return alert_labels(self.catalog, declared)
        for group in self.groups:
            for rule in group.settings.rules:
                if rule.alert == alert:
                    return dict(rule.labels)
        raise CannotRun(f"the pack has no alert {alert!r}")

    def _route_complaints(self, test: RuleTest) -> Iterator[str]:
        for case in test.route_test:
            labels = self._labels_of(case)
            told = case.alertname or str(Labels.of(case.labels))
            for wanted, given, verb in (
                (case.exp_channels, self.routes.channels_of(labels), "reach"),
                (case.exp_actions, self.routes.actions_of(labels), "set off"),
            ):
                if wanted is not None and given != tuple(sorted(wanted)):
                    yield f"{told}: expected to {verb} {_list(wanted)}, but it is {_list(given)}"

    def _labels_of(self, case: RouteCase) -> dict[str, str]:
        if not case.alertname:
            return case.labels
        own = self.own_labels(case.alertname) or {}
        return {**own, **case.labels, "alertname": case.alertname}

    def _message_complaints(self, world: World, test: RuleTest, since_ms: int) -> Iterator[str]:
        for case in test.message_test:
            if not since_ms <= case.eval_time < since_ms + world.every_ms:
                continue
            firing = [
                alert.labels
                for rule in world.alerting()
                for alert in rule.states
                if alert.state is State.FIRING
            ]
            at_ns = (world.start_ms + case.eval_time) * 1_000_000
            given = self.routes.shown(firing, test.silences, case.eval_time, at_ns)
            wanted = {name: tuple(sorted(each)) for name, each in sorted(case.exp_channels.items())}
            if given != wanted:
                at = format_duration_ms(case.eval_time)
                yield f"channels at {at}: expected {wanted}, but got {given}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"


def _alert_cases(test: RuleTest) -> Iterator[tuple[State, Sequence[AlertCase]]]:
    yield State.FIRING, test.alert_rule_test
    yield State.PENDING, test.pending_test


def _until_ms(test: RuleTest) -> int:
    """Tell how long a test takes, plus one; 0 where nothing is evaluated."""
    timed: tuple[Any, ...] = (
        *test.alert_rule_test,
        *test.pending_test,
        *test.promql_expr_test,
        *test.message_test,
    )
    return max((case.eval_time for case in timed), default=-1) + 1


class _Needs:
    """Which rules have to run so that some others give their answers."""

    def __init__(self, groups: Sequence[GroupSource]) -> None:
        self.groups = groups
        self._reads = {
            rule.expr: _names_in(rule.expr) for group in groups for rule in group.settings.rules
        }

    def groups_for(self, test: RuleTest) -> list[GroupSource]:
        """Return the groups with those rules alone that a test depends on."""
        if test.message_test:
            return list(self.groups)
        wanted = {case.alertname for _, cases in _alert_cases(test) for case in cases}
        for case in test.promql_expr_test:
            wanted |= _names_in(case.expr)
        wanted = self._with_sources(wanted)
        return [pruned for group in self.groups if (pruned := _prune(group, wanted))]

    def _with_sources(self, wanted: set[str]) -> set[str]:
        known: set[str] = set()
        while fresh := wanted - known:
            known |= fresh
            wanted = known.copy()
            for group in self.groups:
                for rule in group.settings.rules:
                    if rule.name in known:
                        wanted |= self._reads[rule.expr]
        return known


def _names_in(expr: str) -> set[str]:
    return {name_of(reading.selector) for reading in readings(parse(expr, EVERYTHING))}


def _prune(group: GroupSource, wanted: set[str]) -> GroupSource | None:
    rules = tuple(rule for rule in group.settings.rules if rule.name in wanted)
    if not rules:
        return None
    return replace(group, settings=replace(group.settings, rules=rules))
