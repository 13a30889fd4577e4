"""Expressions and variables: what stands for what, and what a reader can still choose."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tapewatch.metrics.promql.errors import QueryError
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.errors import TapewatchError
from tapewatch.server.grafana.report import Plain, Report, plain, plains, text

KNOWN: Final = frozenset(("__rate_interval", "__interval"))
"""What the console fills by itself."""

_LABEL_VALUES: Final = re.compile(
    r"^\s*label_values\(\s*(?:(.*),)?\s*([a-zA-Z_]\w*)\s*\)\s*$", re.DOTALL
)
_VARIABLE: Final = re.compile(r"\$(\w+)|\$\{(\w+)(?::[^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]")
_EXACT: Final = re.compile(r'(!?)=\s*("(?:[^"\\]|\\.)*")')
_WINDOW: Final = "5m"
_SOURCES: Final = frozenset(("prometheus", ""))
_ALL: Final = ".*"


@dataclass(slots=True)
class Variables:
    """What ``$name`` stands for: a choice above the panels, or one fixed text."""

    choices: list[Plain] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """What can be chosen."""
        return frozenset(each["name"] for each in self.choices)


def read_variables(dashboard: Mapping[str, Any], report: Report, span: str) -> Variables:
    """Read the variables of a dashboard; ``span`` is the time range that it opens with."""
    found = Variables(fixed={"__range": span, "__range_s": span, "__interval_ms": "15000"})
    for each in plains(plain(dashboard.get("templating")).get("list")):
        name, kind = text(each.get("name")), text(each.get("type"))
        if not name or kind == "datasource":
            continue
        choice = _choice(each, name) if kind == "query" else None
        if choice is not None:
            found.choices.append(choice)
            continue
        found.fixed[name] = _current(each)
        report.leave_out(f"the choice {name}", f"it is always {found.fixed[name] or 'empty'} now")
    return found


def _choice(each: Mapping[str, Any], name: str) -> Plain | None:
    asked = each.get("query")
    told = text(asked) or text(plain(asked).get("query")) or text(each.get("definition"))
    match = _LABEL_VALUES.match(told)
    if match is None:
        return None
    series, label = (match[1] or "").strip(), match[2]
    choice = {"name": name, "title": text(each.get("label")) or name, "label": label}
    # A selector that follows another choice would have to be asked again with each.
    return choice if not series or "$" in series or "[[" in series else {**choice, "match": series}


def _current(each: Mapping[str, Any]) -> str:
    value = plain(each.get("current")).get("value")
    first = value[0] if isinstance(value, list) and value else value
    told = str(first) if first is not None else ""
    if told == "$__all":
        return text(each.get("allValue")) or _ALL
    if told in ("", "auto") or told.startswith("$__auto"):
        return _WINDOW if each.get("type") == "interval" else told
    return told


def read_targets(
    panel: Mapping[str, Any], variables: Variables, report: Report, where: str
) -> Iterator[Plain]:
    """Yield the questions of a panel that can be asked here."""
    for target in plains(panel.get("targets")):
        source = _source(target.get("datasource")) or _source(panel.get("datasource"))
        expr = text(target.get("expr"))
        if target.get("hide"):
            continue
        if source not in _SOURCES or not expr:
            report.leave_out(where, f"a question to {source or 'a source'} that is no PromQL")
            continue
        asked = fill(expr, variables)
        fault = slip(asked, variables)
        if fault:
            report.leave_out(where, f"the question {expr!r}, which cannot be read: {fault}")
            continue
        legend = text(target.get("legendFormat"))
        yield {"expr": asked} if legend in ("", "__auto") else {"expr": asked, "legend": legend}


def _source(told: object) -> str:
    """Return the kind of a data source; of a variable or a bare name nothing can be told."""
    kind = text(plain(told).get("type"))
    return "" if kind == "datasource" else kind


def fill(expr: str, variables: Variables) -> str:
    """Write an expression as the console fills it: choices as ``$name`` inside patterns."""
    written = _EXACT.sub(lambda found: _as_pattern(found, variables.names), expr)
    return _VARIABLE.sub(lambda found: _written(found, variables), written)


def _as_pattern(found: re.Match[str], names: frozenset[str]) -> str:
    chosen = any(_name(each) in names for each in _VARIABLE.finditer(found[2]))
    return f"{found[1] or '='}~{found[2]}" if chosen else found[0]


def _written(found: re.Match[str], variables: Variables) -> str:
    name = _name(found)
    return variables.fixed.get(name, f"${name}")


def _name(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3]


def slip(expr: str, variables: Variables) -> str:
    """Say what is wrong with an expression, once everything in it is filled; empty if nothing."""
    unknown = {_name(found) for found in _VARIABLE.finditer(expr)} - KNOWN - variables.names
    if unknown:
        return f"nothing is called ${min(unknown)}"
    filled = _VARIABLE.sub(lambda found: _WINDOW if _name(found) in KNOWN else _ALL, expr)
    try:
        parse(filled)
    except (QueryError, TapewatchError) as fault:
        return str(fault)
    return ""
