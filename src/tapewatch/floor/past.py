"""
A past for the floor: weeks of the series that its desks tell, as if it had run all the time.

Nobody plays a month. Each desk is played for a while, quiet and under each of a few faults, and
read as a server reads it, which gives every series with its pace and its level in either case. From
these the past is drawn: counters grow with the hours and the bursts of the market, levels wander,
and incidents, silences and restarts come by the seed.
"""

import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapewatch.agent.exposition import families
from tapewatch.agent.regions import Regions
from tapewatch.catalog.catalog import Catalog
from tapewatch.catalog.derive.together import marked
from tapewatch.catalog.loading import find_pack, load_catalog
from tapewatch.catalog.service import Service as Declared
from tapewatch.catalog.service import job_of
from tapewatch.floor.cast import CASTS
from tapewatch.floor.causes import SHOWS
from tapewatch.floor.desk import Desk
from tapewatch.floor.face import IDENTITY
from tapewatch.floor.faults import FAULTS
from tapewatch.floor.market import BURST_LASTS_S, season
from tapewatch.floor.mischief import Running
from tapewatch.floor.size import Size
from tapewatch.metrics.storage.backfill import Past
from tapewatch.model.clock import ManualClock
from tapewatch.model.histograms import Histogram
from tapewatch.model.labels import METRIC_NAME, Labels
from tapewatch.model.samples import MetricType
from tapewatch.sdk.region.file import SHARED_MEMORY
from tapewatch.wire.exposition.form import FormKind

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOON_S: Final = 1_767_614_400.0
WARM_S: Final = 5.0
PLAYED_S: Final = 20.0
STEP_S: Final = 0.5
EVERY_S: Final = 120
INCIDENT_EVERY_S: Final = 30 * 3600.0
RESTARTS: Final = 3
INCIDENTS: Final = (
    *("slow_venue", "venue_disconnect", "sequence_gap", "order_rejections", "slippage"),
    *("slow_model", "http_errors", "queue_backlog", "database_loss", "cpu_burn"),
)
"""The faults that have happened; others would have been told of in the news."""

SILENCE: Final = "service_death"


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted from one time to another."""

    fault: str
    begin_s: float
    end_s: float

    def of(self, times_s: Floats) -> Flags:
        """Which of some times lie in it."""
        return (times_s >= self.begin_s) & (times_s < self.end_s)


class Pace(NamedTuple):
    """What a series does: where it stands, how far it wanders, and how fast it grows."""

    level: float
    wander: float
    rate: float
    buckets: Mapping[int, float]
    negative: Mapping[int, float]
    zero: float
    seen: float


@dataclass(frozen=True, slots=True)
class Told:
    """One series of a desk, with its pace under each condition; nothing is a quiet day."""

    labels: Labels
    kind: MetricType
    is_time: bool
    first: bool
    """Whether it is of the desk's first service, the one that dies now and then."""

    paces: dict[str, Pace] = field(default_factory=dict)


def events(rng: random.Random, begin_s: float, end_s: float) -> list[Span]:
    """Draw what went wrong in this time, one thing after the other."""
    found: list[Span] = []
    now_s = begin_s
    while True:
        now_s += rng.expovariate(1 / INCIDENT_EVERY_S)
        lasts_s = rng.uniform(5, 40) * 60
        if now_s + lasts_s >= end_s:
            return found
        fault = SILENCE if rng.random() < 0.15 else rng.choice(INCIDENTS)
        found.append(Span(fault, now_s, now_s + lasts_s))
        now_s += lasts_s


class Play:
    """A desk that is played to be measured."""

    def __init__(self, catalog: Catalog, seed: int, size: Size) -> None:
        self.catalog = catalog
        base = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="tapewatch-floor-past-", dir=base))
        self.native = any(metric.buckets.native for metric in self.catalog.metrics.values())
        self.desk = Desk(self.catalog, size, seed, NOON_S, self._folder)
        self._now_s = NOON_S
        self._series: dict[Labels, Told] = {}

    def measure(self) -> list[Told]:
        """Play a quiet time, and each fault that concerns the desk; the series with their paces."""
        self._play(WARM_S, "")
        for fault in ("", *(each for each in INCIDENTS if self._concerns(each))):
            self._measure(fault)
        return list(self._series.values())

    def close(self) -> None:
        """End, and leave nothing."""
        self.desk.close()
        shutil.rmtree(self._folder)

    def _concerns(self, name: str) -> bool:
        fault = FAULTS[name]
        shown = {metric for cause in fault.causes for metric in SHOWS[cause]}
        changed = {change.metric for change in fault.changes}
        return bool((shown | changed) & set(self.catalog.metrics))

    def _play(self, seconds: float, fault: str) -> float:
        running = [Running(fault, self._now_s, self._now_s + 1e9)] if fault else []
        activity, steps = 0.0, round(seconds / STEP_S)
        for _ in range(steps):
            self._now_s += STEP_S
            self.desk.step(self._now_s, STEP_S, running)
            activity += self.desk.market.activity
        return activity / steps

    def _measure(self, fault: str) -> None:
        before = dict(self._read())
        effective_s = self._play(PLAYED_S, fault) * PLAYED_S
        for told, value in self._read():
            was = before.get(told, 0.0 if isinstance(value, float) else Histogram())
            known = self._series.setdefault(told.labels, told.series())
            known.paces[fault] = self._pace(value, was, effective_s, is_time=known.is_time)

    def _pace(
        self, value: float | Histogram, was: float | Histogram, effective_s: float, *, is_time: bool
    ) -> Pace:
        if isinstance(value, Histogram):
            assert isinstance(was, Histogram)
            count = (value.count - was.count) / effective_s
            grown = (value.sum - was.sum) / effective_s
            return Pace(
                0.0,
                0.0,
                grown,
                _grown(value.positive, was.positive, effective_s),
                _grown(value.negative, was.negative, effective_s),
                (value.zero_count - was.zero_count) / effective_s,
                count,
            )
        assert isinstance(was, float)
        level = value - self._now_s if is_time else value
        wander = 0.0 if is_time else abs(value - was)
        return Pace(level, wander, (value - was) / effective_s, {}, {}, 0.0, 0.0)

    def _read(self) -> Iterator[tuple["Read", float | Histogram]]:
        clock = ManualClock(round(self._now_s * 1e9))
        for service in self.desk.services:
            declared = self.catalog.services.get(service.name)
            assert service.folder is not None
            regions = Regions(partial(_only, service.folder), clock)
            try:
                regions.look()
                taken = [(each.process, each.reading) for each in regions.read([]) if each.reading]
                form = FormKind.PROTOBUF if self.native else FormKind.TEXT
                for family in families(taken, form)[0]:
                    metric = self.catalog.metrics.get(family.name)
                    own = metric.labels.own if metric else {}
                    for sample in family.samples:
                        native = isinstance(sample.value, Histogram)
                        if family.type is MetricType.HISTOGRAM and self.native and not native:
                            continue
                        labels = _labels(service.name, declared, self.catalog, sample.labels, own)
                        first = service is self.desk.services[0]
                        yield Read(labels, family.type, first), sample.value
            finally:
                regions.close()


def _only(folder: Path) -> tuple[Path, ...]:
    return (folder,)


class Read(NamedTuple):
    """A series as it was read."""

    labels: Labels
    kind: MetricType
    first: bool

    def series(self) -> Told:
        """Begin to tell of it."""
        name = self.labels.get(METRIC_NAME) or ""
        is_time = name.endswith("_timestamp_seconds") or name == "process_start_time_seconds"
        return Told(self.labels, self.kind, is_time, self.first)


def _grown(now: Mapping[int, float], was: Mapping[int, float], over_s: float) -> dict[int, float]:
    return {
        index: (count - was.get(index, 0)) / over_s
        for index, count in now.items()
        if count > was.get(index, 0)
    }


def _labels(
    name: str,
    declared: Declared | None,
    catalog: Catalog,
    labels: Labels,
    own: Mapping[str, object],
) -> Labels:
    """Give a series the labels that it has when a server scrapes it, or reads its region."""
    if declared is None:
        place = {"service": name.replace("_", "-"), "instance": f"floor-{catalog.platform.name}"}
        return Labels.of({**dict(labels), **place})
    port = declared.ports.get("metrics", 0)
    target = {
        "service": name,
        **catalog.platform.target_labels,
        **declared.labels,
        "job": job_of(name, declared),
        "instance": f"{declared.host}:{port}",
    }
    kept = {key: value for key, value in labels if key not in IDENTITY or key in own}
    return Labels.of({**target, **kept})


@dataclass(slots=True)
class Days:
    """The times of a past, how busy each was, and what went wrong."""

    times_s: Floats
    activity: Floats
    spans: Sequence[Span]
    restarts: Sequence[int]
    rng: np.random.Generator

    @classmethod
    def of(cls, *, end_s: float, days: float, every_s: float, seed: int) -> "Days":
        """Draw the days before a time."""
        count = int(days * 86_400 / every_s)
        times_s = end_s - every_s * np.arange(count, 0, -1, dtype=np.float64)
        rng = np.random.default_rng(seed)
        kept = np.exp(-every_s / (BURST_LASTS_S * 30))
        bursts = np.exp(_wandering(rng, count, kept) * 0.25)
        hours = np.array([season(each) for each in range(0, 86_400, 300)])
        busy = hours[(times_s % 86_400 // 300).astype(np.int64)] * bursts
        spans = events(random.Random(f"{seed} past"), float(times_s[0]), end_s)  # noqa: S311 # A game.
        restarts = sorted(rng.integers(1, count, RESTARTS).tolist()) if count > 1 else []
        return cls(times_s, busy, spans, restarts, rng)

    @property
    def every_s(self) -> float:
        """The time between two samples."""
        return float(self.times_s[1] - self.times_s[0])

    def past_of(self, told: Told) -> Past | None:
        """Draw the past of one series; None for one that never told anything."""
        quiet = told.paces.get("")
        if quiet is None:
            return None
        present = np.ones(len(self.times_s), dtype=bool)
        for span in self.spans:
            if span.fault == SILENCE and told.first:
                present &= ~span.of(self.times_s)
        times_ms = (self.times_s * 1000).astype(np.int64)[present]
        if quiet.seen:
            return None
        if told.kind in (MetricType.COUNTER, MetricType.HISTOGRAM):
            return Past(told.labels, times_ms, self._counted(self._rates(told, quiet))[present])
        return Past(told.labels, times_ms, self._levels(told, quiet)[present])

    def histograms_of(self, told: Told, last: int) -> Past | None:
        """Draw the last so many native histograms of one series."""
        quiet = told.paces.get("")
        if quiet is None or not quiet.seen:
            return None
        whole = self._counted(np.full(len(self.times_s), quiet.seen))[-last:]
        mean = quiet.rate / quiet.seen
        scales = whole / quiet.seen
        made = np.array([_histogram(quiet, scale, mean) for scale in scales.tolist()], dtype=object)
        times_ms = (self.times_s[-last:] * 1000).astype(np.int64)
        return Past(told.labels, times_ms, np.zeros(len(made)), made)

    def _rates(self, told: Told, quiet: Pace) -> Floats:
        rates = np.full(len(self.times_s), max(quiet.rate, 0.0))
        for span in self.spans:
            pace = told.paces.get(span.fault)
            if pace is not None:
                rates[span.of(self.times_s)] = max(pace.rate, 0.0)
        return rates

    def _counted(self, rates: Floats) -> Floats:
        grown = np.cumsum(rates * self.activity * self.every_s)
        for at in self.restarts:
            # Whoever begins anew counts from zero.
            grown[at:] -= grown[at]
        return grown if rates.max(initial=0) < 1e-3 else np.floor(grown)

    def _levels(self, told: Told, quiet: Pace) -> Floats:
        count = len(self.times_s)
        levels = np.full(count, quiet.level)
        if told.is_time and quiet.level > -86_400:
            levels = self.times_s + quiet.level
        elif told.is_time:
            levels = np.zeros(count)
        elif quiet.wander:
            levels = levels + quiet.wander * _wandering(self.rng, count, 0.98)
            levels = np.maximum(levels, 0.0) if quiet.level >= 0 else levels
        for span in self.spans:
            pace = told.paces.get(span.fault)
            if pace is not None and not told.is_time and pace.level != quiet.level:
                levels[span.of(self.times_s)] = pace.level
        return levels


def _histogram(quiet: Pace, scale: float, mean: float) -> Histogram:
    positive = {at: count for at, rate in quiet.buckets.items() if (count := int(rate * scale))}
    negative = {at: count for at, rate in quiet.negative.items() if (count := int(rate * scale))}
    zero = int(quiet.zero * scale)
    count = zero + sum(positive.values()) + sum(negative.values())
    return Histogram(3, count, count * mean, 1e-9, zero, positive, negative)


def _wandering(rng: np.random.Generator, count: int, kept: float) -> Floats:
    """Draw numbers that forget slowly where they were, with a spread of one."""
    noise = rng.standard_normal(count) * np.sqrt(1 - kept * kept)
    out = np.empty(count)
    now = 0.0
    for at, each in enumerate(noise.tolist()):
        now = now * kept + each
        out[at] = now
    return out


def pasts(days: Days, packs: Sequence[str], *, seed: int, size: Size, last: int) -> Iterator[Past]:
    """Draw the past of every series of some desks, and of whether their services answered."""
    for pack in packs:
        catalog = load_catalog(find_pack(pack))
        play = Play(marked(catalog) if len(packs) > 1 else catalog, seed, size)
        try:
            measured = play.measure()
        finally:
            play.close()
        for told in measured:
            for past in (days.past_of(told), days.histograms_of(told, last)):
                if past is not None:
                    yield past
        yield from _answers(days, play.catalog)


def _answers(days: Days, catalog: Catalog) -> Iterator[Past]:
    """Draw ``up`` of every service that is scraped."""
    times_ms = (days.times_s * 1000).astype(np.int64)
    name = catalog.platform.name
    for at, service in enumerate(CASTS[name].services(Size(), tuple(catalog.services))):
        up = np.ones(len(days.times_s))
        for span in days.spans:
            if span.fault == SILENCE and at == 0:
                up[span.of(days.times_s)] = 0.0
        declared = catalog.services.get(service)
        if declared is not None and declared.ports.get("metrics"):
            labels = Labels.of({METRIC_NAME: "up"})
            yield Past(_labels(service, declared, catalog, labels, {}), times_ms, up)
