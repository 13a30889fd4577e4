"""
Drills on the machine's own clock: how soon a page is seen, and lies in the inbox.

Only alerts that page at once are held here, those without a ``for``; what has to hold for minutes
is played (``rehearsal.py``). When a fault was to be seen in the data is asked of the server
afterwards: the first moment at which the alert's expression holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.rules import alert_labels, compiled
from tapewatch.catalog.derive.together import own_or_nobodys
from tapewatch.catalog.forms import ALWAYS
from tapewatch.drill.outcome import AlertOutcome, FaultOutcome, Run
from tapewatch.drill.plan import Case, PackPlan
from tapewatch.drill.site import Site
from tapewatch.floor.faults import FAULTS
from tapewatch.watch.calendars.calendar import calendar

LASTS_S: Final = 120.0
PATIENCE_S: Final = 60.0
SETTLE_S: Final = 40.0
"""Every service is scraped, and every rule evaluated twice, before the first fault."""

REST_S: Final = 2.0
LOOK_EVERY_S: Final = 0.2
GRID_S: Final = 0.05
POINTS_MAX: Final = 10_000

Key = tuple[str, str]
"""Pack and alert."""


@dataclass(slots=True)
class _Wave:
    """Faults that hold at the same time."""

    faults: tuple[str, ...]
    wanted: dict[Key, str]
    """Which fault must set off which alert."""

    began_s: float = 0.0
    fired_s: dict[Key, float] = field(default_factory=dict)


def cases_of(plan: PackPlan, cases: Sequence[Case], now_ns: int) -> tuple[Case, ...]:
    """Keep the alerts that page at once and whose market is open now."""
    found = []
    for case in cases:
        alerts = tuple(each for each in case.alerts if _is_held_here(plan, each, now_ns))
        if alerts:
            found.append(replace(case, alerts=alerts))
    return tuple(found)


async def drill(site: Site, plans: Mapping[str, PackPlan], cases: Sequence[Case]) -> Run:
    """Let faults loose and see who is told, and how soon."""
    run = Run("", 0, tuple(plans))
    await site.clock.sleep(SETTLE_S)
    before = {key for key, _ in _firing(await site.alerts(), plans)}
    for wave in waves(cases):
        run.join(await _play(site, plans, wave, before))
    return run


def waves(cases: Sequence[Case]) -> list[_Wave]:
    """Put faults together that set off different alerts; a dead service hides its neighbours."""
    found: list[_Wave] = []
    for fault in dict.fromkeys(each.fault for each in cases):
        own = {(each.pack, alert): fault for each in cases if each.fault == fault
               for alert in each.alerts}  # fmt: skip
        alone = bool(FAULTS[fault].service)
        fitting = (w for w in found if not (alone or set(w.wanted) & set(own) or _is_alone(w)))
        wave = next(fitting, None)
        if wave is None:
            found.append(_Wave((fault,), own))
        else:
            wave.faults += (fault,)
            wave.wanted |= own
    return found


def _is_alone(wave: _Wave) -> bool:
    return any(FAULTS[fault].service for fault in wave.faults)


async def _play(site: Site, plans: Mapping[str, PackPlan], wave: _Wave, before: set[Key]) -> Run:
    revision, _ = await site.messages(0)
    wave.began_s = site.clock.now_ns() / 1e9
    for fault in wave.faults:
        await site.begin(fault, LASTS_S)
    left = PATIENCE_S
    while left > 0 and set(wave.wanted) - before - set(wave.fired_s):
        await site.clock.sleep(LOOK_EVERY_S)
        left -= LOOK_EVERY_S
        for key, since_s in _firing(await site.alerts(), plans):
            if key in wave.wanted and key not in before:
                wave.fired_s.setdefault(key, since_s)
    await site.clock.sleep(REST_S)
    costs = {fault: await site.end(fault) for fault in wave.faults}
    lasted_s = site.clock.now_ns() / 1e9 - wave.began_s
    _, messages = await site.messages(revision)
    run = Run("", 0, tuple(plans))
    for key, fault in wave.wanted.items():
        if key not in before:
            run.alerts.append(await _alert(site, plans[key[0]], key, fault, wave, messages))
    before.update(wave.fired_s)
    for fault in wave.faults:
        run.faults.append(FaultOutcome("", fault, "real", lasted_s, cost=costs[fault]))
    return run


async def _alert(
    site: Site,
    plan: PackPlan,
    key: Key,
    fault: str,
    wave: _Wave,
    messages: Sequence[dict[str, Any]],
) -> AlertOutcome:
    pack, name = key
    declared = plan.catalog.alerts[name]
    own = [each for each in messages if name in each["alerts"] and _is_of(each, pack)]
    outcome = AlertOutcome(
        pack,
        name,
        fault,
        "real",
        declared.severity,
        page=plan.is_page(name),
        hold_s=plan.hold_s(name),
        impact=plan.catalog.say(declared.impact).strip(),
        channels=tuple(sorted({each["receiver"] for each in own})),
        faults=tuple(sorted({fault for each in own for fault in each["faults"]})),
        held_back=not own and plan.is_held_back(name),
    )
    fired_s = wave.fired_s.get(key)
    if fired_s is None:
        return outcome
    observable_s = await _observable_s(site, plan.catalog, name, wave.began_s, fired_s)
    first_s = min((each["at"] for each in own), default=None)
    return replace(
        outcome,
        fired=True,
        observable_s=observable_s - wave.began_s,
        detect_s=max(fired_s - observable_s, 0.0),
        channel_s=None if first_s is None else max(first_s - observable_s, 0.0),
    )


async def _observable_s(
    site: Site, catalog: Catalog, name: str, began_s: float, fired_s: float
) -> float:
    """Find when an alert's expression held first, as the data of the server tells now."""
    alert = catalog.alerts[name]
    expr = compiled(catalog, name, alert, alert_labels(catalog, alert))
    # As the server evaluates it beside other packs; on one with this pack alone it means the same.
    expr = own_or_nobodys(expr, catalog.platform.name)
    step_s = max(GRID_S, (fired_s - began_s) / POINTS_MAX)
    times = await site.holds(expr, began_s, fired_s, step_s)
    # Of several stretches, the last one is what the alert tells of.
    first_s = fired_s
    for moment_s in reversed(times):
        if first_s - moment_s > 2 * step_s:
            break
        first_s = moment_s
    return first_s


def _firing(
    alerts: Sequence[dict[str, Any]], plans: Mapping[str, PackPlan]
) -> list[tuple[Key, float]]:
    found = []
    for each in alerts:
        if each["state"] == "firing":
            labels = each["labels"]
            # With one pack alone, alerts need not say whose they are.
            pack = labels.get("platform") or next(iter(plans))
            since_s = datetime.fromisoformat(_micro(each["activeAt"])).timestamp()
            found.append(((pack, labels["alertname"]), since_s))
    return sorted(found, key=lambda each: each[1])


def _micro(moment: str) -> str:
    """Cut a time to what Python reads: microseconds."""
    head, dot, rest = moment.rstrip("Z").partition(".")
    return f"{head}{dot}{rest[:6]}+00:00"


def _is_of(message: Mapping[str, Any], pack: str) -> bool:
    receiver: str = message["receiver"]
    return "/" not in receiver or receiver.startswith(f"{pack}/")


def _is_held_here(plan: PackPlan, alert: str, now_ns: int) -> bool:
    declared = plan.catalog.alerts[alert]
    guard = declared.only_while
    if declared.for_ or not plan.is_page(alert):
        return False
    if guard is None or guard.calendar == ALWAYS:
        return True
    return calendar(guard.calendar).is_open(now_ns) == (guard.state == "open")
