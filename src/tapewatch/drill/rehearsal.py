"""
Drills in a world of their own clock: every fault of a pack, its alerts, their messages, their end.

A wave of faults begins; each ends as soon as all its alerts have fired, or when they have had their
time; the wave is over when what it set off is over. Time goes in small steps where it matters when
something is seen, and in larger ones while a rule's ``for`` or window passes.
"""

import resource
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from tapewatch.drill.outcome import AlertOutcome, FaultOutcome, QuietOutcome, Run
from tapewatch.drill.plan import STANDING, Case, PackPlan
from tapewatch.drill.world import World
from tapewatch.inbox.inbox import Inbox
from tapewatch.inbox.letter import Message
from tapewatch.model.clock import ManualClock
from tapewatch.sdk.region.file import SHARED_MEMORY

BEGIN_S: Final = 1_763_566_200
"""A Wednesday in November at 15:30 UTC, when London, New York and the currencies trade."""

WARM_MAX_S: Final = 2_700.0
WARM_STEP_S: Final = 30.0
WARM_MIN_S: Final = 600.0
STEPS_S: Final = ((10.0, 1.0), (60.0, 5.0), (600.0, 15.0), (float("inf"), 30.0))
"""Until so long after a change, steps are so long, or as long as the pack's scrapes are apart."""

QUIET_STEP_S: Final = 15.0
LASTS_S: Final = 1e6
HOUR_S: Final = 3_600.0


@dataclass(slots=True)
class _Seen:
    """What was seen of one alert in a wave."""

    observable_s: float
    fired_s: float
    over_s: float | None = None


@dataclass(slots=True)
class _Wave:
    """Faults that go beside each other, and what they have set off."""

    cases: Sequence[Case]
    began_s: float
    before: frozenset[str]
    revision: int
    ended_s: dict[str, float] = field(default_factory=dict)
    seen: dict[str, _Seen] = field(default_factory=dict)

    def note(self, firing: dict[str, float], now_s: float) -> None:
        """Take in what fires now."""
        for name, since_s in firing.items():
            if name not in self.before:
                self.seen.setdefault(name, _Seen(since_s, now_s)).over_s = None
        for name, seen in self.seen.items():
            if name not in firing and seen.over_s is None:
                seen.over_s = now_s


class Rehearsal:
    """Drills one pack."""

    def __init__(self, plan: PackPlan, world: World, inbox: Inbox) -> None:
        self._plan = plan
        self._world = world
        self._inbox = inbox
        self._native_s = plan.catalog.platform.scrape_every / 1000

    async def warm_up(self, cases: Sequence[Case]) -> None:
        """Give rules the past that they look at; faults that have to stand in it begin with it."""
        for case in cases:
            if case.fault in STANDING:
                now_s = self._world.now_s
                self._world.floor.mischief.begin(case.fault, now_s=now_s, lasts_s=LASTS_S)
        windows = [self._plan.window_s(alert) for case in cases for alert in case.alerts]
        left = min(max([*windows, WARM_MIN_S]) + 60, WARM_MAX_S)
        while left > 0:
            await self._world.step(WARM_STEP_S)
            left -= WARM_STEP_S

    async def run(self, cases: Sequence[Case]) -> Run:
        """Drill some faults, wave by wave."""
        run = Run("", 0, (self._plan.name,))
        for wave in self._plan.waves(cases):
            run.join(await self._play(wave))
        return run

    async def quiet(self, seconds: float = HOUR_S) -> QuietOutcome:
        """Let time pass in which nothing goes wrong."""
        before = frozenset(self._world.firing())
        fired: dict[str, None] = {}
        passed = 0.0
        while passed < seconds:
            step = max(QUIET_STEP_S, self._native_s)
            await self._world.step(step)
            passed += step
            fired |= dict.fromkeys(set(self._world.firing()) - before)
        pages = tuple(name for name in fired if self._plan.is_page(name))
        others = tuple(name for name in fired if name not in pages)
        return QuietOutcome(self._plan.name, passed, pages, others)

    async def _play(self, cases: Sequence[Case]) -> Run:
        world = self._world
        before = frozenset(world.firing())
        wave = _Wave(cases, world.now_s, before, self._inbox.box.revision)
        for case in cases:
            world.floor.mischief.begin(case.fault, now_s=world.now_s, lasts_s=LASTS_S)
        await self._until_seen(wave)
        await self._until_over(wave)
        return self._told(wave)

    async def _until_seen(self, wave: _Wave) -> None:
        patience_s = {
            case.fault: max(self._plan.patience_s(alert) for alert in case.alerts)
            for case in wave.cases
        }
        while len(wave.ended_s) < len(wave.cases):
            await self._step(wave, wave.began_s)
            passed_s = self._world.now_s - wave.began_s
            for case in wave.cases:
                done = all(alert in wave.seen for alert in case.alerts)
                if case.fault not in wave.ended_s and (done or passed_s > patience_s[case.fault]):
                    self._world.floor.mischief.end(case.fault)
                    wave.ended_s[case.fault] = self._world.now_s

    async def _until_over(self, wave: _Wave) -> None:
        ended_s = max(wave.ended_s.values())
        rest_s = max(self._plan.rest_s(alert) for case in wave.cases for alert in case.alerts)
        while self._world.now_s - ended_s < rest_s:
            await self._step(wave, ended_s)
            if all(seen.over_s is not None for seen in wave.seen.values()):
                break
        # What ended is told, and nothing of this wave comes into the next one.
        await self._step(wave, ended_s)

    async def _step(self, wave: _Wave, changed_s: float) -> None:
        passed_s = self._world.now_s - changed_s
        step = next(step for until, step in STEPS_S if passed_s < until)
        await self._world.step(max(step, self._native_s))
        wave.note(dict(self._world.firing()), self._world.now_s)

    # --- Telling ---------------------------------------------------------------------------------

    def _told(self, wave: _Wave) -> Run:
        messages = self._inbox.box.since(wave.revision)
        run = Run("", 0, (self._plan.name,))
        for case in wave.cases:
            run.alerts += [self._alert(wave, case, alert, messages) for alert in case.alerts]
        for case, names in zip(wave.cases, self._others(wave), strict=True):
            allowed = self._plan.allowed(case)
            told = {*case.alerts, *names}
            run.faults.append(
                FaultOutcome(
                    self._plan.name,
                    case.fault,
                    "played",
                    wave.ended_s[case.fault] - wave.began_s,
                    along=tuple(sorted(names & allowed)),
                    noise=tuple(sorted(names - allowed)),
                    messages=sum(bool(told & set(each.letter.alerts)) for each in messages),
                    cost=self._world.floor.costs(case.fault)[self._plan.name],
                )
            )
        return run

    def _others(self, wave: _Wave) -> list[set[str]]:
        """Say of what else fired which fault it follows from; what is nobody's is the first's."""
        found: list[set[str]] = [set() for _ in wave.cases]
        expected = {alert for case in wave.cases for alert in case.alerts}
        for name in set(wave.seen) - expected:
            allowing = [at for at, c in enumerate(wave.cases) if name in self._plan.allowed(c)]
            touching = [at for at, c in enumerate(wave.cases) if self._plan.reads(name) & c.touches]
            found[(allowing or touching or [0])[0]].add(name)
        return found

    def _alert(
        self, wave: _Wave, case: Case, alert: str, messages: Sequence[Message]
    ) -> AlertOutcome:
        plan, declared = self._plan, self._plan.catalog.alerts[alert]
        own = [each for each in messages if alert in each.letter.alerts]
        outcome = AlertOutcome(
            plan.name,
            alert,
            case.fault,
            "played",
            declared.severity,
            page=plan.is_page(alert),
            hold_s=plan.hold_s(alert),
            impact=plan.catalog.say(declared.impact).strip(),
            channels=tuple(sorted({each.receiver for each in own})),
            faults=tuple(sorted({fault for each in own for fault in each.faults})),
        )
        seen = wave.seen.get(alert)
        if seen is None:
            return outcome
        may_be_held = plan.is_held_back(alert)
        return _with_times(outcome, wave, seen, own, wave.ended_s[case.fault], may_be_held)


def _with_times(
    outcome: AlertOutcome,
    wave: _Wave,
    seen: _Seen,
    own: Sequence[Message],
    ended_s: float,
    may_be_held: bool,
) -> AlertOutcome:
    first_s = min((each.at_ns / 1e9 for each in own), default=None)
    over_s = None if seen.over_s is None else max(seen.over_s - ended_s, 0.0)
    return replace(
        outcome,
        fired=True,
        observable_s=max(seen.observable_s - wave.began_s, 0.0),
        detect_s=max(seen.fired_s - seen.observable_s - outcome.hold_s, 0.0),
        channel_s=None if first_s is None else first_s - seen.observable_s,
        held_back=may_be_held and not own,
        resolved_s=over_s,
        over_told=any(each.letter.state == "resolved" for each in own),
    )


@asynccontextmanager
async def stage(plan: PackPlan, seed: int) -> AsyncIterator[Rehearsal]:
    """Set up a world with an inbox for one pack."""
    random = Random(f"{seed} {plan.name}")  # noqa: S311  # repeatable, and no secret
    clock = ManualClock(BEGIN_S * 1_000_000_000)
    inbox = Inbox(clock)
    inbox.bind(0)
    await inbox.start()
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-drill-", dir=base))
    try:
        world = World(
            plan.catalog,
            seed=random.randrange(1 << 30),
            folder=folder,
            inbox=inbox.url,
            clock=clock,
        )
        yield Rehearsal(plan, world, inbox)
        world.close()
    finally:
        await inbox.stop()
        shutil.rmtree(folder, ignore_errors=True)


def used() -> tuple[float, int]:
    """Tell the seconds of processor and the most memory that this process has taken."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
