"""
Rule groups in the form of Prometheus' rule files.

Guards and what happens without data are compiled into PromQL, so every engine does the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.objectives import (
    QUICK_EVERY_MS,
    SLOW_EVERY_MS,
    quick_rules,
    slow_rules,
)
from tapewatch.catalog.forms import ALWAYS, Guard
from tapewatch.catalog.rule import Alert, RecordingRule
from tapewatch.catalog.vocabulary import CALENDAR_OPEN
from tapewatch.metrics.promql.nodes import MatrixSelector, VectorSelector, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import quote

Rule = Mapping[str, Any]
OBJECTIVE: Final = "objective."
"""How the names of groups begin that reckon objectives."""
TEXTS: Final = ("summary", "description", "impact", "action")


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated together, one after the other."""

    name: str
    every_ms: int
    rules: tuple[Rule, ...]

    def to_plain(self) -> dict[str, Any]:
        """Write it as a rule file has it."""
        return {
            "name": self.name,
            "interval": format_duration_ms(self.every_ms),
            "rules": [dict(rule) for rule in self.rules],
        }


def rule_file(catalog: Catalog) -> dict[str, Any]:
    """Return all rules as the content of one rule file."""
    return {"groups": [group.to_plain() for group in rule_groups(catalog)]}


def rule_groups(catalog: Catalog) -> tuple[RuleGroup, ...]:
    """Put the rules into groups: by file (or ``group``) and rhythm, recording rules first."""
    grouped: dict[tuple[str, int], list[Rule]] = {}
    for name, record in catalog.records.items():
        grouped.setdefault(_group_of(catalog, "records", name, record), []).append(
            recording_rule(catalog, name, record)
        )
    for name, alert in catalog.alerts.items():
        grouped.setdefault(_group_of(catalog, "alerts", name, alert), []).append(
            alert_rule(catalog, name, alert)
        )
    groups = [_group(catalog, key, rules) for key, rules in grouped.items()]
    return (*sorted(groups, key=lambda group: group.name), *_objective_groups(catalog))


def _group_of(
    catalog: Catalog, section: str, name: str, rule: RecordingRule | Alert
) -> tuple[str, int]:
    place = catalog.place(section, name)
    stem = rule.group or Path(place.file).stem
    pack = place.pack or catalog.platform.name
    return f"{pack}.{stem}", rule.every or catalog.platform.every


def _group(catalog: Catalog, key: tuple[str, int], rules: list[Rule]) -> RuleGroup:
    name, every_ms = key
    if every_ms != catalog.platform.every:
        name = f"{name}.{format_duration_ms(every_ms)}"
    return RuleGroup(name, every_ms, tuple(rules))


def _objective_groups(catalog: Catalog) -> Iterator[RuleGroup]:
    for name, objective in catalog.objectives.items():
        every_ms = catalog.platform.every
        quick = tuple(quick_rules(catalog, name, objective))
        yield RuleGroup(f"{OBJECTIVE}{name}", max(every_ms, QUICK_EVERY_MS), quick)
        slow = tuple(slow_rules(catalog, name, objective))
        yield RuleGroup(f"{OBJECTIVE}{name}.budget", max(every_ms, SLOW_EVERY_MS), slow)


def recording_rule(catalog: Catalog, name: str, record: RecordingRule) -> Rule:
    """Return a recording rule."""
    rule: dict[str, Any] = {"record": name, "expr": catalog.expand(record.expr).strip()}
    return {**rule, "labels": dict(record.labels)} if record.labels else rule


def alert_rule(catalog: Catalog, name: str, alert: Alert) -> Rule:
    """Return an alert's rule."""
    labels = alert_labels(catalog, alert)
    rule: dict[str, Any] = {"alert": name, "expr": compiled(catalog, name, alert, labels)}
    if alert.for_:
        rule["for"] = format_duration_ms(alert.for_)
    if alert.keep_firing_for:
        rule["keep_firing_for"] = format_duration_ms(alert.keep_firing_for)
    rule["labels"] = labels
    rule["annotations"] = alert_annotations(catalog, name, alert)
    return rule


def alert_labels(catalog: Catalog, alert: Alert) -> dict[str, str]:
    """Return the labels that an alert gets from its settings."""
    owner = catalog.owner_of(alert)
    own = {
        "severity": catalog.platform.words(alert.severity).word,
        "priority": alert.severity,
        "owner": owner,
        "service": alert.service,
        **dict(sorted(alert.labels.items())),
    }
    return {label: value for label, value in own.items() if value}


def alert_annotations(catalog: Catalog, name: str, alert: Alert) -> dict[str, str]:
    """Return what an alert says, with the links to its runbook and its page."""
    told = {text: catalog.say(getattr(alert, text)).strip() for text in TEXTS}
    runbook = catalog.runbook_of(name, alert)
    told["runbook"] = runbook
    told["runbook_url"] = catalog.platform.link(f"runbooks/{runbook}")
    if alert.dashboard:
        told["dashboard_url"] = catalog.platform.link(f"dashboards/{alert.dashboard}")
    return {annotation: text for annotation, text in told.items() if text}


def compiled(catalog: Catalog, name: str, alert: Alert, labels: Mapping[str, str]) -> str:
    """Write an alert's expression with its guard and its behaviour without data."""
    expr = catalog.expand(alert.expr).strip()
    if alert.no_data == "alert":
        expr = f"({expr}) or {_absent(expr)}"
    elif alert.no_data == "keep":
        expr = f"({expr}) or ({_still_firing(name, labels)} and on () ({_absent(expr)}))"
    guard = alert.only_while
    if guard is None or guard.calendar == ALWAYS:
        return expr
    return f"({expr}) and on () {_guard(guard)}"


def _absent(expr: str) -> str:
    """Ask whether what an expression reads is gone."""
    selectors: dict[str, None] = {}
    for node in walk(parse(expr)):
        selector = node.selector if isinstance(node, MatrixSelector) else node
        if isinstance(selector, VectorSelector):
            bare = replace(selector, offset_ms=0, offset_expression=None, at=None)
            selectors[print_query(bare)] = None
    return " or ".join(f"absent({selector})" for selector in selectors)


def _still_firing(name: str, labels: Mapping[str, str]) -> str:
    dropped = ", ".join(("alertname", "alertstate", *labels))
    firing = f'ALERTS{{alertname={quote(name)}, alertstate="firing"}}'
    return f"group without ({dropped}) ({firing})"


def _guard(guard: Guard) -> str:
    series = f"{CALENDAR_OPEN}{{calendar={quote(guard.calendar)}}}"
    is_open = guard.state == "open"
    if guard.settled_ms:
        function = "min_over_time" if is_open else "max_over_time"
        series = f"{function}({series}[{format_duration_ms(guard.settled_ms)}])"
    return f"({series} == {int(is_open)})"
