"""
The sample floor: how many messages of the market a desk reads, and what the five desks cost.

Messages are read one by one, each by the SDK's feed, and lead to quotes, signals and orders; the
clock of the floor is the benchmark's, so a second of the floor takes what it takes of a core.
"""

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import Outcome, Row, Scale
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.floor.cast import CASTS
from tapewatch.floor.desk import Desk
from tapewatch.floor.floor import Floor
from tapewatch.floor.size import Size
from tapewatch.sdk.region.file import SHARED_MEMORY

QUESTION = "How many messages a second does the floor sustain on one core, and what does it cost?"

NOON_S = 1_767_614_400.0
STEP_S = 0.25
WANTED_PER_SECOND = 50_000.0
CORE_SHARE_MAX = 0.5
MEGABYTES_MAX = 300.0


def run(scale: Scale) -> Outcome:
    """Play a loaded desk, then the five desks as they are by default."""
    full = scale is Scale.FULL
    seconds = 20.0 if full else 0.5
    small = loaded(Size(12, 3, WANTED_PER_SECOND), seconds)
    large = loaded(Size(60, 12, WANTED_PER_SECOND), seconds)
    share, megabytes = default_floor(60.0 if full else 0.5)
    # Whatever else the process has loaded counts too, so the bound is only held alone.
    bound = MEGABYTES_MAX if full else None
    return Outcome(
        [
            Row("36 feeds", small, "messages/s", must=WANTED_PER_SECOND, larger_is_better=True),
            Row("720 feeds", large, "messages/s", must=WANTED_PER_SECOND, larger_is_better=True),
            Row("five desks", share * 100, "% of a core", must=CORE_SHARE_MAX * 100),
            Row("five desks", megabytes, "MB", must=bound),
        ]
    )


def loaded(size: Size, seconds: float) -> float:
    """How many messages a desk of this size reads in a second of processor time."""
    desk = Desk(load_catalog(find_pack("hft")), size, 1, NOON_S, None)
    desk.step(NOON_S, STEP_S)
    count, begun = 0, time.process_time()
    for step in range(1, round(seconds / STEP_S) + 1):
        desk.step(NOON_S + step * STEP_S, STEP_S)
        count += sum(desk.market.messages.values())
    took = time.process_time() - begun
    desk.close()
    return count / took


def default_floor(seconds: float) -> tuple[float, float]:
    """What part of a core the five desks take, and how much memory the process has."""
    base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with TemporaryDirectory(prefix="tapewatch-bench-floor-", dir=base) as folder:
        floor = Floor.of(tuple(CASTS), seed=1, now_s=NOON_S, folder=Path(folder))
        begun = time.process_time()
        for step in range(1, round(seconds / STEP_S) + 1):
            floor.step(NOON_S + step * STEP_S, STEP_S)
        took = time.process_time() - begun
        floor.close()
    return took / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
