"""
The rules of an objective: how much was bad, how fast the budget burns, and who is told.

The share of bad events is recorded over several windows, weighted by traffic: bad and all events
are recorded over five minutes, and longer windows sum those up. So a quiet night does not count as
much as a busy noon, and a calendar leaves closed hours out. Two alerts compare two windows each:
the long one says that it matters, the short one that it still goes on. Windows of a day and more
are summed up less often, because nobody's budget changes in seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.bounds import bound_of
from tapewatch.catalog.derive.trading import most_open_ms, usual_open_ms
from tapewatch.catalog.forms import ObjectiveWindow, format_share
from tapewatch.catalog.metric import unit_of
from tapewatch.catalog.objective import Objective
from tapewatch.catalog.vocabulary import CALENDAR_OPEN
from tapewatch.metrics.promql.nodes import VectorSelector
from tapewatch.metrics.promql.parse import parse
from tapewatch.metrics.promql.print import print_query
from tapewatch.model.durations import format_duration_ms
from tapewatch.model.labels import METRIC_NAME, quote
from tapewatch.model.matchers import Matcher, MatchKind
from tapewatch.model.numbers import format_float_go

Rule = Mapping[str, Any]
_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
QUICK_EVERY_MS: Final = 10_000
"""How often short windows are; the shortest is five minutes, and a budget does not go in one."""
SLOW_EVERY_MS: Final = 2 * _MINUTE_MS
"""How often long windows are summed up; within the five minutes for which a sample counts."""
SHORTEST_MS: Final = 5 * _MINUTE_MS


class Burn(NamedTuple):
    """How much of the budget may go in a long window, and the short one that confirms it."""

    share: float
    long_ms: int
    short_ms: int


PAGE: Final = (Burn(0.02, _HOUR_MS, SHORTEST_MS), Burn(0.05, 6 * _HOUR_MS, 30 * _MINUTE_MS))
TICKET: Final = (Burn(0.10, _DAY_MS, 2 * _HOUR_MS), Burn(0.10, 3 * _DAY_MS, 6 * _HOUR_MS))
_WINDOWS_MS: Final = tuple(
    sorted({window for burn in PAGE + TICKET for window in (burn.long_ms, burn.short_ms)})
)


def quick_rules(catalog: Catalog, name: str, objective: Objective) -> Iterator[Rule]:
    """Yield what is computed as often as all rules are: events, short windows, the alerts."""
    maker = _Maker(catalog, name, objective)
    yield from maker.events()
    yield from maker.ratios(ms for ms in maker.windows_ms if ms < _DAY_MS)
    yield from maker.alerts()


def slow_rules(catalog: Catalog, name: str, objective: Objective) -> Iterator[Rule]:
    """Yield what may be a little older: long windows, and what is left of the budget."""
    maker = _Maker(catalog, name, objective)
    yield from maker.ratios(ms for ms in maker.windows_ms if ms >= _DAY_MS)
    yield from maker.meta()


def alert_name(objective: str, pace: str) -> str:
    """Name the alert of an objective: ``OrdersFastBurnsFast``."""
    words = objective.replace("_", "-").replace(".", "-").split("-")
    return "".join(word[:1].upper() + word[1:] for word in words) + f"Burns{pace}"


def budget_of(target: float) -> float:
    """The share that may be bad, without the noise of binary fractions."""
    return round(1 - target, 12)


def factor_of(burn: Burn, window: ObjectiveWindow) -> float:
    """How many times faster than allowed the budget burns when ``share`` goes in ``long_ms``."""
    period_ms, long_ms = window.duration_ms, burn.long_ms
    if window.calendar:
        period_ms = usual_open_ms(window.calendar, period_ms)
        long_ms = most_open_ms(window.calendar, long_ms)
    return round(burn.share * period_ms / long_ms, 6)


class _Maker:
    """Writes the rules of one objective."""

    def __init__(self, catalog: Catalog, name: str, objective: Objective) -> None:
        self.catalog = catalog
        self.name = name
        self.objective = objective
        self.by = f" by ({', '.join(objective.by)}) " if objective.by else ""
        self.labels = {"objective": name}
        if objective.service:
            self.labels["service"] = objective.service
        self.own = f"{{objective={quote(name)}}}"
        self.budget = budget_of(objective.target)

    def _record(self, series: str, expr: str) -> Rule:
        return {"record": series, "expr": expr, "labels": dict(self.labels)}

    def events(self) -> Iterator[Rule]:
        """Record bad and all events per second, over five minutes."""
        bad, total = self._bad_and_all()
        guard = ""
        if calendar := self.objective.over.calendar:
            guard = f" and on () ({CALENDAR_OPEN}{{calendar={quote(calendar)}}} == 1)"
        yield self._record("objective:bad:rate5m", _guarded(bad, guard))
        yield self._record("objective:events:rate5m", _guarded(total, guard))

    def _bad_and_all(self) -> tuple[str, str]:
        objective = self.objective
        if objective.up:
            up = self.catalog.expand(objective.up)
            ratio = f"avg{self.by}(avg_over_time(({up})[5m:]))"
            return f"1 - {ratio}", f"{ratio} * 0 + 1"
        if objective.fast:
            return self._slow_and_all()
        total = self._rate(objective.of)
        if objective.good:
            return f"{total} - ({self._rate(objective.good)} or {total} * 0)", total
        # A counter of bad events may not be there before the first one.
        return f"{self._rate(objective.bad)} or {total} * 0", total

    def _slow_and_all(self) -> tuple[str, str]:
        selector = parse(self.catalog.expand(self.objective.fast))
        assert isinstance(selector, VectorSelector), "the checks refuse anything else"
        metric = self.catalog.metrics[selector.name]
        bound = bound_of(self.objective, unit_of(selector.name, metric))
        if metric.buckets.native:
            buckets = f"sum{self.by}(rate({print_query(selector)}[5m]))"
            total = f"histogram_count({buckets})"
            share = f"histogram_fraction(-Inf, {format_float_go(bound)}, {buckets})"
            return f"{total} * (1 - {share})", total
        le = Matcher(MatchKind.REGEX, "le", _le_pattern(bound))
        total = self._rate(_series(selector, "_count"))
        fast = self._rate(_series(selector, "_bucket", le))
        return f"{total} - {fast}", total

    def _rate(self, selector: str) -> str:
        return f"sum{self.by}(rate({self.catalog.expand(selector)}[5m]))"

    @property
    def windows_ms(self) -> list[int]:
        """Every window over which the share of bad events is recorded."""
        return sorted({*_WINDOWS_MS, self.objective.over.duration_ms})

    def ratios(self, windows_ms: Iterable[int]) -> Iterator[Rule]:
        """Record the share of bad events over windows."""
        for window_ms in windows_ms:
            window = format_duration_ms(window_ms)
            series = f"objective:error:ratio_rate{window}"
            yield self._record(series, self._ratio(window if window_ms > SHORTEST_MS else ""))

    def _ratio(self, window: str) -> str:
        bad, total = f"objective:bad:rate5m{self.own}", f"objective:events:rate5m{self.own}"
        if not window:
            return f"{bad} / ({total} > 0)"
        return f"sum_over_time({bad}[{window}]) / (sum_over_time({total}[{window}]) > 0)"

    def meta(self) -> Iterator[Rule]:
        """Record the target, the budget, how fast it burns and what is left of it."""
        over = format_duration_ms(self.objective.over.duration_ms)
        budget = format_float_go(self.budget)
        errors = f"objective:error:ratio_rate{over}{self.own}"
        target = format_float_go(self.objective.target)
        yield self._record("objective:target:ratio", f"vector({target})")
        yield self._record("objective:budget:ratio", f"vector({budget})")
        yield self._record(
            "objective:burn:ratio", f"objective:error:ratio_rate1h{self.own} / {budget}"
        )
        yield self._record("objective:budget_left:ratio", f"1 - {errors} / {budget}")

    def alerts(self) -> Iterator[Rule]:
        """Tell of a fast burn and of a slow one."""
        objective = self.objective
        yield from self._alert("Fast", objective.page, PAGE)
        yield from self._alert("Slowly", objective.ticket, TICKET)

    def _alert(self, pace: str, severity: str, burns: tuple[Burn, ...]) -> Iterator[Rule]:
        pairs = [pair for burn in burns if (pair := self._pair(burn))]
        if not pairs:
            return
        platform = self.catalog.platform
        labels = {
            "severity": platform.words(severity).word,
            "priority": severity,
            "owner": self.catalog.owner_of(self.objective),
            **self.labels,
        }
        yield {
            "alert": alert_name(self.name, pace),
            "expr": " or ".join(pairs),
            "labels": {label: value for label, value in labels.items() if value},
            "annotations": self._annotations(pace),
        }

    def _pair(self, burn: Burn) -> str:
        factor = factor_of(burn, self.objective.over)
        share = round(factor * self.budget, 12)
        if share >= 1:
            # Even if everything is bad, the budget cannot burn that fast.
            return ""
        limit = format_float_go(share)
        sides = (
            f"objective:error:ratio_rate{format_duration_ms(window)}{self.own} > {limit}"
            for window in (burn.long_ms, burn.short_ms)
        )
        return f"({' and '.join(sides)})"

    def _annotations(self, pace: str) -> dict[str, str]:
        objective = self.objective
        title = objective.title or self.name
        runbook = self.catalog.runbook_of(self.name, objective)
        speed = "fast" if pace == "Fast" else "slowly, but steadily"
        return {
            "summary": f"{title}: the budget burns {speed}",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} of events are bad; over {objective.over} "
                f"{format_share(self.budget)} may be."
            ),
            "runbook": runbook,
            "runbook_url": self.catalog.platform.link(f"runbooks/{runbook}"),
        }


def _guarded(expr: str, guard: str) -> str:
    return f"({expr}){guard}" if guard else expr


def _series(selector: VectorSelector, suffix: str, *more: Matcher) -> str:
    kept = [each for each in selector.matchers if each.name != METRIC_NAME]
    inner = ",".join(str(each) for each in (*kept, *more))
    return f"{selector.name}{suffix}" + (f"{{{inner}}}" if inner else "")


def _le_pattern(bound: float) -> str:
    """Match a bound as clients write it: 1 and 1.0 are one."""
    text = format_float_go(bound)
    if text.isdigit():
        return f"{text}(\\.0)?"
    return text.replace(".", "\\.")
