"""
What is drilled: which faults, what each must set off, and which of them go beside each other.

What an alert reads is followed through the pack's recording rules down to metrics, so it is known
which faults cannot disturb each other, and how long an alert may take to see what it looks for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import rule_groups
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.catalog.meaning import name_of, readings
from tapewatch.document.reading import suggestion
from tapewatch.drill.errors import NothingToDrill
from tapewatch.floor import causes
from tapewatch.floor.cast import CASTS
from tapewatch.floor.causes import SHOWS
from tapewatch.floor.faults import FAULTS
from tapewatch.metrics.promql.nodes import Expr, VectorSelector, walk
from tapewatch.metrics.promql.parse import parse
from tapewatch.model.matchers import MatchKind

PAGES: Final = ("P0", "P1")
"""The severities that wake somebody."""

MUTING: Final = frozenset(
    {
        *(causes.SILENCE, causes.CUT, causes.KILL, causes.BAN, causes.FLOOD),
        *(causes.REJECTING, causes.STUCK),
    }
)
"""Causes that end what others would make slow, late or dear."""

FEEDS: Final = frozenset({causes.GAPS, causes.DUPLICATES, causes.CROSSED, causes.LATE})
"""Causes at the same feed, where one leads to another."""

PARTS: Final = ("", "_bucket", "_count", "_sum")
"""What stands behind the name of a histogram where its parts are read."""

STANDING: Final = frozenset({"idle_containers"})
"""Faults that show by what has not been for a week; they hold since before the world begins."""

LOOK_BACK_MAX_S: Final = 3_600.0
"""A rule that looks back a day compares with it; it does not take a day to see something."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one pack, and the alerts that must tell of it there."""

    pack: str
    fault: str
    alerts: tuple[str, ...]

    @property
    def touches(self) -> frozenset[str]:
        """The metrics in which the fault shows."""
        told = FAULTS[self.fault]
        shown = (name for cause in told.causes for name in SHOWS.get(cause, ()))
        return frozenset({*(change.metric for change in told.changes), *shown})

    @property
    def causes(self) -> frozenset[str]:
        """What goes wrong in the world of the desk, and is not only told wrongly."""
        return frozenset(FAULTS[self.fault].causes)

    @property
    def is_muting(self) -> bool:
        """Whether the desk does so little meanwhile that other causes have nothing to work on."""
        return bool(self.causes & MUTING)

    @property
    def is_alone(self) -> bool:
        """Whether it changes more than metrics tell, so that nothing can be drilled beside it."""
        return bool(FAULTS[self.fault].service)


class PackPlan:
    """What there is to know of a pack for its drill."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.name = catalog.platform.name
        self._rules: dict[str, list[_Rule]] = {}
        for group in rule_groups(catalog):
            for rule in group.rules:
                name = str(rule.get("alert") or rule.get("record"))
                read = _Rule(parse(str(rule["expr"])), rule.get("labels", {}))
                self._rules.setdefault(name, []).append(read)
        self._reads: dict[int, frozenset[str]] = {}
        self._windows: dict[int, float] = {}

    def cases(self, wanted: Iterable[str] = ()) -> tuple[Case, ...]:
        """Find the faults of the pack; of those that are ``wanted`` by alert or by name."""
        chosen = frozenset(wanted)
        found = []
        for name, fault in FAULTS.items():
            alerts = tuple(each for each in fault.fires if each in self.catalog.alerts)
            if alerts and (not chosen or name in chosen or chosen & set(alerts)):
                found.append(Case(self.name, name, alerts))
        return tuple(found)

    def allowed(self, case: Case) -> frozenset[str]:
        """Name what may fire along: what alerts declare, and objectives that the fault burns."""
        allowed, fresh = set(case.alerts), set(case.alerts)
        while fresh:
            declared = self.catalog.alerts
            known = [declared[name] for name in fresh if name in declared]
            fresh = {e for each in known for e in (*each.consequences, *each.leads_to)} - allowed
            allowed |= fresh
        burnt = {name for name in self._of_objectives if self.reads(name) & case.touches}
        return frozenset(allowed | burnt)

    def waves(self, cases: Sequence[Case]) -> list[list[Case]]:
        """Put cases beside each other that cannot disturb each other, in their order."""
        waves: list[list[Case]] = []
        for case in cases:
            fitting = (each for each in waves if not any(self._disturb(case, o) for o in each))
            wave = next(fitting, None)
            if wave is None:
                waves.append([case])
            else:
                wave.append(case)
        return waves

    def is_page(self, alert: str) -> bool:
        """Say whether an alert wakes somebody."""
        declared = self.catalog.alerts.get(alert)
        if declared is not None:
            return declared.severity in PAGES
        return self._priorities.get(alert) in PAGES

    def is_held_back(self, alert: str) -> bool:
        """Say whether an alert may be kept quiet by another one that the catalog declares."""
        return any(alert in each.consequences for each in self.catalog.alerts.values())

    def hold_s(self, alert: str) -> float:
        """Tell how long an alert must hold before it fires."""
        return self.catalog.alerts[alert].for_ / 1000

    def patience_s(self, alert: str) -> float:
        """Tell how long an alert may take from the beginning of its fault until it fires."""
        return self.hold_s(alert) + self._look_s(alert) + 300

    def rest_s(self, alert: str) -> float:
        """Tell how long an alert may go on after its fault."""
        return self.catalog.alerts[alert].keep_firing_for / 1000 + self._look_s(alert) + 180

    def _look_s(self, alert: str) -> float:
        return min(self.window_s(alert), LOOK_BACK_MAX_S)

    def reads(self, rule: str) -> frozenset[str]:
        """Name the metrics that a rule reads, through recording rules."""
        return frozenset().union(*(self._reads_of(each) for each in self._rules.get(rule, ())))

    def window_s(self, rule: str) -> float:
        """Tell how far back a rule looks, through recording rules."""
        return max((self._window_of(each) for each in self._rules.get(rule, ())), default=0.0)

    def _reads_of(self, rule: "_Rule") -> frozenset[str]:
        if id(rule) not in self._reads:
            self._reads[id(rule)] = frozenset()  # A rule that reads itself reads nothing more.
            found: set[str] = set()
            for selector in rule.selectors:
                behind = self._behind(selector)
                found |= frozenset().union(*map(self._reads_of, behind))
                if not behind:
                    found.add(self._declared(name_of(selector)))
            self._reads[id(rule)] = frozenset(found)
        return self._reads[id(rule)]

    def _declared(self, name: str) -> str:
        """Name the metric that a series is of: a histogram is read by its parts."""
        bare = (name.removesuffix(part) for part in PARTS)
        return next((each for each in bare if each in self.catalog.metrics), name)

    def _window_of(self, rule: "_Rule") -> float:
        if id(rule) not in self._windows:
            self._windows[id(rule)] = 0.0
            looks = [
                _reach_s(each.window_ms, each.selector)
                + max(map(self._window_of, self._behind(each.selector)), default=0.0)
                for each in readings(rule.expr)
            ]
            self._windows[id(rule)] = max(looks, default=0.0)
        return self._windows[id(rule)]

    def _behind(self, selector: VectorSelector) -> "list[_Rule]":
        """Find the rules that write what a selector selects; many objectives share a name."""
        asked = {e.name: e.value for e in selector.matchers if e.kind is MatchKind.EQUAL}
        return [
            rule
            for rule in self._rules.get(name_of(selector), ())
            if all(asked.get(name, value) == value for name, value in rule.labels.items())
        ]

    def _disturb(self, one: Case, other: Case) -> bool:
        if one.is_alone or other.is_alone or one.touches & other.touches:
            return True
        if (one.is_muting and other.causes) or (other.is_muting and one.causes):
            return True
        if one.causes & FEEDS and other.causes & FEEDS:
            return True
        if self.allowed(one) & self.allowed(other):
            return True
        return any(
            a.touches & self.reads(alert)
            for a, b in ((one, other), (other, one))
            for alert in b.alerts
        )

    @cached_property
    def _priorities(self) -> Mapping[str, str]:
        return {
            str(rule["alert"]): str(rule["labels"].get("priority", ""))
            for group in rule_groups(self.catalog)
            for rule in group.rules
            if "alert" in rule
        }

    @cached_property
    def _of_objectives(self) -> frozenset[str]:
        return frozenset(self._priorities) - set(self.catalog.alerts)


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """One rule of the pack: what it asks, and the labels that it writes."""

    expr: Expr
    labels: Mapping[str, str]

    @property
    def selectors(self) -> list[VectorSelector]:
        """What it reads."""
        return [each for each in walk(self.expr) if isinstance(each, VectorSelector)]


def plans(targets: Sequence[str]) -> list[tuple[PackPlan, tuple[Case, ...]]]:
    """Find what is to be drilled by names of packs, alerts and faults; nothing named is all."""
    packs = {name: PackPlan(load_catalog(find_pack(name))) for name in CASTS}
    whole = [name for name in targets if name in packs]
    single = [name for name in targets if name not in packs]
    known = {each for plan in packs.values() for each in plan.catalog.alerts} | set(FAULTS)
    for name in single:
        if name not in known:
            raise NothingToDrill(name, suggestion(name, {*known, *packs}))
    found = []
    for name, plan in packs.items():
        is_whole = name in whole or not targets
        cases = plan.cases(() if is_whole else single) if is_whole or single else ()
        if cases and (is_whole or not whole or single):
            found.append((plan, cases))
    return found


def _reach_s(window_ms: int, selector: VectorSelector) -> float:
    return (window_ms + max(selector.offset_ms, 0)) / 1000
