"""
The whole drill: what is played, on as many cores as there are, then what is held on the real clock.

Each pack is played in a process of its own. What is measured on the machine's clock comes after,
when nothing else of ours keeps the machine busy.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.drill import live
from tapewatch.drill.errors import DrillError
from tapewatch.drill.outcome import Run
from tapewatch.drill.plan import STANDING, Case, PackPlan
from tapewatch.drill.rehearsal import stage, used
from tapewatch.drill.site import site
from tapewatch.model.clock import Clock

HEAVY_CASES: Final = 26
"""A pack with more faults than this is played in two parts, so that no core waits for it alone."""

Tell = Callable[[str], None]
Planned = Sequence[tuple[PackPlan, tuple[Case, ...]]]


def conduct(
    planned: Planned,
    *,
    seed: int,
    clock: Clock,
    tell: Tell,
    played: bool = True,
    real: bool = True,
    quiet: bool = True,
) -> Run:
    """Hold a drill; ``tell`` hears in words how far it is."""
    began = time.perf_counter()
    moment = datetime.fromtimestamp(clock.now_ns() // 1_000_000_000, UTC)
    packs = tuple(plan.name for plan, _ in planned)
    run = Run(moment.strftime("%Y-%m-%d %H:%M:%S UTC"), seed, packs)
    if played:
        _play_all(run, planned, seed, tell, quiet=quiet)
    cases = [each for plan, own in planned for each in live.cases_of(plan, own, clock.now_ns())]
    if real and cases:
        tell(f"{len(cases)} faults on the machine's clock")
        try:
            run.join(asyncio.run(_hold({plan.name: plan for plan, _ in planned}, cases)))
        except DrillError as fault:
            # What was played stands, and says for itself that the rest is missing.
            run.hindered.append(str(fault))
    run.wall_s = time.perf_counter() - began
    return run


def quiet_hours(packs: Sequence[str], *, seed: int, clock: Clock, tell: Tell) -> Run:
    """Play an hour in which nothing goes wrong."""
    planned = [(PackPlan(load_catalog(find_pack(name))), ()) for name in packs]
    return conduct(planned, seed=seed, clock=clock, tell=tell, real=False)


def play(pack: str, faults: tuple[str, ...], seed: int, *, quiet: bool) -> Run:
    """Play faults of one pack in this process."""
    plan = PackPlan(load_catalog(find_pack(pack)))
    return asyncio.run(_play(plan, plan.cases(faults) if faults else (), seed, quiet=quiet))


async def _play(plan: PackPlan, cases: Sequence[Case], seed: int, *, quiet: bool) -> Run:
    run = Run("", seed, (plan.name,))
    before_s, _ = used()
    async with stage(plan, seed) as rehearsal:
        await rehearsal.warm_up(cases)
        if quiet:
            run.quiet.append(await rehearsal.quiet())
        run.join(await rehearsal.run(cases))
    after_s, run.memory_bytes = used()
    run.cpu_s = after_s - before_s
    return run


def _play_all(run: Run, planned: Planned, seed: int, tell: Tell, *, quiet: bool) -> None:
    jobs = [job for plan, cases in planned for job in _jobs(plan, cases, quiet=quiet)]
    jobs.sort(key=lambda job: len(job[1]), reverse=True)
    workers = min(len(jobs), os.cpu_count() or 1)
    if workers <= 1:
        for pack, faults, is_quiet in jobs:
            run.join(play(pack, faults, seed, quiet=is_quiet))
        return
    # A fresh process for each: nothing of this one's threads and sockets is in it.
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        waiting = {
            pool.submit(play, pack, faults, seed, quiet=is_quiet): (pack, faults)
            for pack, faults, is_quiet in jobs
        }
        for done in as_completed(waiting):
            pack, faults = waiting[done]
            run.join(done.result())
            tell(f"{pack}: {len(faults)} faults played" if faults else f"{pack}: a quiet hour")


def _jobs(
    plan: PackPlan, cases: Sequence[Case], *, quiet: bool
) -> list[tuple[str, tuple[str, ...], bool]]:
    if not cases:
        return [(plan.name, (), quiet)]
    standing = tuple(case.fault for case in cases if case.fault in STANDING)
    waves = plan.waves([case for case in cases if case.fault not in STANDING])
    names = tuple(case.fault for wave in waves for case in wave)
    parts = [names]
    if len(names) > HEAVY_CASES:
        parts = [names[: len(waves[0])], names[len(waves[0]) :]]
    # What stands from the beginning would stand in the past of the others too.
    parts = [part for part in (*parts, standing) if part]
    return [(plan.name, part, quiet and part is parts[0]) for part in parts]


async def _hold(plans: dict[str, PackPlan], cases: Sequence[Case]) -> Run:
    folder = Path(tempfile.mkdtemp(prefix="tapewatch-drill-"))
    try:
        async with site(tuple(plans), folder) as there:
            return await live.drill(there, plans, cases)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
