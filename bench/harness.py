"""
The frame of a benchmark: rows, repeats, peers, the verdict and the file it leaves behind.

A benchmark module has ``QUESTION`` and ``run(scale) -> Outcome``. ``scale`` is TINY in the tests
and FULL in ``make bench``; the answers are checked in both. Timings are taken side by side in one
run: ours and the peer's repeats alternate, and the median is what counts.
"""

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "out"


class Scale(Enum):
    """How large a run is."""

    TINY = "tiny"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours, the peer's where there is one, and what it must reach."""

    name: str
    value: float
    unit: str
    peer: float | None = None
    must: float | None = None
    larger_is_better: bool = False
    spread: tuple[float, float] | None = None
    compared: bool = True
    """Whether the row counts in the ratio beside the peer."""
    others: Mapping[str, float] = field(default_factory=dict)
    """The figures of further peers, by name."""

    @property
    def reached(self) -> bool | None:
        """Whether the figure is as good as it must be; None where nothing is asked."""
        if self.must is None:
            return None
        return self.value >= self.must if self.larger_is_better else self.value <= self.must

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if not self.peer or not self.value:
            return None
        return self.value / self.peer if self.larger_is_better else self.peer / self.value

    def as_dict(self) -> dict[str, Any]:
        """Write the row as the result file has it."""
        told = {"name": self.name, "value": self.value, "unit": self.unit, "peer": self.peer}
        told |= {"must": self.must, "reached": self.reached}
        told |= {"others": dict(self.others)} if self.others else {}
        told |= {"larger_is_better": True} if self.larger_is_better else {}
        return told | ({"spread": list(self.spread)} if self.spread else {})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one benchmark found."""

    rows: Sequence[Row]
    notes: Sequence[str] = field(default=())
    peer: str = ""

    @property
    def ratio(self) -> float:
        """How many times better than the peer in the geometric mean, else the share reached."""
        ratios = [row.ratio for row in self.rows if row.compared and row.ratio is not None]
        if ratios:
            return math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
        asked = [row.reached for row in self.rows if row.reached is not None]
        return sum(asked) / len(asked) if asked else 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds of several repeats."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest repeat."""
        return min(self.seconds), max(self.seconds)


def time_each(*works: Callable[[], object], repeats: int, warm_ups: int = 1) -> tuple[Timing, ...]:
    """Time pieces of work in turn, A B A B …, so that a drifting machine hits them alike."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(warm_ups + repeats):
        for slot, work in zip(taken, works, strict=True):
            began = time.perf_counter()
            work()
            if turn >= warm_ups:
                slot.append(time.perf_counter() - began)
    return tuple(Timing(slot) for slot in taken)


def time_calls(work: Callable[[int], object], *, calls: int, repeats: int) -> Timing:
    """Time ``work(calls)``, a loop of that many operations, and give the seconds of one."""
    (timing,) = time_each(lambda: work(calls), repeats=repeats)
    return Timing([seconds / calls for seconds in timing.seconds])


def installed(program: str) -> str | None:
    """Find a peer on this machine."""
    return shutil.which(program)


def version_of(program: str, flag: str = "--version") -> str:
    """Ask a peer for its version, in one line."""
    told = subprocess.run([program, flag], capture_output=True, text=True, check=False)
    return (told.stdout or told.stderr).partition("\n")[0].strip()


def machine() -> dict[str, Any]:
    """Describe where the figures were measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def write_result(name: str, question: str, outcome: Outcome) -> Path:
    """Leave the outcome in ``bench/out/NAME.json``."""
    OUT.mkdir(exist_ok=True)
    told = {
        "name": name,
        "question": question,
        "ratio": round(outcome.ratio, 3),
        "rows": [row.as_dict() for row in outcome.rows],
        "peer": outcome.peer,
        "notes": list(outcome.notes),
        "machine": machine(),
    }
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return path


def describe(name: str, question: str, outcome: Outcome) -> Iterator[str]:
    """Write the outcome for a person, the verdict last."""
    yield f"{name}: {question}"
    width = max((len(row.name) for row in outcome.rows), default=0)
    for row in outcome.rows:
        yield "  " + _line(row, width, outcome.peer)
    for note in outcome.notes:
        yield f"  note: {note}"
    yield f"  verdict: {verdict(outcome)}"


def verdict(outcome: Outcome) -> str:
    """Put the outcome into one line."""
    asked = [row.reached for row in outcome.rows if row.reached is not None]
    compared = any(row.ratio is not None and row.compared for row in outcome.rows)
    beside = f"{outcome.ratio:.2f} times as good as {outcome.peer or 'the peer'} in the mean"
    share = f"{sum(asked)} of {len(asked)} figures reach what they must" if asked else ""
    return ", ".join(each for each in (beside if compared else "", share) if each) or "measured"


def _line(row: Row, width: int, peer: str) -> str:
    text = f"{row.name:<{width}}  {row.value:>12.4g} {row.unit}"
    if row.spread:
        text += f"  [{row.spread[0]:.4g} to {row.spread[1]:.4g}]"
    if row.peer is not None:
        text += f"  {peer or 'peer'} {row.peer:.4g}"
        text += f"  ({row.ratio:.2f}x)" if row.ratio else ""
    for name, value in row.others.items():
        text += f"  {name} {value:.4g}"
    if row.must is not None:
        text += f"  must {row.must:.4g}: {'reached' if row.reached else 'NOT REACHED'}"
    return text
